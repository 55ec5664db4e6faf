"""Rows by column: the header is found wherever it stands, in whatever words, order and case."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tickets.file_errors import RowError, wrong_row
from tickets.sheets.columns import Column, FileWords, Reads, known_headers, plain
from tickets.sheets.grid import Grid, GridRow, NotATable
from tickets.sheets.opening import open_grid
from tickets.sheets.values import BadValue, LookUp, value_of

# A title, an office's name, a date and a remark stand above a header; more do not.
_HEADER_WITHIN = 30
# An example of a template: its row begins with this sign and is passed over. Without the space it is a fault of a
# formula.
EXAMPLE = "# "


@dataclass(slots=True)
class FileRow:
    """A row with what is written in the columns of the file, each in one form."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a file was understood, told to whoever brought it."""

    encoding: str
    separator: str
    header_row: int
    ignored_columns: tuple[str, ...] = ()
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are those the file has; rows with a wrong value are left out and told among `errors`."""

    read: ReadAs
    columns: tuple[str, ...]
    rows: tuple[FileRow, ...] = ()
    errors: tuple[RowError, ...] = ()
    grid: Grid | None = field(default=None, compare=False)


def read_table(raw: bytes, columns: Sequence[Column], words: FileWords, finding: Mapping[Reads, LookUp]) -> Table:
    """The file's rows, or everything that is wrong with them; never raises for what a file can hold."""
    known = known_headers(columns, words)
    try:
        grid = open_grid(raw, fits=partial(_fits, known))
    except NotATable as refused:
        return Table(ReadAs("", "", 0), (), errors=(RowError("file", refused.code, refused.detail),))
    at = _header_at(grid.rows, known)
    if at is None:
        return Table(ReadAs(grid.encoding, grid.separator, 0), (), errors=(_no_header(grid, columns),), grid=grid)
    return _table(grid, at, columns, known, partial(_values, columns, words, finding))


def _fits(known: Mapping[str, str], rows: Sequence[GridRow]) -> int:
    return max((_score(row, known) for row in rows[:_HEADER_WITHIN]), default=0)


def _score(row: GridRow, known: Mapping[str, str]) -> int:
    return len({known[name] for name in map(plain, row.cells) if name in known})


def _header_at(rows: Sequence[GridRow], known: Mapping[str, str]) -> int | None:
    best = max(range(min(len(rows), _HEADER_WITHIN)), key=lambda at: _score(rows[at], known), default=None)
    return best if best is not None and _score(rows[best], known) > 0 else None


def _no_header(grid: Grid, columns: Sequence[Column]) -> RowError:
    if not any(not row.is_blank for row in grid.rows):
        return RowError("file", "empty")
    needed = ", ".join(column.key for column in columns if column.needed)
    return wrong_row(grid.rows[0].number, "missing_columns", needed)


def _table(
    grid: Grid,
    at: int,
    columns: Sequence[Column],
    known: Mapping[str, str],
    values: Callable[[Mapping[str, str]], tuple[dict[str, str], list[BadValue]]],
) -> Table:
    header = grid.rows[at]
    places, ignored, errors = _places(header, known)
    read = ReadAs(grid.encoding, grid.separator, header.number, tuple(ignored), grid.sheet)
    missing = [column.key for column in columns if column.needed and column.key not in places]
    if missing:
        errors.append(wrong_row(header.number, "missing_columns", ", ".join(missing)))
    if errors:
        return Table(read, tuple(places), errors=tuple(errors), grid=grid)
    rows = []
    for row in grid.rows[at + 1 :]:
        if row.is_blank or next(filter(None, row.cells)).startswith(EXAMPLE):
            continue
        cells = {key: row.cells[place] if place < len(row.cells) else "" for key, place in places.items()}
        judged, wrong = values(cells)
        errors += [wrong_row(row.number, bad.code, bad.detail, column=bad.column) for bad in wrong]
        if not wrong:
            rows.append(FileRow(row.number, judged))
    if not rows and not errors:
        errors.append(RowError("file", "empty"))
    return Table(read, tuple(places), tuple(rows), tuple(errors), grid)


def _places(header: GridRow, known: Mapping[str, str]) -> tuple[dict[str, int], list[str], list[RowError]]:
    places: dict[str, int] = {}
    ignored, errors = [], []
    for place, cell in enumerate(header.cells):
        key = known.get(plain(cell))
        if key is None:
            ignored += [cell] if cell else []
        elif key in places:
            errors.append(wrong_row(header.number, "column_twice", cell, column=key))
        else:
            places[key] = place
    return places, ignored, errors


def _values(
    columns: Sequence[Column], words: FileWords, finding: Mapping[Reads, LookUp], cells: Mapping[str, str]
) -> tuple[dict[str, str], list[BadValue]]:
    judged, wrong = {}, []
    for column in columns:
        if column.key in cells:
            try:
                judged[column.key] = value_of(column, cells[column.key], words, finding)
            except BadValue as bad:
                wrong.append(bad)
    return judged, wrong
