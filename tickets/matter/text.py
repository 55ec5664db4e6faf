"""A text as rules read it: its words in order, shorthand and raw Telex written out, letters split by dots joined."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tickets.directory.places.fold import spelling
from tickets.directory.places.telex import untelex

# Longer than any body a door accepts; a text beyond it is read up to here.
MAX_READ = 20_000
# A sentence's end keeps words apart as if some more stood between them.
_SENTENCE_GAP = 4
# Han, kana and hangul are written without blanks: each sign is a word of its own.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_PIECE = re.compile(
    r"(?P<split>(?<![^\W_])(?:[^\W\d_][.\-*_·]){2,}[^\W\d_](?![^\W_]))"
    rf"|(?P<sign>[{_SIGNS}])"
    rf"|(?P<word>(?:[^\W_{_SIGNS}]'?)+)"
    r"|(?P<end>[.!?;…\n。！？]+)"
)
_RULE_PIECE = re.compile(rf"[{_SIGNS}]|[^{_SIGNS}]+")
# "500k", "2tr", "1tr5", "3 củ" without the blank.
_MONEY = re.compile(r"(\d+)(k|tr|củ|xị|chai)\d*")
_SPLITTER = re.compile(r"[.\-*_·]")
# Signs nobody sees, put between letters by accident or to hide a word.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
# In southern speech hỏi and ngã are one tone, and are written one for the other.
_SAME_TONE = str.maketrans({"\u0303": "\u0309"})
# From this share of marked words on, a word without marks was meant without them ("ăn chay").
_WELL_MARKED = 0.45
# English has words that would be Telex ("is", "for"), though never so many.
_TELEX = 0.4
# Two of these, and it is English, however many of its other words would be Telex ("the hole is still there").
_ENGLISH = re.compile(
    r"(?:the|is|are|was|were|it|this|that|there|here|no|not|and|or|of|to|in|on|at|for|with|you|your|my|our|they|we|has|have"
    r"|been|more|still|now|again|after)"
)


# Words that hold English together and say nothing of what it is about: those that are English alone, and those that
# could be Vietnamese without its marks ("in", "to", "the" for thẻ).
_ENGLISH_ALONE = re.compile(
    r"this|that|these|those|my|we|our|you|your|his|she|her|it|its|they|them|their|who|whom|whose|which|what"
    r"|when|where|why|how|there|here|of|for|from|with|without|into|onto|out|off|down|over|under|about|around"
    r"|through|and|but|if|than|as|because|while|until|since|is|are|was|were|been|being|does|did|done|has|have"
    r"|had|having|will|would|shall|should|could|might|must|not|nor|any|some|all|every|each|both|other|another"
    r"|ones|same|such|only|own|just|very|too|also|again|ever|yet|please"
)
_OF_BOTH = re.compile(r"a|an|the|i|me|us|he|him|in|on|at|to|by|up|or|so|am|be|do|can|may|no|one")
# So many of them, and some that are English alone or so many words that are no Vietnamese syllables: it is English.
_ENGLISH_SHARE, _LEAST_ENGLISH, _NO_SYLLABLES = 0.25, 2, 0.3
_SYLLABLE = re.compile(r"(?:ngh|ng|nh|gh|gi|ph|th|tr|kh|ch|qu|[bcdđghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?")


class MatterWord(NamedTuple):
    """One word of a text: `exact` with marks, `plain` without.

    `is_open`: written without marks in a text that has few, so that it may stand for any word of its letters.
    """

    said: str
    exact: str
    plain: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class MatterText:
    """`at` is the place of each word, counted in words, and more at a sentence's end.

    `is_telex`: typed with the input method off ("ddaauf").
    """

    words: tuple[MatterWord, ...]
    at: tuple[int, ...]
    is_english: bool = False
    is_telex: bool = False

    def said(self, start: int, end: int) -> str:
        return " ".join(word.said for word in self.words[start:end])


class Letters(NamedTuple):
    """A word's letters as they are compared."""

    exact: str
    plain: str
    is_marked: bool


@lru_cache(maxsize=16_384)
def letters(word: str) -> Letters:
    """As the places compare them (i is y, hoà is hòa), and hỏi as ngã."""
    spelled = spelling(word)
    return Letters(spelled.exact.translate(_SAME_TONE), spelled.fold, spelled.is_marked)


def read_text(said: str, shorthand: Mapping[str, tuple[str, ...]]) -> MatterText:
    """The words of a text; `shorthand` says what short forms stand for ("ck" is "chồng")."""
    lowered = unicodedata.normalize("NFC", said[:MAX_READ].translate(_UNSEEN)).lower().replace("’", "'")
    pieces = list(_pieces(_STRETCHED.sub(r"\1", lowered)))
    telex = _telex(piece for piece, _ in pieces)
    often = Counter(piece for piece, _ in pieces)
    short = {piece: known for piece in often if (known := _short_for(piece, shorthand)) is not None}
    is_english = _is_english(often)
    is_loose = not is_english and _share_of_marked(often, short, telex) < _WELL_MARKED
    stands_for = {
        piece: tuple(_word(word, is_loose) for word in short.get(piece) or (telex.get(piece, piece),))
        for piece in often
    }
    words: list[MatterWord] = []
    places: list[int] = []
    further = 0
    for piece, place in pieces:
        out = stands_for[piece]
        words += out
        if len(out) == 1:
            places.append(place + further)
        else:
            places += range(place + further, place + further + len(out))
            further += len(out) - 1
    was_telex = any(key != letters(made).plain for key, made in telex.items())
    return MatterText(tuple(words), tuple(places), is_english, was_telex)


def _short_for(piece: str, shorthand: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    known = shorthand.get(piece)
    if known is None and piece[0].isdecimal() and (sum_of_money := _MONEY.fullmatch(piece)) is not None:
        return sum_of_money[1], "ngàn" if sum_of_money[2] == "k" else "triệu"
    return known


@lru_cache(maxsize=32_768)
def _word(written: str, is_loose: bool) -> MatterWord:
    found = letters(written)
    return MatterWord(written, found.exact, found.plain, is_loose and not found.is_marked)


def _share_of_marked(often: Counter[str], short: Mapping[str, object], telex: Mapping[str, str]) -> float:
    """Of the words that stand for themselves, numbers aside."""
    all_of_them = marked = 0
    for piece, times in often.items():
        found = letters(telex.get(piece, piece))
        if piece not in short and found.plain and not found.plain.isdecimal():
            all_of_them += times
            marked += times * found.is_marked
    return marked / all_of_them if all_of_them else 1.0


def words_in(phrase: str) -> list[str]:
    """A phrase of a rule in the words that a text would have."""
    return [piece.group() for chunk in phrase.split() for piece in _RULE_PIECE.finditer(chunk)]


def _pieces(lowered: str) -> Iterator[tuple[str, int]]:
    """Each word and its place."""
    at = 0
    for found in _PIECE.finditer(lowered):
        if found.lastgroup == "end":
            at += _SENTENCE_GAP
            continue
        piece = found.group()
        if found.lastgroup == "split":
            piece = _SPLITTER.sub("", piece)
        elif found.lastgroup == "word":
            piece = piece.rstrip("'")
        yield piece, at
        at += 1


def _telex(words: Iterable[str]) -> dict[str, str]:
    """What the keys of a text typed with the input method off would have made; nothing for any other text."""
    written = list(words)
    plain = [word for word in written if word.isascii() and word.isalpha()]
    is_english = len({word for word in set(plain) if _ENGLISH.fullmatch(word)}) > 1
    if is_english or any("'" in word for word in written):
        return {}
    if len(plain) < len(written) * (1 - _WELL_MARKED):
        # The input method was on: "gas" between words with marks is no "gá".
        return {}
    if plain == ["test"]:
        # What everybody writes who tries us out.
        return {}
    made = {word: syllable for word in plain if (syllable := untelex(word)) is not None}
    return made if _share(word in made for word in plain) >= _TELEX else {}


@lru_cache(maxsize=8_192)
def is_function_word(word: str) -> bool:
    """Whether it says nothing by itself, in English."""
    return _ENGLISH_ALONE.fullmatch(word) is not None or _OF_BOTH.fullmatch(word) is not None


@lru_cache(maxsize=8_192)
def is_syllable(word: str) -> bool:
    """Whether its letters could be one Vietnamese syllable without marks."""
    return _SYLLABLE.fullmatch(word) is not None


def _is_english(often: Counter[str]) -> bool:
    """None of its words stands for a Vietnamese one without marks: "lot" is no "lọt"."""
    count = often.total()
    if not count or sum(n for word, n in often.items() if is_function_word(word)) / count < _ENGLISH_SHARE:
        return False
    own = [word for word in often if _ENGLISH_ALONE.fullmatch(word)]
    foreign = sum(n for word, n in often.items() if word.isascii() and word.isalpha() and not is_syllable(word))
    return len(own) >= _LEAST_ENGLISH or foreign / count >= _NO_SYLLABLES


def _share(yes: Iterable[bool]) -> float:
    told = list(yes)
    return told.count(True) / len(told) if told else 1.0
