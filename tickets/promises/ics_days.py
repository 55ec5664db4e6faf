"""Days off from a calendar file (.ics, RFC 5545): its whole-day events, for a person to choose from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tickets.file_errors import RowError

MOST_DAYS_OF_AN_EVENT = 31
MOST_DAYS_OF_A_FILE = 1_000

_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_ESCAPED = re.compile(r"\\([\\,;nN])")

_Event = dict[str, str]


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day on which a whole-day event of the file falls; whether it is a day off is for whoever reads it to say."""

    day: date
    name: str


def days_of_ics(text: str) -> tuple[tuple[FoundDay, ...], tuple[RowError, ...]]:
    """Every day of every whole-day event, in order, and the events that are none.

    An event with an hour is no day off, and one that repeats is not followed: which years it means would be a guess.
    """
    days: dict[date, FoundDay] = {}
    errors: list[RowError] = []
    events = list(_events(text))
    if _breaks_off(text):
        errors.append(RowError("file", "breaks_off"))
    elif not events:
        return (), (RowError("file", "no_events"),)
    for number, event in enumerate(events, start=1):
        name = event.get("SUMMARY", "")
        found = _days(event)
        if isinstance(found, str):
            errors.append(RowError(f"event {number}", found, name))
            continue
        for day in found:
            days[day] = FoundDay(day, _both(days[day].name, name) if day in days else name)
    if len(days) > MOST_DAYS_OF_A_FILE:
        return (), (RowError("file", "too_long", str(len(days))),)
    return tuple(days[day] for day in sorted(days)), tuple(errors)


def _both(known: str, name: str) -> str:
    """Two events of one day, such as a holiday and a day made up on it: whoever chooses has to know of both."""
    return known if name in known else f"{known}; {name}"


def _breaks_off(text: str) -> bool:
    """Whether the last event has no end, as in a file that was copied in part."""
    lines = [line.strip().upper() for line in text.splitlines()]
    return lines.count("BEGIN:VEVENT") > lines.count("END:VEVENT")


def _events(text: str) -> Iterator[_Event]:
    """The properties of each event by name, without their parameters; a line that begins with a space goes on."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    event: _Event | None = None
    for line in unfolded.splitlines():
        name, _, value = line.partition(":")
        said = (name.upper(), value.strip().upper())
        if said == ("BEGIN", "VEVENT"):
            event = {}
        elif event is not None and said == ("END", "VEVENT"):
            yield event
            event = None
        elif event is not None:
            event.setdefault(name.split(";")[0].upper(), _ESCAPED.sub(_plain, value.strip()))


def _plain(escaped: re.Match[str]) -> str:
    return " " if escaped[1] in "nN" else escaped[1]


def _days(event: _Event) -> list[date] | str:
    """The days of an event, or the code of what keeps it from being whole days."""
    if "RRULE" in event or "RDATE" in event:
        return "event_repeats"
    started = event.get("DTSTART", "")
    first = _day(started)
    # The end of a whole-day event is the day after its last.
    end = _day(event["DTEND"]) if "DTEND" in event else first and first + timedelta(days=1)
    if "T" in started.upper():
        return "not_whole_days"
    if first is None or end is None or not first < end <= first + timedelta(days=MOST_DAYS_OF_AN_EVENT):
        return "bad_day"
    return [first + timedelta(days=number) for number in range((end - first).days)]


def _day(written: str) -> date | None:
    parts = _DAY.match(written)
    try:
        return date(*map(int, parts.groups())) if parts else None
    except ValueError:
        return None
