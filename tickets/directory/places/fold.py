"""How written syllables are compared: with their marks, wherever the tone was put, and without any mark."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
# The Icelandic eth looks like đ, and old keyboards and fonts put it in its place.
_DD = str.maketrans({"ð": "đ"})
# No syllable and no abbreviation is longer; a longer run of letters is no word we know.
LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class Spelling:
    """One word as it is compared.

    `fold` has no marks, đ is d and y is i. `exact` keeps the letters' marks and puts the tone last, so that "hoà" and
    "hòa" are one. `is_marked` says whether the writer used any mark in it.
    """

    fold: str
    exact: str
    is_marked: bool


@lru_cache(maxsize=8192)
def spelling(word: str) -> Spelling:
    if len(word) > LONGEST_WORD:
        return Spelling(fold="", exact="", is_marked=False)
    plain: list[str] = []
    letters: list[str] = []
    tones: list[str] = []
    for character in unicodedata.normalize("NFD", word.lower().translate(_DD)):
        if character in _TONES:
            tones.append(character)
            continue
        letters.append("i" if character == "y" else character)
        if not unicodedata.combining(character):
            plain.append("d" if character == "đ" else letters[-1])
    return Spelling(
        fold="".join(plain),
        exact="".join(letters + sorted(tones)),
        is_marked=bool(tones) or len(letters) != len(plain) or "đ" in letters,
    )


def key(name: str) -> tuple[str, ...]:
    """The folded words of a name, as the index stores them: numbers without leading zeros, II as 2."""
    return tuple(_number(spelling(word).fold) for word in _words(name))


def exact_key(name: str) -> tuple[str, ...]:
    return tuple(_number(spelling(word).exact) for word in _words(name))


def _words(name: str) -> list[str]:
    return [word for word in unicodedata.normalize("NFC", name).replace("-", " ").split() if word]


def _number(word: str) -> str:
    if word == "ii":
        return "2"
    return str(int(word)) if word.isascii() and word.isdigit() else word
