"""Reads the files of `tickets/reference_data`."""

import csv
from pathlib import Path

REFERENCE_DATA = Path(__file__).resolve().parents[2] / "tickets" / "reference_data"


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of `<name>.csv` by column."""
    with (REFERENCE_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
