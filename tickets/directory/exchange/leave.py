"""Leave as a file: who is away on which days, and who stands in."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from tickets.city import wall_clock, zone
from tickets.directory.absences import WantedLeave, end_leave, move_leave_end, take_leave
from tickets.directory.exchange.kind import ChangeState, FileKind, RowChange, TextRow
from tickets.directory.exchange.people_standing import last_day
from tickets.errors import InvalidInput, NotFound
from tickets.file_errors import RowError, wrong_row
from tickets.schema import Absence
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

_COLUMNS = {"until": "to", "since": "from", "deputy": "deputy"}


class LeaveRows(FileKind):
    name = "leave"
    columns = (
        Column("person", Reads.PERSON, needed=True, longest=254),
        Column("deputy", Reads.PERSON, longest=254),
        Column("from", Reads.DAY, needed=True),
        Column("to", Reads.DAY, needed=True),
    )
    key = ("person", "from")

    def name_of(self, row: TextRow) -> str:
        return f"{self.people.person(row['person']).name} {row['from']} – {row['to']}"

    def judge(self, row: TextRow) -> None:
        if row["to"] < row["from"]:
            raise BadValue("ends_before_it_begins", row["to"], column="to")
        if row.get("deputy") == row["person"]:
            raise BadValue("own_deputy", column="deputy")

    def standing(self) -> list[TextRow]:
        rows = self.session.scalars(
            select(Absence).where(Absence.ends_at > self.now).order_by(Absence.starts_at, Absence.id)
        )
        people = self.people.by_id
        return [
            {
                "person": people[one.staff_id].address,
                "deputy": people[one.deputy_id].address if one.deputy_id else "",
                "from": wall_clock(one.starts_at).date().isoformat(),
                "to": last_day(one.ends_at),
                "absence": str(one.id),
            }
            for one in rows
        ]

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        """By writing it and taking it back: what leave may be is told in one place."""
        attempt = self.session.begin_nested()
        errors = []
        for change in changes:
            if change.state is ChangeState.UNCHANGED:
                continue
            if change.before is None and change.after["from"] < self.today.isoformat():
                errors.append(wrong_row(change.number, "past", change.after["from"], column="from"))
                continue
            try:
                self._write(change)
            except InvalidInput as wrong:
                column = _COLUMNS.get(wrong.field, "person")
                errors.append(wrong_row(change.number, wrong.code, change.after.get(column, ""), column=column))
        attempt.rollback()
        return errors

    def write(self, changes: Sequence[RowChange]) -> None:
        for change in changes:
            self._write(change)

    def take_back(self, change: RowChange) -> None:
        try:
            end_leave(self.session, change.kept["absence"], actor=self.actor, now=self.now)
        except NotFound:
            return

    def _write(self, change: RowChange) -> None:
        row = change.after
        ends = _midnight(row["to"]) + timedelta(days=1)
        if change.before is not None:
            if change.before["deputy"] != row["deputy"]:
                raise InvalidInput("deputy", "deputy_fixed")
            move_leave_end(self.session, int(change.before["absence"]), ends, actor=self.actor, now=self.now)
            return
        deputy = self.people.person(row["deputy"]).id if row["deputy"] else None
        wanted = WantedLeave(self.people.person(row["person"]).id, deputy, _midnight(row["from"]), ends)
        change.kept["absence"] = take_leave(self.session, wanted, actor=self.actor, now=self.now)


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), zone())
