"""Public holidays of Viet Nam for years to come, as the `holidays` package (MIT) computes them.

`PYTHONPATH=. python -m tools.public_days 2026 2040` writes `tickets/reference_data/public_days.csv`. The package is
asked here and not by the product: it changes once a year, and a city keeps none of its days before a decree says so.
"""

import csv
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from tickets.promises.public_days import COLUMNS, PUBLIC_DAYS

_SATURDAY = 5


def rows(first: int, last: int) -> Iterator[tuple[str, str, str, str]]:
    """Working days that are off, and weekend days that are worked instead of one."""
    package: Any = import_module("holidays")
    years = range(first, last + 1)
    ours = package.country_holidays("VN", years=years, language="vi")
    theirs = package.country_holidays("VN", years=years, language="en_US")
    worked = {day for day in ours.weekend_workdays if day.year in years}
    for day in sorted({*ours, *worked}):
        if day in worked:
            yield day.isoformat(), "worked", "Làm bù", "Worked instead of another day"
        elif day.weekday() < _SATURDAY:
            yield day.isoformat(), "off", ours[day], theirs[day]


def main() -> None:
    with PUBLIC_DAYS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
