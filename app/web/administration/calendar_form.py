"""The form of a calendar: what was typed, and what is wrong with it, field by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import LazyString, lazy_gettext

from tickets.city import zone
from tickets.errors import CalendarRefused
from tickets.promises.calendar import WEEKDAYS, Windows, WorkingCalendar, check, check_nights, parse_windows
from tickets.promises.calendar_files import CalendarEntry

MAX_CALENDAR_NAME = 80
CALENDAR_FIELDS = ("name", "name_en", "keeps_holidays", *WEEKDAYS)
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_BETWEEN_WINDOWS = re.compile(r"[,;\n]")

# By the codes of `CalendarRefused`, and what only a form can get wrong.
CALENDAR_FAULTS: Mapping[str, LazyString] = {
    "bad_window": lazy_gettext(
        "Write the hours like 07:30-11:30, 13:00-17:00. A day may end at 24:00; 22:00-06:00 ends on the next morning."
    ),
    "windows_overlap": lazy_gettext("Two of these stretches of time overlap."),
    "night_overlaps": lazy_gettext(
        "The night shift of the day before runs into these hours: end it earlier, or begin later."
    ),
    "never_open": lazy_gettext(
        "This calendar would be closed for a whole year: nothing that counts in it would ever fall due. "
        "Fill in the hours of at least one day."
    ),
    "no_such_zone": lazy_gettext("This time zone is not known."),
    "no_name": lazy_gettext("Give it a name that people recognise, at most 80 characters."),
    "bad_key": lazy_gettext("Small letters without marks, digits and hyphens, at most 40: for example night-shift."),
    "key_in_use": lazy_gettext("There is a calendar with this short name already: choose another, or change that one."),
}


@dataclass(frozen=True, slots=True)
class TypedCalendar:
    """What stands in the fields; `days` has the hours of each weekday as one line."""

    key: str = ""
    name: str = ""
    name_en: str = ""
    keeps_holidays: bool = True
    days: Mapping[str, str] = field(default_factory=dict)


def typed_calendar(form: Mapping[str, str], *, key: str) -> TypedCalendar:
    days = {day: form.get(day, "").strip()[:200] for day in WEEKDAYS}
    name, name_en = form.get("name", "").strip()[:200], form.get("name_en", "").strip()[:200]
    return TypedCalendar(key, name, name_en, bool(form.get("keeps_holidays")), days)


def calendar_as_typed(key: str, name: str, name_en: str, spec: Mapping[str, Any]) -> TypedCalendar:
    """A version as the form shows it, to be changed or published again."""
    week: Mapping[str, list[str]] = spec.get("weekly", {})
    days = {day: ", ".join(week.get(day, ())) for day in WEEKDAYS}
    return TypedCalendar(key, name, name_en, spec.get("keeps_holidays") is True, days)


def read_calendar(typed: TypedCalendar, *, now: datetime) -> tuple[CalendarEntry | None, dict[str, str]]:
    """The calendar that was typed; else the code of what is wrong, by field."""
    faults = {} if 0 < len(typed.name) <= MAX_CALENDAR_NAME else {"name": "no_name"}
    if len(typed.name_en) > MAX_CALENDAR_NAME:
        faults["name_en"] = "no_name"
    if not _KEY.fullmatch(typed.key):
        faults["key"] = "bad_key"
    week: list[Windows] = []
    for day in WEEKDAYS:
        try:
            week.append(parse_windows(one for one in _BETWEEN_WINDOWS.split(typed.days.get(day, "")) if one.strip()))
            _check_alone(week[-1], now=now)
        except CalendarRefused as refused:
            faults[day] = refused.code
    if faults:
        return None, faults
    calendar = WorkingCalendar(key=typed.key, weekly=tuple(week), zone=zone().key)
    try:
        check(calendar, now=now)
        check_nights(calendar.weekly)
    except CalendarRefused as refused:
        return None, {refused.detail if refused.detail in WEEKDAYS else WEEKDAYS[0]: refused.code}
    return CalendarEntry(calendar, typed.name, typed.name_en or typed.name, typed.keeps_holidays), {}


def _check_alone(windows: Windows, *, now: datetime) -> None:
    """What is wrong within one day is said at that day."""
    if windows:
        check(WorkingCalendar(key="", weekly=(windows, *((),) * 6)), now=now)
