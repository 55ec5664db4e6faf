"""What is written in a cell, in one form: a day as 2027-09-02, an hour as 07:00, a choice as its code."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time

from tickets.people.citizens import clean_email
from tickets.people.phones import parse_phone
from tickets.sheets.columns import Column, FileWords, Reads, plain
from tickets.sheets.workbook_cells import FORMULA_WITHOUT_VALUE

_DAY = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_HOUR = re.compile(r"(\d{1,2})\s*(?:[:hg]|giờ)\s*(\d{2})?(?::\d{2})?")
_SEVERAL = re.compile(r"[,;|/+\n]+")
_YES = {"true", "yes", "1", "co", "x", "dung", "y", "v"}
_NO = {"", "false", "no", "0", "khong", "sai", "n", "-"}
_ERRORS = ("#REF!", "#NAME?", "#DIV/0!", "#N/A", "#NULL!", "#NUM!", FORMULA_WITHOUT_VALUE)


class BadValue(Exception):
    """One wrong value of a row; `column` says in which cell, empty where the row as such is wrong."""

    def __init__(self, code: str, detail: object = "", *, column: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.column = code, str(detail)[:200], column


LookUp = Callable[[str], str]


def value_of(column: Column, cell: str, words: FileWords, finding: Mapping[Reads, LookUp]) -> str:
    """Raises BadValue. `finding` turns the name of a body or a person into that by which we know it."""
    if cell in _ERRORS:
        raise BadValue("formula_failed", cell, column=column.key)
    if not cell:
        if column.needed:
            raise BadValue("missing", column.key, column=column.key)
        return "false" if column.reads is Reads.YES_NO else ""
    if len(cell) > column.longest:
        raise BadValue("too_long", column.longest, column=column.key)
    try:
        return _read(column, cell, words, finding)
    except BadValue as bad:
        raise BadValue(bad.code, bad.detail or cell, column=column.key) from None


def _read(column: Column, cell: str, words: FileWords, finding: Mapping[Reads, LookUp]) -> str:
    match column.reads:
        case Reads.CHOICE:
            return _choice(column, cell, words)
        case Reads.CHOICES:
            return ", ".join(_choice(column, one, words) for one in _SEVERAL.split(cell) if one.strip())
        case Reads.NUMBER | Reads.WHOLE:
            return _number(column, cell)
        case Reads.UNIT | Reads.PERSON:
            return finding[column.reads](cell)
        case _:
            return _PLAIN[column.reads](cell)


def day_of(cell: str) -> date:
    """A day as people here or machines write it, the hour beside it left out. Raises BadValue."""
    if found := _ISO_DAY.match(cell):
        year, month, day = found.groups()
    elif found := _DAY.search(cell):
        day, month, year = found.groups()
    else:
        raise BadValue("bad_date", cell)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise BadValue("bad_date", cell) from None


def hour_of(cell: str) -> time | None:
    """Raises BadValue for an hour that is none; None where there is none."""
    rest = _DAY.sub(" ", _ISO_DAY.sub(" ", cell)).replace("T", " ").strip()
    if not rest:
        return None
    found = _HOUR.fullmatch(rest)
    if found is None:
        raise BadValue("bad_hour", cell)
    try:
        return time(int(found.group(1)), int(found.group(2) or 0))
    except ValueError:
        raise BadValue("bad_hour", cell) from None


def phone_of(cell: str) -> str:
    """As it is dialled from everywhere. A spreadsheet that took it for a number has lost the nought before it."""
    found = parse_phone(cell)
    if found is None and cell.isascii() and cell.isdecimal() and 9 <= len(cell) <= 10:
        found = parse_phone(f"0{cell}")
    if found is None:
        raise BadValue("bad_phone", cell)
    return found.number


def email_of(cell: str) -> str:
    """In small letters, without blanks around it."""
    email = clean_email(cell) or ""
    local, _at, domain = email.partition("@")
    if not local or "." not in domain or "@" in domain or any(letter.isspace() for letter in email):
        raise BadValue("bad_email", cell)
    return email


def _moment(cell: str) -> str:
    day, hour = day_of(cell), hour_of(cell)
    if hour is None:
        raise BadValue("bad_hour", cell)
    return f"{day.isoformat()} {hour:%H:%M}"


def _yes_or_no(cell: str) -> str:
    said = plain(cell) or cell.strip().lower()
    if said in _YES:
        return "true"
    if said in _NO:
        return "false"
    raise BadValue("not_yes_or_no", cell)


def _choice(column: Column, cell: str, words: FileWords) -> str:
    known = words.choices[column.words]
    code = known.get(plain(cell), known.get(cell.strip().lower()))
    if code is None:
        raise BadValue("no_such_code", cell)
    return code


def _number(column: Column, cell: str) -> str:
    written = cell.replace(" ", "")
    # A comma before fractions, as people here write it, unless points stand there too.
    if "." not in written and written.count(",") == 1:
        written = written.replace(",", ".")
    try:
        number = float(written)
    except ValueError:
        raise BadValue("bad_number", cell) from None
    # Written so that NaN, which compares as nothing, is refused too.
    if not column.low <= number <= column.high or (column.reads is Reads.WHOLE and not number.is_integer()):
        raise BadValue("bad_number", cell)
    return str(int(number)) if number.is_integer() else repr(number)


_PLAIN: Mapping[Reads, LookUp] = {
    Reads.TEXT: lambda cell: cell.replace("\0", ""),
    Reads.DAY: lambda cell: day_of(cell).isoformat(),
    Reads.MOMENT: _moment,
    Reads.YES_NO: _yes_or_no,
    Reads.PHONE: phone_of,
    Reads.EMAIL: email_of,
}
