"""Columns a file may have, and the words by which offices call them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tickets.folding import fold

_LONGEST = 1000
# "Họ và tên (*)", "Ngày (dd/mm/yyyy)": what stands in brackets explains.
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NO_LETTER = re.compile(r"[^0-9a-z]+")


class Reads(StrEnum):
    """How the text of a cell is understood."""

    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    YES_NO = "yes_no"
    # One of a few words, or several of them.
    CHOICE = "choice"
    CHOICES = "choices"
    NUMBER = "number"
    WHOLE = "whole"
    PHONE = "phone"
    EMAIL = "email"
    # A body by its code or its present name.
    UNIT = "unit"
    # Somebody who works here, by address, telephone or name.
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Column:
    """`words` names the list of a choice; `low` and `high` are those of a number."""

    key: str
    reads: Reads = Reads.TEXT
    needed: bool = False
    words: str = ""
    longest: int = _LONGEST
    low: float = 0
    high: float = 1_000_000


@dataclass(frozen=True, slots=True)
class FileWords:
    """Folded header → column of this kind, and folded word → code of every list of choices."""

    headers: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def plain(header: str) -> str:
    """A header without marks, case, brackets and signs.

    >>> plain("  Họ và tên (*)")
    'ho va ten'
    """
    return _NO_LETTER.sub(" ", fold(_ASIDE.sub(" ", header))).strip()


def known_headers(columns: Sequence[Column], words: FileWords) -> dict[str, str]:
    """By its folded words, which column a header names: its key, or what the languages call it."""
    keys = {column.key for column in columns}
    named = {name: key for name, key in words.headers.items() if key in keys}
    return {**named, **{plain(key): key for key in keys}}
