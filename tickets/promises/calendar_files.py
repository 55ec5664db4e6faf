"""Calendars and holidays as text: the files operators import and the specification a calendar version stores."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from tickets.city import zone
from tickets.errors import CalendarRefused
from tickets.file_errors import RowError
from tickets.promises.calendar import (
    WEEKDAYS,
    Windows,
    WorkingCalendar,
    check_nights,
    parse_windows,
    weekly_windows,
    with_days,
)

OFF = "off"
WORKED = "worked"
HOLIDAY_COLUMNS = ("day", "kind", "name", "name_en", "source")


@dataclass(frozen=True)
class HolidayEntry:
    """A day off, or a weekend day that is worked instead of another (`worked`), and the decree that says so."""

    day: date
    kind: str
    name: str
    name_en: str
    source: str


@dataclass(frozen=True)
class CalendarEntry:
    """A calendar of the file before holidays are laid over it."""

    calendar: WorkingCalendar
    name: str
    name_en: str
    keeps_holidays: bool


def parse_holidays(text: str) -> tuple[tuple[HolidayEntry, ...], tuple[RowError, ...]]:
    """Read `day,kind,name,name_en,source`; row numbers in errors count the header as line 1."""
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in HOLIDAY_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        return (), (RowError("line 1", "missing_columns", ", ".join(missing)),)
    days: dict[date, HolidayEntry] = {}
    errors: list[RowError] = []
    for line, row in enumerate(reader, start=2):
        problem, holiday = _holiday({name: (row.get(name) or "").strip() for name in HOLIDAY_COLUMNS})
        if holiday is None:
            errors.append(RowError(f"line {line}", problem, row.get("day") or ""))
        elif holiday.day in days:
            errors.append(RowError(f"line {line}", "twice", str(holiday.day)))
        else:
            days[holiday.day] = holiday
    return tuple(days[day] for day in sorted(days)), tuple(errors)


def with_holidays(calendar: WorkingCalendar, days: Iterable[HolidayEntry]) -> WorkingCalendar:
    """Lay holidays over a week; a worked day has the hours of the week's first working day."""
    rows = list(days)
    ordinary = ordinary_windows(calendar)
    return with_days(
        calendar,
        holidays=[row.day for row in rows if row.kind == OFF],
        swapped={row.day: ordinary for row in rows if row.kind == WORKED},
    )


def ordinary_windows(calendar: WorkingCalendar) -> Windows:
    return next((windows for windows in calendar.weekly if windows), ())


def parse_calendars(text: str) -> tuple[tuple[CalendarEntry, ...], tuple[RowError, ...]]:
    """Read `calendars: [{key, name, name_en, zone, keeps_holidays, weekly: {mon: [07:30-11:30]}}]`."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as wrong:
        return (), (RowError("file", "not_yaml", str(wrong)[:200]),)
    rows = document.get("calendars") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows:
        return (), (RowError("file", "empty"),)
    entries: list[CalendarEntry] = []
    errors: list[RowError] = []
    for number, raw in enumerate(rows):
        try:
            entries.append(_entry(raw))
        except CalendarRefused as refused:
            errors.append(RowError(f"calendars[{number}]", refused.code, refused.detail))
    return tuple(entries), tuple(errors)


def calendar_as_text(entry: CalendarEntry) -> str:
    """One calendar as `parse_calendars` reads it."""
    spec = spec_of(entry.calendar)
    names = {"name": entry.name, "name_en": entry.name_en, "keeps_holidays": entry.keeps_holidays}
    row = {"key": entry.calendar.key, **names, "zone": spec["zone"], "weekly": spec["weekly"]}
    return yaml.safe_dump({"calendars": [row]}, allow_unicode=True, sort_keys=False)


def days_as_text(days: Iterable[HolidayEntry]) -> str:
    """Days as `parse_holidays` reads them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HOLIDAY_COLUMNS)
    writer.writerows((day.day, day.kind, day.name, day.name_en, day.source) for day in days)
    return out.getvalue()


def calendar_from(key: str, spec: Mapping[str, Any]) -> WorkingCalendar:
    """The calendar of a stored version; `spec_of` is the way back."""
    return WorkingCalendar(
        key=key,
        weekly=weekly_windows(spec["weekly"]),
        zone=spec.get("zone") or zone().key,
        holidays=frozenset(date.fromisoformat(day) for day in spec.get("holidays", ())),
        swapped={date.fromisoformat(day): parse_windows(w) for day, w in spec.get("swapped", {}).items()},
    )


def spec_of(calendar: WorkingCalendar) -> dict[str, Any]:
    """A calendar as JSON keeps it, the same for the same calendar."""
    return {
        "zone": calendar.zone,
        "weekly": {
            name: [str(window) for window in windows]
            for name, windows in zip(WEEKDAYS, calendar.weekly, strict=True)
            if windows
        },
        "holidays": [day.isoformat() for day in sorted(calendar.holidays)],
        "swapped": {day.isoformat(): [str(w) for w in calendar.swapped[day]] for day in sorted(calendar.swapped)},
    }


def _holiday(row: Mapping[str, str]) -> tuple[str, HolidayEntry | None]:
    try:
        day = date.fromisoformat(row["day"])
    except ValueError:
        return "bad_day", None
    if row["kind"] not in (OFF, WORKED):
        return "bad_kind", None
    if not row["name"] or not row["source"]:
        return "no_name_or_source", None
    return "", HolidayEntry(day, row["kind"], row["name"], row["name_en"] or row["name"], row["source"])


def _entry(raw: object) -> CalendarEntry:
    if not isinstance(raw, dict) or not isinstance(raw.get("weekly"), dict) or not raw.get("key"):
        raise CalendarRefused("bad_calendar", str(raw)[:200])
    week = {str(day): windows for day, windows in raw["weekly"].items()}
    for windows in week.values():
        if not isinstance(windows, list) or not all(isinstance(window, str) for window in windows):
            raise CalendarRefused("bad_window", str(windows)[:200])
    key, name = str(raw["key"]), str(raw.get("name") or raw["key"])
    calendar = WorkingCalendar(key=key, weekly=weekly_windows(week), zone=str(raw.get("zone") or zone().key))
    check_nights(calendar.weekly)
    return CalendarEntry(calendar, name, str(raw.get("name_en") or name), raw.get("keeps_holidays") is True)
