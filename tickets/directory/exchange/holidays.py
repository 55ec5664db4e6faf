"""Days off and made-up working days as a file, each with the decree that says so."""

from collections.abc import Sequence
from datetime import date

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.promises.calendar_files import HolidayEntry
from tickets.promises.holidays import import_holidays, known_days, take_day_back
from tickets.sheets.columns import Column, Reads


class Holidays(FileKind):
    name = "holidays"
    columns = (
        Column("day", Reads.DAY, needed=True),
        Column("kind", Reads.CHOICE, needed=True, words="day_kind"),
        Column("name", needed=True, longest=200),
        Column("name_en", longest=200),
        Column("source", needed=True),
    )
    key = ("day",)

    def complete(self, row: TextRow) -> None:
        row["name_en"] = row["name_en"] or row["name"]

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        return {**before, **cells, "name_en": cells.get("name_en") or before["name_en"]}

    def standing(self) -> list[TextRow]:
        return [
            {"day": str(one.day), "kind": one.kind, "name": one.name, "name_en": one.name_en, "source": one.source}
            for one in known_days(self.session)
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        days = [
            HolidayEntry(
                date.fromisoformat(row["day"]), row["kind"], row["name"], row["name_en"] or row["name"], row["source"]
            )
            for row in (change.after for change in changes)
        ]
        import_holidays(self.session, days, actor=self.actor, now=self.now)

    def take_back(self, change: RowChange) -> None:
        take_day_back(
            self.session,
            date.fromisoformat(change.after["day"]),
            reason="import undone",
            actor=self.actor,
            now=self.now,
        )
