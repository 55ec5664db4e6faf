"""Fields and areas of the city's leadership as a file, each with its decision and its days."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from tickets.directory.exchange.kind import ChangeState, FileKind, RowChange, TextRow
from tickets.directory.responsibilities import (
    ResponsibilityFacts,
    decide,
    end_responsibility,
    fields_of_matters,
    move_end,
    responsibilities,
)
from tickets.errors import InvalidInput, NotFound
from tickets.file_errors import RowError, wrong_row
from tickets.schema import Responsibility, Unit
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

_COLUMNS = {"decision": "decision_no", "from": "from", "person": "person"}


class Responsibilities(FileKind):
    name = "responsibilities"
    columns = (
        Column("person", Reads.PERSON, needed=True, longest=254),
        Column("field", Reads.CHOICE, words="field"),
        Column("area", Reads.UNIT),
        Column("decision_no", needed=True, longest=80),
        Column("from", Reads.DAY, needed=True),
        Column("to", Reads.DAY),
    )
    key = ("person", "field", "area")
    ends = "to"
    _fields: frozenset[str] | None = None

    def name_of(self, row: TextRow) -> str:
        return f"{row['field'] or row['area']} {self.people.person(row['person']).name}"

    def judge(self, row: TextRow) -> None:
        if bool(row.get("field")) == bool(row.get("area")):
            raise BadValue("field_or_area", column="field")
        if self._fields is None:
            self._fields = frozenset(fields_of_matters(self.session))
        if row.get("field") and row["field"] not in self._fields:
            raise BadValue("no_such_code", row["field"], column="field")
        if row.get("to") and row["to"] < row["from"]:
            raise BadValue("ends_before_it_begins", row["to"], column="to")

    def standing(self) -> list[TextRow]:
        codes = {unit_id: code or "" for unit_id, code in self.session.execute(select(Unit.id, Unit.code))}
        areas = {
            row_id: unit for row_id, unit in self.session.execute(select(Responsibility.id, Responsibility.unit_id))
        }
        return [
            {
                "person": self.people.by_id[one.staff_id].address,
                "field": one.field,
                "area": codes.get(areas[one.id] or 0, ""),
                "decision_no": one.decision_no,
                "from": one.valid_from.isoformat(),
                "to": (one.valid_to - timedelta(days=1)).isoformat() if one.valid_to else "",
                "row": str(one.id),
            }
            for one in responsibilities(self.session)
            if not one.is_over(self.today) and not one.was_taken_back
        ]

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        """By writing it and taking it back: what a decision may be is told in one place."""
        attempt = self.session.begin_nested()
        errors = []
        for change in changes:
            if change.state is ChangeState.UNCHANGED:
                continue
            try:
                self._write(change)
            except InvalidInput as wrong:
                column = _COLUMNS.get(wrong.field, "field")
                errors.append(wrong_row(change.number, wrong.code, change.after.get(column, ""), column=column))
        attempt.rollback()
        return errors

    def write(self, changes: Sequence[RowChange]) -> None:
        for change in changes:
            self._write(change)

    def take_back(self, change: RowChange) -> None:
        try:
            end_responsibility(self.session, change.kept["row"], actor=self.actor, today=self.today, now=self.now)
        except NotFound:
            return

    def _write(self, change: RowChange) -> None:
        row = change.after
        ends = date.fromisoformat(row["to"]) + timedelta(days=1) if row["to"] else None
        if change.before is not None:
            if any(change.before[column] != row[column] for column in ("from", "decision_no")):
                raise InvalidInput("from", "decided_already")
            move_end(self.session, int(change.before["row"]), ends, actor=self.actor, today=self.today, now=self.now)
            return
        facts = ResponsibilityFacts(
            self.people.person(row["person"]).id,
            row["decision_no"],
            date.fromisoformat(row["from"]),
            field=row["field"] or None,
            unit_id=self.units.id(row["area"]) if row["area"] else None,
            valid_to=ends,
        )
        change.kept["row"] = decide(self.session, facts, actor=self.actor, today=self.today, now=self.now)
