"""Reads the files of reference data and of the demonstration."""

import csv
from pathlib import Path

from tickets.reference_files import REFERENCE_DATA

DEMONSTRATION_DATA = Path(__file__).resolve().parent / "demonstration"


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of `<name>.csv` by column."""
    return _read(REFERENCE_DATA / f"{name}.csv")


def demonstration_rows_of(name: str) -> list[dict[str, str]]:
    """The rows of `demonstration/<name>.csv` by column; all people and matters in there are invented."""
    return _read(DEMONSTRATION_DATA / f"{name}.csv")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
