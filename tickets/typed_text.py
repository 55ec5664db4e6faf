"""What people typed, made fit to keep and to compare: limits, control characters, one form of each letter."""

import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime

from tickets.errors import InvalidInput

MAX_SUBJECT = 200
MAX_BODY = 20_000
MAX_SHORT = 300
# The greatest number of a row has nineteen.
_DIGITS_OF_NO_ROW = 19


def clean_text(text: str, limit: int, *, field: str) -> str:
    """NFC without NUL, lone surrogates and other control characters; raises InvalidInput when longer than `limit`."""
    if len(text) > limit:
        raise InvalidInput(field, "too_long", limit=limit)
    plain = text.encode("utf-8", "ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) != "Cc")
    return unicodedata.normalize("NFC", kept).strip()


def clean_dossier_number(number: str | None) -> str | None:
    """A dossier number as it is compared: capitals without blanks; raises InvalidInput for what is none."""
    if not number or not number.strip():
        return None
    compact = "".join(number.split()).upper()
    if not 3 <= len(compact) <= 60 or not all(c.isalnum() or c in "-./_" for c in compact):
        raise InvalidInput("dossier_number", "not_a_dossier_number")
    return compact


def typed_number(text: str) -> int | None:
    """The whole number that was typed or that a form names; None for anything else, and for what no row can have.

    Python itself refuses to read thousands of digits: whoever sends them would end the request with an error of ours.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS_OF_NO_ROW else None


def typed_day(text: str) -> date | None:
    """A day as a form sends it (2026-12-01) or as people write it (01/12/2026); None for what is none."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        with suppress(ValueError):
            return datetime.strptime(text.strip()[:20], form).replace(tzinfo=UTC).date()
    return None
