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
# A word with the marks that stand beside their letters.
_WRITTEN = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")


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


def as_written(phrase: str, text: str) -> str:
    """Where the folded words of `phrase` first stand in `text`, as they were written there.

    >>> as_written("do rac", "Họ ĐỔ RÁC ở đầu hẻm")
    'ĐỔ RÁC'
    """
    wanted = phrase.split()
    written = _WRITTEN.findall(unicodedata.normalize("NFC", text))
    folded = [fold(word) for word in written]
    for at in range(len(folded) - len(wanted) + 1):
        if folded[at : at + len(wanted)] == wanted:
            return " ".join(written[at : at + len(wanted)])
    # Its letters stand between signs that are no letters.
    return phrase
