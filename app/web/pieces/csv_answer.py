"""Tables as CSV files that spreadsheets open without running anything in them."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from flask import Response

# What a spreadsheet takes for the beginning of a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(file_name: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A download in UTF-8; the mark at the beginning lets spreadsheets read Vietnamese letters."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([safe_cell(heading) for heading in headings])
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def safe_cell(value: object) -> str:
    """The value as text; a text that would begin a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    words = str(value)
    return f"'{words}" if words.startswith(_FORMULA_SIGNS) else words
