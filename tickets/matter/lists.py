"""The lists of words by which texts are read, each with the columns of its file, and rows of them as one thing.

The weights of single words (`leanings.csv`) are none of them: a release computes them, and nobody edits a computation.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from tickets.reference_files import REFERENCE_DATA

FILES = REFERENCE_DATA / "matter"


class WordList(StrEnum):
    """As the files of `reference_data/matter` are called."""

    DANGER = "danger"
    DANGER_WORDS = "danger_words"
    OFFICIALS = "officials"
    OFFICIAL_WORDS = "official_words"
    NOT_SOLVED = "not_solved"
    SOLVED_WORDS = "solved_words"
    NOISE = "noise"
    COURTESY = "courtesy"
    PRAISE = "praise"
    CATEGORIES = "categories"
    EVERYDAY = "everyday"
    SHORTHAND = "shorthand"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class WordRow:
    """One row of one list. `says` is what it tells of, names or stands for; `weight` 0 where the list has none.

    `words` is a pattern, phrases between bars, what a short form means, or why a word is ambiguous.
    """

    list: WordList
    says: str
    weight: int
    words: str


@dataclass(frozen=True, slots=True)
class ListShape:
    """Which columns of a list's file hold what; `are_patterns`: joined by ~ and &, and weighed."""

    says: str
    words: str
    are_patterns: bool = False


_PATTERNS = ListShape("tells_of", "pattern", are_patterns=True)
_CLASSES = ListShape("class", "words")
SHAPES: Mapping[WordList, ListShape] = {
    WordList.DANGER: _PATTERNS,
    WordList.DANGER_WORDS: _CLASSES,
    WordList.OFFICIALS: _PATTERNS,
    WordList.OFFICIAL_WORDS: _CLASSES,
    WordList.NOT_SOLVED: _PATTERNS,
    WordList.SOLVED_WORDS: _CLASSES,
    WordList.NOISE: _PATTERNS,
    WordList.COURTESY: ListShape("kind", "words"),
    WordList.PRAISE: _PATTERNS,
    WordList.CATEGORIES: ListShape("category", "pattern", are_patterns=True),
    WordList.EVERYDAY: ListShape("instead_of", "words"),
    WordList.SHORTHAND: ListShape("short", "means"),
    WordList.AMBIGUOUS: ListShape("plain", "why"),
}
# Lists whose rows name classes that patterns use as `@class`.
CLASS_LISTS = (WordList.DANGER_WORDS, WordList.OFFICIAL_WORDS, WordList.SOLVED_WORDS, WordList.COURTESY)


@lru_cache(maxsize=1)
def shipped_rows() -> tuple[WordRow, ...]:
    """All rows of the files of this release, in their order."""
    return tuple(row for of in WordList for row in _shipped(of))


def _shipped(of: WordList) -> Iterator[WordRow]:
    shape = SHAPES[of]
    with (FILES / f"{of.value}.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            weight = int(row["weight"]) if shape.are_patterns else 0
            yield WordRow(of, row[shape.says], weight, row[shape.words])
