"""Procedures as a file; one without a verified national code is recognised by its name."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select

from tickets.directory.exchange.kind import RowChange, TextRow
from tickets.directory.exchange.long_kind import LongKind
from tickets.directory.exchange.removal import removed
from tickets.directory.procedures import ProcedureFacts, columns_of, correct_procedure, insert_procedures
from tickets.schema import Procedure, Unit
from tickets.schema.directory import PROCEDURE_WORDS
from tickets.sheets.columns import Column, Reads
from tickets.states import Level

# The national code has six digits behind the point; a spreadsheet that took it for a number leaves noughts out.
_CODE = re.compile(r"\d\.\d{1,5}")


def national_code(text: str) -> str:
    return text.ljust(8, "0") if _CODE.fullmatch(text) else text


PROCEDURE_KEY = func.coalesce(Procedure.code, Procedure.name)


class Procedures(LongKind):
    name = "procedures"
    table, indexed_words = Procedure, PROCEDURE_WORDS
    columns = (
        Column("code", longest=40),
        Column("name", needed=True, longest=2000),
        Column("field", needed=True),
        Column("level", Reads.CHOICE, needed=True, words="level"),
        Column("decision_no"),
        Column("boundary_free", Reads.YES_NO),
        Column("department", Reads.UNIT),
        Column("online_level", Reads.CHOICE, words="online_level"),
        Column("for_business", Reads.YES_NO),
    )
    key = ("code", "name")

    def key_of(self, row: TextRow) -> str:
        return row.get("code") or row["name"]

    def name_of(self, row: TextRow) -> str:
        return row["code"] or row["name"]

    def judge(self, row: TextRow) -> None:
        if "code" in row:
            row["code"] = national_code(row["code"])

    def told(self, rows: Sequence[Any]) -> list[TextRow]:
        codes = {unit_id: code for unit_id, code in self.session.execute(select(Unit.id, Unit.code))}
        return [
            {
                "code": row.code or "",
                "name": row.name,
                "field": row.field,
                "level": row.level.value,
                "decision_no": row.decision_no,
                "boundary_free": "true" if row.boundary_free else "false",
                "online_level": row.online_level,
                "for_business": "true" if row.for_business else "false",
                "department": (codes.get(row.department_id) or "") if row.department_id else "",
            }
            for row in rows
        ]

    def at_unit(self, unit_id: int) -> ColumnElement[bool]:
        return Procedure.department_id == unit_id

    def _keys(self) -> list[Any]:
        return [PROCEDURE_KEY]

    def _parts(self, key: str) -> list[Any]:
        return [key.replace("\0", "")]

    def write(self, changes: Sequence[RowChange]) -> None:
        insert_procedures(self.session, [self._facts(one.after) for one in changes if one.before is None])
        ids = {(code or name): row_id for row_id, code, name in self._known()}
        for change in changes:
            row_id = ids[self.key_of(change.before or change.after)]
            change.kept["procedure"] = row_id
            if change.before is not None:
                correct_procedure(self.session, row_id, columns_of(self._facts(change.after)))

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="procedure", row_id=change.kept["procedure"])

    def _known(self) -> Sequence[tuple[int, str | None, str]]:
        rows = self.session.execute(select(Procedure.id, Procedure.code, Procedure.name))
        return [(row_id, code, name) for row_id, code, name in rows]

    def _facts(self, row: TextRow) -> ProcedureFacts:
        return ProcedureFacts(
            code=row["code"] or None,
            name=row["name"],
            field=row["field"],
            level=Level(row["level"]),
            decision_no=row["decision_no"],
            boundary_free=row["boundary_free"] == "true",
            online_level=row["online_level"],
            for_business=row["for_business"] == "true",
            department_id=self.units.id(row["department"]) if row["department"] else None,
        )
