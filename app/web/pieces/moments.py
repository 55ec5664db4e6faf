"""Dates and times as forms give them, in the city's own time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tickets.errors import InvalidInput

# A day named without an hour means: by the end of that morning's first hour.
_MORNING = time(9, 0)


def read_moment(given: str, zone: ZoneInfo, *, field: str) -> datetime:
    """What a datetime-local or date field holds, as an instant; raises InvalidInput for anything else."""
    try:
        said = datetime.fromisoformat(given.strip())
    except ValueError as wrong:
        raise InvalidInput(field, "not_a_date" if given.strip() else "required") from wrong
    if len(given.strip()) <= len("2026-11-23"):
        said = datetime.combine(said.date(), _MORNING)
    if said.tzinfo is not None or not date(2000, 1, 1) <= said.date() <= date(2200, 1, 1):
        raise InvalidInput(field, "not_a_date")
    return said.replace(tzinfo=zone).astimezone(UTC)


def read_day(given: str, *, field: str) -> date | None:
    """The day of a date field; None when it was left empty."""
    if not given.strip():
        return None
    try:
        return date.fromisoformat(given.strip())
    except ValueError as wrong:
        raise InvalidInput(field, "not_a_date") from wrong


def suggested_wake_up(now: datetime, zone: ZoneInfo) -> str:
    """Three days on at nine, as a datetime-local field wants it."""
    day = (now.astimezone(zone) + timedelta(days=3)).date()
    return datetime.combine(day, _MORNING).isoformat(timespec="minutes")
