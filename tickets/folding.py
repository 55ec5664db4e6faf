"""Words as they are compared when accents do not matter: for search, category hints and sort keys."""

import re
import unicodedata


class _Plain(dict[int, int | None]):
    """What becomes of each character: marks go, đ is d, all others stay. Filled with the characters that are met."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_PLAIN = _Plain({ord("đ"): ord("d"), ord("ð"): ord("d")})
_WORD = re.compile(r"[0-9a-z]+")
_LONGEST = 200


def fold(text: str) -> str:
    """Lower case without marks, đ as d; other characters stay.

    >>> fold("Đường Nguyễn Huệ")
    'duong nguyen hue'
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text.lower()).translate(_PLAIN))


def folded_words(text: str) -> list[str]:
    """The words and numbers of a text, folded, in their order; what is longer than any word is cut.

    PostgreSQL refuses a text search word of more than 2,046 bytes, and with it the whole ticket.
    """
    return [word[:_LONGEST] for word in _WORD.findall(fold(text))]
