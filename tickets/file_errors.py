"""What is wrong with a file that operators bring in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong and where, e.g. `line 12` or `policies[0].rows[3]`; `code` is looked up for words.

    Of a table, `row` is counted as its reader counts it, and `column` names the cell, where one cell is to blame.
    """

    where: str
    code: str
    detail: str = ""
    row: int | None = None
    column: str = ""


def wrong_row(row: int, code: str, detail: object = "", *, column: str = "") -> RowError:
    return RowError(f"line {row}", code, str(detail)[:200], row, column)
