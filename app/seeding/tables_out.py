"""Rows as files: to take away, to fill in, and to mend, with every cell kept from being run as a formula."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.paper.workbook import HEADING, QUOTED, TITLE, DropDown, Sheet, SheetRow, as_workbook, cells_of_column
from app.wording.file_words import choice_labels, column_words, title_of, words_in
from app.wording.table_faults import table_fault
from tickets.directory.exchange.kind import FileKind, TextRow
from tickets.file_errors import RowError
from tickets.sheets.columns import Column, Reads
from tickets.sheets.defusing import safe_cell
from tickets.sheets.grid import Grid
from tickets.sheets.table import EXAMPLE

# The mark by which spreadsheets know that the letters are Vietnamese.
LETTER_MARK = "\ufeff"
_TYPED_ROWS = 2000
_WIDTH, _WIDE = 18.0, 46.0


def as_csv(kind: FileKind, rows: Iterable[TextRow], *, locale: str | None) -> str:
    """In a language, or by the names that programs use; `LETTER_MARK` belongs before it in a file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([safe_cell(heading) for heading in headings(kind, locale)])
    writer.writerows([safe_cell(cell) for cell in shown_cells(kind, row, locale)] for row in rows)
    return out.getvalue()


def as_sheet(kind: FileKind, rows: Iterable[TextRow], *, locale: str | None) -> bytes:
    lines = [SheetRow(headings(kind, locale), HEADING)]
    lines += [SheetRow(shown_cells(kind, row, locale), QUOTED) for row in rows]
    return as_workbook([Sheet(title_of(kind.name, locale or "en"), lines, _widths(kind, locale), 1)])


def template_sheet(kind: FileKind, *, locale: str) -> bytes:
    """To be filled in: examples that are passed over, drop-down lists, and a sheet that explains every column."""
    told = words_in(locale)["sheets"]
    lists = _lists(kind, locale)
    rows = [SheetRow(headings(kind, locale), HEADING)]
    rows += [SheetRow(cells, QUOTED) for cells in _examples(kind, locale)]
    offered = list(lists)
    drops = []
    for place, column in enumerate(kind.columns):
        if column.key in lists:
            cells = cells_of_column(told["choices"], offered.index(column.key), len(lists[column.key]))
            drops.append(DropDown(place, cells, _binds(column)))
    sheets = [
        Sheet(told["rows"], rows, _widths(kind, locale), 1, drops, _TYPED_ROWS),
        Sheet(told["explained"], _explained(kind, locale), [24, 12, 70, 50]),
    ]
    if lists:
        listed = [SheetRow([column_words(kind.name, key, locale).label for key in lists], HEADING)]
        longest = max(map(len, lists.values()))
        columns = list(lists.values())
        listed += [SheetRow([one[n] if n < len(one) else None for one in columns]) for n in range(longest)]
        sheets.append(Sheet(told["choices"], listed, [_WIDE] * len(lists)))
    return as_workbook(sheets)


def template_csv(kind: FileKind, *, locale: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings(kind, locale))
    writer.writerows([safe_cell(cell) for cell in cells] for cells in _examples(kind, locale))
    return out.getvalue()


def annotated(
    kind: str, grid: Grid, header_row: int, errors: Sequence[RowError], columns: Mapping[str, int], locale: str
) -> bytes:
    """The file as it came, wrong cells marked, and beside each wrong row what is wrong in words."""
    width = max((len(row.cells) for row in grid.rows), default=0)
    wrong: dict[int, list[RowError]] = defaultdict(list)
    for error in errors:
        wrong[error.row or header_row or 1].append(error)
    said = words_in(locale)["headings"]["fault"]
    lines: list[SheetRow] = []
    for row in grid.rows:
        # Rows that hold nothing are no rows of a workbook: numbers stay what they were.
        lines += [SheetRow([])] * (row.number - 1 - len(lines))
        faults = wrong.get(row.number, [])
        told = [said] if row.number == header_row else ["; ".join(_fault(kind, one, locale) for one in faults)]
        cells = [*row.cells, *[""] * (width - len(row.cells)), *told]
        marked = {columns[one.column] for one in faults if one.column in columns} | ({width} if faults else set())
        style = HEADING if row.number == header_row else QUOTED
        lines.append(SheetRow(cells, style, frozenset(marked)))
    return as_workbook([Sheet(grid.sheet or title_of(kind, locale), lines, [_WIDTH] * width + [60], header_row)])


def headings(kind: FileKind, locale: str | None) -> list[str]:
    if locale is None:
        return [column.key for column in kind.columns]
    return [column_words(kind.name, column.key, locale).label for column in kind.columns]


def shown_cells(kind: FileKind, row: TextRow, locale: str | None) -> list[str]:
    return [shown_cell(column, row.get(column.key, ""), locale) for column in kind.columns]


def shown_cell(column: Column, value: str, locale: str | None) -> str:
    """As people of that language write it; without one, as programs do."""
    if locale is None or not value:
        return value
    match column.reads:
        case Reads.CHOICE | Reads.YES_NO:
            return choice_labels(column.words or "yes_no", locale).get(value, value)
        case Reads.CHOICES:
            labels = choice_labels(column.words, locale)
            return ", ".join(labels.get(one, one) for one in value.split(", "))
        case Reads.DAY | Reads.MOMENT:
            return f"{date.fromisoformat(value[:10]):%d/%m/%Y}{value[10:]}"
        case _:
            return value


def _fault(kind: str, error: RowError, locale: str) -> str:
    return (
        f"{column_words(kind, error.column, locale).label}: {table_fault(error, kind)}"
        if error.column
        else table_fault(error, kind)
    )


def _binds(column: Column) -> bool:
    """Whether nothing but the list is understood."""
    return column.reads in (Reads.CHOICE, Reads.YES_NO)


def _lists(kind: FileKind, locale: str) -> dict[str, list[str]]:
    """What columns offer."""
    lists = {}
    for column in kind.columns:
        if column.reads in (Reads.CHOICE, Reads.CHOICES, Reads.YES_NO):
            lists[column.key] = list(choice_labels(column.words or "yes_no", locale).values())
        elif column.reads is Reads.UNIT:
            units = sorted(kind.units.by_code.values(), key=lambda unit: unit.sort_key)
            lists[column.key] = [f"{unit.code} {unit.name}" for unit in units]
        elif offered := kind.offered(column.key, locale):
            lists[column.key] = offered
    return lists


def _examples(kind: FileKind, locale: str) -> list[list[str]]:
    """Rows that begin with the sign by which they are passed over."""
    found = []
    for example in words_in(locale)["kinds"][kind.name]["examples"]:
        row = {column.key: str(example.get(column.key, "")) for column in kind.columns}
        for column in kind.columns:
            if column.reads is Reads.UNIT and column.needed and not row[column.key]:
                row[column.key] = kind.example_unit()
        # What an example says as a day is written as people write it already.
        cells = [
            row[c.key] if c.reads in (Reads.DAY, Reads.MOMENT) else shown_cell(c, row[c.key], locale)
            for c in kind.columns
        ]
        first = next(place for place, cell in enumerate(cells) if cell)
        cells[first] = f"{EXAMPLE}{cells[first]}"
        found.append(cells)
    return found


def _explained(kind: FileKind, locale: str) -> list[SheetRow]:
    told = words_in(locale)
    named = told["headings"]
    rows = [SheetRow([title_of(kind.name, locale)], TITLE), SheetRow(["", "", told["kinds"][kind.name]["about"]])]
    rows += [SheetRow(["", "", rule]) for rule in told["rules"]]
    rows += [SheetRow([]), SheetRow([named["column"], named["needed"], named["explained"], named["choices"]], HEADING)]
    for column in kind.columns:
        words = column_words(kind.name, column.key, locale)
        choices = ""
        if column.reads in (Reads.CHOICE, Reads.CHOICES, Reads.YES_NO):
            choices = ", ".join(choice_labels(column.words or "yes_no", locale).values())
        rows.append(SheetRow([words.label, told["needed"] if column.needed else "", words.note, choices]))
    return rows


def _widths(kind: FileKind, locale: str | None) -> list[float]:
    wide = {Reads.TEXT, Reads.UNIT, Reads.PERSON, Reads.EMAIL}
    return [_WIDTH + (10 if column.reads in wide else 0) for column in kind.columns]
