"""Reading a CSV file row by row: every wrong value is told with its line, so that a file is mended in one go."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from tickets.file_errors import RowError

MAX_CSV_CHARACTERS = 20_000_000

_Row = TypeVar("_Row")
_Code = TypeVar("_Code", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Rows(Generic[_Row]):
    """The rows of a file; with errors, nothing of it may be written."""

    rows: tuple[_Row, ...] = ()
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did: the names of what it added, changed and closed, and how many rows were the same already."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    closed: tuple[str, ...] = ()


class BadValue(Exception):
    """One wrong value of a row."""

    def __init__(self, code: str, detail: object = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, str(detail)[:200]


def read_rows(
    text: str,
    columns: Sequence[str],
    judge: Callable[[Mapping[str, str]], _Row],
    *,
    needed: Sequence[str],
    key: Callable[[_Row], object],
) -> Rows[_Row]:
    """Every row through `judge`, which raises BadValue; no two may have one `key`.

    Columns that are missing read as empty unless they are needed.
    """
    if len(text) > MAX_CSV_CHARACTERS:
        return Rows(errors=(RowError("file", "too_long", str(len(text))),))
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    header = list(reader.fieldnames or ())
    missing = [name for name in needed if name not in header]
    unknown = [name for name in header if name not in columns]
    if missing or unknown:
        code = "missing_columns" if missing else "unknown_columns"
        return Rows(errors=(RowError("line 1", code, ", ".join(missing or unknown)),))
    rows: list[_Row] = []
    errors: list[RowError] = []
    seen: dict[object, str] = {}
    for row in reader:
        where = f"line {reader.line_num}"
        if row.get(None):
            errors.append(RowError(where, "too_many_values"))
            continue
        try:
            judged = judge({name: (row.get(name) or "").strip() for name in columns})
            _refuse_second(key(judged), where, seen)
            rows.append(judged)
        except BadValue as bad:
            errors.append(RowError(where, bad.code, bad.detail))
    if not rows and not errors:
        errors.append(RowError("file", "empty"))
    return Rows(tuple(rows), tuple(errors))


def _refuse_second(key: object, where: str, seen: dict[object, str]) -> None:
    if key in seen:
        raise BadValue("twice", f"as in {seen[key]}")
    seen[key] = where


def written(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as the text of a CSV file; what is None is left empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if row[name] is None else row[name] for name in columns} for row in rows)
    return out.getvalue()


def needed_text(value: str, column: str, *, longest: int = 1000) -> str:
    if not value:
        raise BadValue("missing", column)
    if len(value) > longest:
        raise BadValue("too_long", column)
    return value


def one_of(codes: type[_Code], value: str, column: str) -> _Code:
    try:
        return codes(value)
    except ValueError:
        raise BadValue("no_such_code", f"{column}: {value}") from None


def optional_date(value: str, column: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadValue("bad_date", f"{column}: {value}") from None


def optional_number(value: str, column: str, *, low: float, high: float) -> float | None:
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        raise BadValue("bad_number", f"{column}: {value}") from None
    # Written so that NaN, which compares as nothing, is refused too.
    if not low <= number <= high:
        raise BadValue("bad_number", f"{column}: {value}")
    return number


def yes_or_no(value: str, column: str) -> bool:
    known = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}
    if value.lower() not in known:
        raise BadValue("not_yes_or_no", f"{column}: {value}")
    return known[value.lower()]
