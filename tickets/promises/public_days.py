"""Public holidays as the `holidays` package computes them, for a person to choose from when the decree is out.

`reference_data/public_days.csv` is written by `tools/public_days.py`. The package estimates years without a decree and
misses days that were swapped late: it proposes, and decides nothing.
"""

import csv
from datetime import date
from functools import cache

from tickets.promises.calendar_files import HolidayEntry
from tickets.reference_files import REFERENCE_DATA

PUBLIC_DAYS = REFERENCE_DATA / "public_days.csv"
COLUMNS = ("day", "kind", "name", "name_en")


def public_days(year: int) -> tuple[HolidayEntry, ...]:
    """Working days that are off and weekend days that are worked; none for a year that is not known."""
    return tuple(one for one in _every_day() if one.day.year == year)


def years_of_public_days() -> tuple[int, ...]:
    return tuple(sorted({one.day.year for one in _every_day()}))


@cache
def _every_day() -> tuple[HolidayEntry, ...]:
    with PUBLIC_DAYS.open(encoding="utf-8", newline="") as file:
        return tuple(
            HolidayEntry(date.fromisoformat(row["day"]), row["kind"], row["name"], row["name_en"], "")
            for row in csv.DictReader(file)
        )
