"""Cells that a spreadsheet would run as a formula, made harmless when written, and as they were when read again."""

import re

# What a spreadsheet takes for the beginning of a formula, also behind a semicolon or a tab: where numbers are written
# with a comma, as here, programs part the columns at semicolons.
_BEGINS = r"[ ]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"(^|[;\t\r\n])(?={_BEGINS})")
_DEFUSED = re.compile(rf"(^|[;\t\r\n])'(?={_BEGINS})")


def safe_cell(value: object) -> str:
    """The value as text; wherever it would begin a formula, an apostrophe stands before it."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    return _FORMULA.sub(r"\1'", str(value))


def as_it_was(cell: str) -> str:
    """What `safe_cell` was given."""
    return _DEFUSED.sub(r"\1", cell) if "'" in cell else cell
