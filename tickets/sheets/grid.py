"""A file as a grid of texts, before anybody knows which column is which."""

from collections.abc import Sequence
from dataclasses import dataclass

# What an office hands over has less; a file that has more is a mistake, or meant to hurt.
LARGEST_FILE = 25_000_000
MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 32_767


class NotATable(Exception):
    """The file as a whole cannot be read; `code` is looked up for words."""

    def __init__(self, code: str, detail: object = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, str(detail)[:200]


@dataclass(frozen=True, slots=True)
class GridRow:
    """`number` is the row as whoever has the file open counts it: the first is 1."""

    number: int
    cells: Sequence[str]

    @property
    def is_blank(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """`encoding` is `xlsx` for a workbook, which has no `separator` but the name of a `sheet`."""

    rows: Sequence[GridRow]
    encoding: str
    separator: str = ""
    sheet: str = ""
