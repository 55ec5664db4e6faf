"""The city we answer for: its names, and the clock on its wall. Read from reference data, no code knows it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import yaml

from tickets.reference_files import REFERENCE_DATA

_FILE = REFERENCE_DATA / "city.yaml"


# Of what anybody could have told us.
_FIRST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class City:
    name: str
    name_en: str
    zone: str
    trial_phone: str
    country: str


@cache
def city() -> City:
    return City(**yaml.safe_load(_FILE.read_text()))


class _Wall:
    """Which zone holds in this process."""

    zone: ZoneInfo | None = None


def use_zone(name: str) -> None:
    """The operator's word (HOTLINE_TIMEZONE), given once, before anything is asked of the wall clock."""
    _Wall.zone = ZoneInfo(name)


def month_between(typed: str, where: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a month (2026-11) there and the first after it; raises ValueError for what is none."""
    first = datetime.strptime(typed, "%Y-%m").replace(tzinfo=where)
    year, month = divmod(first.year * 12 + first.month, 12)
    if year < _FIRST_YEAR:
        raise ValueError(typed)
    return first.astimezone(UTC), first.replace(year=year, month=month + 1).astimezone(UTC)


def zone() -> ZoneInfo:
    return _Wall.zone or ZoneInfo(city().zone)


def wall_clock(at: datetime) -> datetime:
    """The instant as the clocks of the city show it."""
    return at.astimezone(zone())


def day_of(at: datetime) -> date:
    """The day it is in the city at this instant: what is in force, and what a year or a working day is, hangs on it."""
    return wall_clock(at).date()
