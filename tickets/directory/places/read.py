"""Cuts a text into words and says what stands between them, in one linear pass over a capped text."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from tickets.directory.places.fold import spelling
from tickets.directory.places.telex import untelex

# Nobody needs more to say where something is. A longer text is read to here, and no name is looked for that begins in
# its last words: it may be cut off, and the beginning of a name can be another name.
LONGEST_PLACE_TEXT = 2000
_CUT_WORDS = 10

# A run of letters with whatever combining marks follow them, or a run of digits.
_WORD = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*|[0-9]+")

# What stands before a word, from the weakest to the strongest separation.
Gap = Literal["glued", "hyphen", "space", "dot", "dash", "comma", "stop"]


@dataclass(frozen=True, slots=True)
class PlaceWord:
    text: str
    fold: str
    exact: str
    is_marked: bool
    gap: Gap
    between: str

    @property
    def is_number(self) -> bool:
        return _is_number(self.fold)

    @property
    def is_title(self) -> bool:
        return self.text[:1].isupper()


@dataclass(frozen=True, slots=True)
class PlaceText:
    """`is_marked`: the writer uses marks, so that a word without any is meant without any. `whole` words are those at
    which a name may begin; `rest` is what follows the last word.
    """

    words: tuple[PlaceWord, ...]
    is_marked: bool
    whole: int
    rest: str

    def said(self, start: int, end: int) -> str:
        """As it was written, with the bracket that closes one opened within."""
        parts = [word.between + word.text for word in self.words[start:end]]
        words = "".join(parts)[len(self.words[start].between) :] if parts else ""
        after = self.words[end].between if end < len(self.words) else self.rest
        is_open = words.count("(") > words.count(")")
        return words + ")" if is_open and after.startswith(")") else words


# "corner of": keys of "ò" otherwise, which stands in no place's name.
_ENGLISH = ("of", "Of", "OF")


def read(text: str) -> PlaceText:
    is_cut = len(text) > LONGEST_PLACE_TEXT
    normal = unicodedata.normalize("NFC", _without_invisible(text[:LONGEST_PLACE_TEXT]))
    matches = list(_WORD.finditer(normal))
    uses_marks = any(spelling(match.group()).is_marked for match in matches)
    words: list[PlaceWord] = []
    decoded = 0
    end = 0
    for match in matches:
        written = match.group()
        keyed = None if uses_marks or written in _ENGLISH else untelex(written)
        decoded += keyed is not None
        words.append(_word(written, keyed or written, normal[end : match.start()], is_first=end == 0))
        end = match.end()
    return PlaceText(
        words=tuple(words),
        is_marked=uses_marks or decoded * 4 >= max(len(words), 1),
        whole=max(0, len(words) - _CUT_WORDS) if is_cut else len(words),
        rest=normal[end:],
    )


def _word(written: str, meant: str, between: str, *, is_first: bool) -> PlaceWord:
    gap: Gap = "stop" if is_first else _gap(between)
    if _is_number(written):
        number = str(int(written)) if len(written) <= 3 else written
        return PlaceWord(written, number, number, False, gap, between)
    found = spelling(meant)
    return PlaceWord(written, found.fold, found.exact, found.is_marked, gap, between)


def _is_number(word: str) -> bool:
    # "²" is a digit to Unicode and a letter to the pattern above.
    return word.isascii() and word.isdigit()


def _gap(between: str) -> Gap:
    if not between:
        return "glued"
    if between.isspace():
        return "stop" if "\n" in between else "space"
    marks = between.strip()
    if marks == ".":
        return "dot"
    if marks in ("-", "–", "—", "_"):
        return "hyphen" if between == marks else "dash"
    return "stop" if any(mark in "!?;\n" for mark in between) or ".." in marks else "comma"


def _without_invisible(text: str) -> str:
    """Without zero-width characters, which phones and web pages leave inside words, and with plain spaces."""
    if text.isprintable():
        return text
    return "".join(
        " " if character.isspace() and character != "\n" else character
        for character in text
        if unicodedata.category(character) != "Cf"
    )
