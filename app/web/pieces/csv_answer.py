"""Tables as CSV files that spreadsheets open without running anything in them."""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

from flask import Response

# What a spreadsheet takes for the beginning of a formula, also behind a semicolon or a tab: where numbers are written
# with a comma, as here, programs part the columns at semicolons.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[ ]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


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
    """The value as text; wherever it would begin a formula, an apostrophe stands before it."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    return _FORMULA.sub(r"\1'", str(value))
