"""Prepared answers as a file: for one body or the whole city, in both languages."""

from collections.abc import Sequence

from sqlalchemy import select

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.removal import removed
from tickets.directory.prepared_answers import correct_prepared, insert_prepared
from tickets.schema import PreparedAnswer, Unit
from tickets.sheets.columns import Column, Reads


class PreparedAnswers(FileKind):
    name = "answers"
    columns = (
        Column("unit", Reads.UNIT),
        Column("title", needed=True, longest=120),
        Column("body", needed=True, longest=4000),
        Column("body_en", longest=4000),
        Column("retired", Reads.YES_NO),
    )
    key = ("unit", "title")
    ends = "retired"

    def name_of(self, row: TextRow) -> str:
        return row["title"]

    def judge(self, row: TextRow) -> None:
        row.setdefault("unit", "")

    def standing(self) -> list[TextRow]:
        rows = self.session.execute(
            select(PreparedAnswer, Unit.code)
            .outerjoin(Unit, Unit.id == PreparedAnswer.unit_id)
            .order_by(Unit.code.nulls_first(), PreparedAnswer.title)
        )
        return [
            {
                "unit": code or "",
                "title": one.title,
                "body": one.body,
                "body_en": one.body_en,
                "retired": "true" if one.retired_at else "false",
            }
            for one, code in rows
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        ids = {
            (unit_id, title): row_id
            for row_id, unit_id, title in self.session.execute(
                select(PreparedAnswer.id, PreparedAnswer.unit_id, PreparedAnswer.title)
            )
        }
        fresh = [change for change in changes if change.before is None]
        written = insert_prepared(self.session, [self._columns(change) for change in fresh])
        for change, answer_id in zip(fresh, written, strict=True):
            change.kept["answer"] = answer_id
        for change in (one for one in changes if one.before is not None):
            columns = self._columns(change)
            correct_prepared(self.session, ids[self._unit_id(change.after), change.after["title"]], columns)

    def _unit_id(self, row: TextRow) -> int | None:
        return self.units.id(row["unit"]) if row["unit"] else None

    def _columns(self, change: RowChange) -> dict[str, object]:
        row = change.after
        return {
            "unit_id": self._unit_id(row),
            "title": row["title"],
            "body": row["body"],
            "body_en": row["body_en"],
            "retired_at": self.now if row["retired"] == "true" else None,
        }

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="prepared_answer", row_id=change.kept["answer"])
