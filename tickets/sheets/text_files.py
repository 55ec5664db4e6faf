"""Text files of tables: their encoding and their separator are found, nobody has to choose them."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Sequence

from tickets.sheets.defusing import as_it_was
from tickets.sheets.grid import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Grid, GridRow, NotATable

SEPARATORS = (",", ";", "\t", "|")
WINDOWS = "windows-1258"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Enough to meet the header below whatever stands above it.
_LOOKED_AT = 40

csv.field_size_limit(1_000_000)


def text_of(raw: bytes) -> tuple[str, str]:
    """The text and its encoding. Raises NotATable for what is no text.

    Vietnamese programs of old wrote letters and marks apart (windows-1258): they are put together again.
    """
    text, encoding = _decoded(raw)
    if "\0" in text:
        raise NotATable("not_text")
    return unicodedata.normalize("NFC", text), encoding


def grid_of_text(raw: bytes, *, fits: Callable[[Sequence[GridRow]], int]) -> Grid:
    """The rows under the separator with which the header fits best, which `fits` says with a number."""
    text, encoding = text_of(raw)
    told, text = _told_separator(text)
    separator = told or max(SEPARATORS, key=lambda one: _suits(text, one, fits))
    return Grid(_rows(text, separator, most=MOST_ROWS), encoding, separator)


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _as(encoding, raw[len(mark) :]), encoding
    if (wide := _wide(raw)) is not None:
        return _as(wide, raw), wide
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _as("cp1258", raw), WINDOWS


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of what is mostly plain letters is nought."""
    sample = raw[:4000]
    for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        half = sample[at::2]
        if len(half) > 4 and half.count(0) * 3 > len(half) and sample[1 - at :: 2].count(0) * 10 < len(half):
            return encoding
    return None


def _as(encoding: str, raw: bytes) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise NotATable("unknown_encoding", wrong.start) from wrong


def _told_separator(text: str) -> tuple[str, str]:
    """Some spreadsheets write a first line that says it: sep=;"""
    first, _, rest = text.partition("\n")
    told = first.strip().strip('"')
    if len(told) == 5 and told.lower().startswith("sep=") and told[4] in SEPARATORS:
        # The line stays a row, so that rows keep their numbers.
        return told[4], f"\n{rest}"
    return "", text


def _suits(text: str, separator: str, fits: Callable[[Sequence[GridRow]], int]) -> tuple[int, int]:
    head = "\n".join(text.splitlines()[:_LOOKED_AT])
    try:
        rows = _rows(head, separator, most=_LOOKED_AT)
    except NotATable:
        return 0, 0
    return fits(rows), max((len(row.cells) for row in rows), default=0)


def _rows(text: str, separator: str, *, most: int) -> list[GridRow]:
    rows = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1):
            if number > most:
                raise NotATable("too_many_rows", most)
            if len(cells) > MOST_COLUMNS:
                raise NotATable("too_many_columns", MOST_COLUMNS)
            rows.append(GridRow(number, [as_it_was(cell.strip()) for cell in cells]))
    except csv.Error as wrong:
        raise NotATable("not_a_table", wrong) from wrong
    if any(len(cell) > LONGEST_CELL for row in rows for cell in row.cells):
        raise NotATable("too_long", LONGEST_CELL)
    return rows
