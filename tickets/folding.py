"""Words as they are compared when accents do not matter: for search, category hints and sort keys."""

import re
import unicodedata

_DD = str.maketrans({"đ": "d", "Đ": "d", "ð": "d"})
_WORD = re.compile(r"[0-9a-z]+")
_LONGEST = 200


def fold(text: str) -> str:
    """Lower case without marks, đ as d; other characters stay.

    >>> fold("Đường Nguyễn Huệ")
    'duong nguyen hue'
    """
    plain = unicodedata.normalize("NFD", text.translate(_DD).lower())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def folded_words(text: str) -> list[str]:
    """The words and numbers of a text, folded, in their order; what is longer than any word is cut.

    PostgreSQL refuses a text search word of more than 2,046 bytes, and with it the whole ticket.
    """
    return [word[:_LONGEST] for word in _WORD.findall(fold(text))]
