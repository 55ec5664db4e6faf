"""Calendars as a file: the hours of each day of the week, and whether days off are kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tickets.city import zone
from tickets.directory.exchange.kind import FileKind, RowChange, StillNeeded, TextRow
from tickets.errors import CalendarRefused
from tickets.file_errors import RowError, wrong_row
from tickets.promises.calendar import WEEKDAYS, WorkingCalendar, check, check_nights, parse_windows
from tickets.promises.calendar_files import CalendarEntry, calendar_from
from tickets.promises.holidays import import_calendars
from tickets.promises.policies import newest_calendar_versions
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue


class Calendars(FileKind):
    name = "calendars"
    columns = (
        Column("key", needed=True, longest=60),
        Column("name", needed=True, longest=120),
        Column("name_en", longest=120),
        Column("zone", longest=60),
        Column("keeps_holidays", Reads.YES_NO),
        *(Column(day, longest=200) for day in WEEKDAYS),
    )
    key = ("key",)

    def name_of(self, row: TextRow) -> str:
        return row["name"]

    def judge(self, row: TextRow) -> None:
        for day in WEEKDAYS:
            if day in row:
                row[day] = _windows_text(row[day], day)
        if row.get("zone"):
            try:
                ZoneInfo(row["zone"])
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise BadValue("no_such_zone", row["zone"], column="zone") from None

    def complete(self, row: TextRow) -> None:
        row["name_en"], row["zone"] = row["name_en"] or row["name"], row["zone"] or zone().key
        if not any(row[day] for day in WEEKDAYS):
            raise BadValue("never_open", column=WEEKDAYS[0])

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        """Hours that overlap, and weeks that never open, said by row and day."""
        errors = []
        for change in changes:
            try:
                _entry(change.after, self.now)
            except CalendarRefused as refused:
                errors.append(_wrong_hours(change, refused))
        return errors

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        kept = {column: cells.get(column) or before[column] for column in ("name_en", "zone")}
        return {**before, **cells, **kept}

    def standing(self) -> list[TextRow]:
        return [
            {
                "key": stored.key,
                "name": stored.name,
                "name_en": stored.name_en,
                "zone": calendar.zone,
                "keeps_holidays": "true" if version.spec.get("keeps_holidays") else "false",
                **{day: _told(calendar, number) for number, day in enumerate(WEEKDAYS)},
            }
            for stored, version in newest_calendar_versions(self.session)
            for calendar in [calendar_from(stored.key, version.spec)]
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        entries = [_entry(change.after, self.now) for change in changes]
        import_calendars(self.session, entries, actor=self.actor, now=self.now)

    def take_back(self, change: RowChange) -> None:
        """Versions of calendars are kept for good: open tickets may count with them."""
        raise StillNeeded(change.name)


def _windows_text(text: str, day: str) -> str:
    """07:30-11:30, 13:00-17:00, whatever signs part them."""
    parts = text.replace("–", "-").replace(";", ",").replace("|", ",").split(",")
    try:
        windows = parse_windows([part.replace(" ", "") for part in parts if part.strip()])
    except CalendarRefused as refused:
        raise BadValue("bad_window", refused.detail or text, column=day) from None
    return ", ".join(map(str, windows))


def _wrong_hours(change: RowChange, refused: CalendarRefused) -> RowError:
    of_a_day = next((day for day in WEEKDAYS if _overlaps(change.after[day])), WEEKDAYS[0])
    day = refused.detail if refused.detail in WEEKDAYS else of_a_day
    return wrong_row(change.number, refused.code, refused.detail, column=day)


def _overlaps(text: str) -> bool:
    windows = sorted(parse_windows([one for one in text.split(", ") if one]))
    return any(later.opens < earlier.closes for earlier, later in pairwise(windows))


def _told(calendar: WorkingCalendar, weekday: int) -> str:
    return ", ".join(map(str, calendar.weekly[weekday]))


def _entry(row: TextRow, now: datetime) -> CalendarEntry:
    weekly = tuple(parse_windows([one for one in row[day].split(", ") if one]) for day in WEEKDAYS)
    calendar = WorkingCalendar(key=row["key"], weekly=weekly, zone=row["zone"])
    check(calendar, now=now)
    check_nights(weekly)
    return CalendarEntry(replace(calendar), row["name"], row["name_en"], row["keeps_holidays"] == "true")
