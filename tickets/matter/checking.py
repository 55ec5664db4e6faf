"""What is wrong with a row of words before it may be published, and which examples of danger a change would lose."""

import csv
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache

from tickets.matter import MatterRulebook, read_matter
from tickets.matter.lists import CLASS_LISTS, FILES, SHAPES, WordList, WordRow, shipped_rows
from tickets.matter.patterns import parts_of
from tickets.sheets.values import BadValue

LONGEST_WORDS = 12_000
MOST_WORD_ROWS = 6_000
HEAVIEST = 6
_MOST_PARTS, _WIDEST_GAP, _MOST_IN_PHRASE, _MOST_MEANT = 6, 40, 12, 6
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_SIGNS = re.compile(r"[~&@|<>{}\[\]\\]")


def check_row(row: WordRow, classes: Collection[str]) -> None:
    """Raises BadValue, whose column is one of the list's file."""
    shape = SHAPES[row.list]
    if not row.says.strip():
        raise BadValue("missing", column=shape.says)
    if not row.words.strip():
        raise BadValue("missing", column=shape.words)
    if len(row.words) > LONGEST_WORDS:
        raise BadValue("too_long", LONGEST_WORDS, column=shape.words)
    _check_says(row)
    if shape.are_patterns:
        if not 1 <= row.weight <= HEAVIEST:
            raise BadValue("bad_number", row.weight, column="weight")
        _check_pattern(row.words, classes, column=shape.words)
    elif row.list is WordList.SHORTHAND:
        _check_shorthand(row)
    elif row.list is not WordList.AMBIGUOUS:
        _check_phrases(row.words.split("|"), column=shape.words)


def classes_of(rows: Iterable[WordRow]) -> frozenset[str]:
    return frozenset(row.says for row in rows if row.list in CLASS_LISTS)


def classes_needed(rows: Iterable[WordRow]) -> frozenset[str]:
    """Those that patterns name, and those of the release, which reading itself asks for."""
    named = {
        alternative.removeprefix("@")
        for row in rows
        if SHAPES[row.list].are_patterns
        for part in parts_of(row.words)
        for alternative in part.alternatives
        if alternative.startswith("@")
    }
    return frozenset(named) | classes_of(shipped_rows())


@lru_cache(maxsize=1)
def danger_examples() -> tuple[str, ...]:
    """The texts of the release that tell of danger to somebody now."""
    with (FILES / "examples.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(row["text"] for row in csv.DictReader(lines) if row["is_emergency"] == "yes")


def danger_found(words: MatterRulebook) -> int:
    """In how many of the examples patterns find it."""
    return sum(_is_found(text, _patterns_alone(words)) for text in danger_examples())


def danger_lost(before: MatterRulebook, after: MatterRulebook) -> list[str]:
    """Examples of danger that patterns find now and would find no more."""
    was, would = _patterns_alone(before), _patterns_alone(after)
    return [text for text in danger_examples() if _is_found(text, was) and not _is_found(text, would)]


def _patterns_alone(words: MatterRulebook) -> MatterRulebook:
    """The weights of single words were learned from these very examples: they would hide that a pattern is gone."""
    return replace(words, leanings={})


def _is_found(text: str, words: MatterRulebook) -> bool:
    return read_matter.__wrapped__(text, words).is_danger


def _check_says(row: WordRow) -> None:
    column = SHAPES[row.list].says
    if row.list is WordList.DANGER and row.says not in _kinds_of_danger():
        raise BadValue("no_such_code", row.says, column=column)
    is_code = SHAPES[row.list].are_patterns or row.list in CLASS_LISTS
    if is_code and not _CODE.fullmatch(row.says):
        raise BadValue("bad_code", row.says, column=column)
    if row.list in (WordList.SHORTHAND, WordList.AMBIGUOUS) and (" " in row.says or not _says_something(row.says)):
        raise BadValue("one_word", row.says, column=column)


@lru_cache(maxsize=1)
def _kinds_of_danger() -> frozenset[str]:
    return frozenset(row.says for row in shipped_rows() if row.list is WordList.DANGER)


def _check_pattern(written: str, classes: Collection[str], *, column: str) -> None:
    parts = parts_of(written)
    if len(parts) > _MOST_PARTS:
        raise BadValue("too_many_parts", _MOST_PARTS, column=column)
    for part in parts:
        if part.gap > _WIDEST_GAP:
            raise BadValue("gap_too_wide", _WIDEST_GAP, column=column)
        for name in part.alternatives:
            if name.startswith("@") and name.removeprefix("@") not in classes:
                raise BadValue("no_such_class", name, column=column)
        _check_phrases([one for one in part.alternatives if not one.startswith("@")], column=column)


def _check_phrases(phrases: Iterable[str], *, column: str) -> None:
    for phrase in phrases:
        words = phrase.split()
        if not words or not all(_says_something(word) for word in words) or _SIGNS.search(phrase):
            raise BadValue("bad_phrase", f"“{phrase[:60]}”", column=column)
        if len(words) > _MOST_IN_PHRASE:
            raise BadValue("phrase_too_long", _MOST_IN_PHRASE, column=column)


def _check_shorthand(row: WordRow) -> None:
    column = SHAPES[row.list].words
    means = row.words.split()
    if len(means) > _MOST_MEANT or not all(_says_something(word) for word in means) or _SIGNS.search(row.words):
        raise BadValue("bad_phrase", f"“{row.words[:60]}”", column=column)
    if row.says in means:
        raise BadValue("means_itself", row.says, column=column)


def _says_something(word: str) -> bool:
    return _SAYS_SOMETHING.search(word) is not None
