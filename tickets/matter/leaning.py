"""How far the words of a text and their classes lean towards a question, where no pattern holds.

`tools/lean_words.py` learns the weights from labelled examples (`reference_data/matter/leanings.csv`). A leaning
raises a text to be looked at, and never speaks against a pattern.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from tickets.matter.reading import MOST_TOLD_WORDS
from tickets.matter.rulebook import MarkedText
from tickets.matter.text import MatterText, is_function_word

# The row of the file that says how far a text without any known word leans.
ALONE = "(alone)"
# Written with a mark: told apart from the same letters without it.
_MARKED = "="
# A class of words of the rules ("@past", "@weapon"): it says more than each of its words does.
_CLASS = "@"
# In fewer words one chance word decides: a name alone must not lean anywhere.
_LEAST_WORDS = 6
# Nor what is left of a sentence in which nearly all words only hold it together.
_LEAST_TOLD = 5
# In a long letter the last sentence may tell of danger: each piece of so many words leans for itself as well.
_LONG, _PIECE = 70, 20
# Of a longer text the beginning leans: behind so many words none of them says anything any more, and patterns tell.
_MOST_WORDS = 600
_NOWHERE = -100.0


@dataclass(frozen=True, slots=True)
class Leaning:
    """`score` above nothing is more likely than not; `names` are the features of the text that weigh anything."""

    score: float
    found: MarkedText | None = None
    names: Collection[str] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def because(self) -> tuple[str, ...]:
        """The words that lean most, as they were written."""
        if self.found is None:
            return ()
        weighed = sorted((-self.weights[name], name) for name in self.names)
        strongest = [name for weight, name in weighed if weight < 0]
        written = as_written(self.found, frozenset(strongest))
        return tuple(dict.fromkeys(written[name] for name in strongest))[:MOST_TOLD_WORDS]


NO_LEANING = Leaning(_NOWHERE)


def features(found: MarkedText) -> frozenset[str]:
    """Each word and pair of words without marks, each word as it is marked, and each class of words."""
    return _of_text(found.text) | {name for name in found.hits if name.startswith(_CLASS)}


@dataclass(frozen=True, slots=True)
class _Places:
    """The words of a text that say anything: `at` counts in all of its words, the other lists in these. Nothing
    stands where a word is told by no mark, holds only others together, or makes no pair with the one before it.
    """

    at: list[int]
    plain: list[str]
    marked: list[str]
    pairs: list[str]

    def names(self, start: int, end: int) -> set[str]:
        """What stands in these words of the text, apart from those around them."""
        first, last = bisect_left(self.at, start), bisect_left(self.at, end)
        names = {*self.plain[first:last], *self.marked[first:last], *self.pairs[first + 1 : last]}
        names.discard("")
        return names


# Asked of one text for one question after the other.
@lru_cache(maxsize=2)
def _of_text(text: MatterText) -> frozenset[str]:
    return frozenset(_places(text).names(0, len(text.words)))


@lru_cache(maxsize=2)
def _places(text: MatterText) -> _Places:
    """What only holds English together ("in the") leans nowhere: who wrote it in examples was often in danger."""
    at = [at for at, word in enumerate(text.words[:_MOST_WORDS]) if not word.plain.isdecimal()]
    told = [text.words[place] for place in at]
    plain = [word.plain for word in told]
    marked = [_MARKED + word.exact if word.exact != word.plain else "" for word in told]
    if not text.is_english:
        return _Places(at, plain, marked, ["", *map(" ".join, pairwise(plain))])
    held = ["" if is_function_word(word) else word for word in plain]
    pairs = [f"{left} {right}" if left and right else "" for left, right in pairwise(held)]
    return _Places(at, held, marked, ["", *pairs])


def lean(found: MarkedText, weights: Mapping[str, float]) -> Leaning:
    """The same words in a longer text weigh less, so that length alone leans nowhere."""
    if not weights or len(found.text.words) < _LEAST_WORDS:
        return NO_LEANING
    if len(_of_text(found.text)) < _LEAST_TOLD:
        return NO_LEANING
    return _weighed(found, features(found), weights)


def lean_anywhere(found: MarkedText, weights: Mapping[str, float]) -> Leaning:
    """As the text leans, or as one piece of a long one does: "…I must stop here, the children slid into the pit."."""
    whole = lean(found, weights)
    if not weights or len(found.text.words) < _LONG:
        return whole
    pieces = (_weighed(found, names, weights) for names in _pieces(found))
    return max(whole, *pieces, key=lambda leaning: leaning.score)


def _pieces(found: MarkedText) -> Iterable[set[str]]:
    """Whole sentences, so many that each piece has words enough, and the classes of words that begin in it."""
    text, begins = found.text, [0]
    for number in range(_PIECE, min(len(text.words), _MOST_WORDS) - _PIECE):
        if number - begins[-1] >= _PIECE and text.at[number] - text.at[number - 1] > 1:
            begins.append(number)
    classes = [(name, span.start) for name, spans in found.hits.items() if name.startswith(_CLASS) for span in spans]
    places = _places(text)
    for start, end in pairwise([*begins, len(text.words)]):
        yield places.names(start, end) | {name for name, at in classes if start <= at < end}


def _weighed(found: MarkedText, names: Set[str], weights: Mapping[str, float]) -> Leaning:
    # Of two sets the smaller one is walked, without a step of our own for each name that weighs nothing.
    told = weights.keys() & names
    said = math.fsum(map(weights.__getitem__, told)) / math.sqrt(len(names) or 1)
    return Leaning(weights.get(ALONE, 0.0) + said, found, told, weights)


def as_written(found: MarkedText, wanted: Collection[str]) -> dict[str, str]:
    words = [word for word in found.text.words if not word.plain.isdecimal()]
    written = {word.plain: word.said for word in words if word.plain in wanted}
    written |= {_MARKED + word.exact: word.said for word in words if _MARKED + word.exact in wanted}
    for left, right in pairwise(words):
        if (name := f"{left.plain} {right.plain}") in wanted:
            written[name] = f"{left.said} {right.said}"
    classes = ((name, found.hits[name][0]) for name in wanted if name.startswith(_CLASS))
    return written | {name: found.text.said(span.start, span.end) for name, span in classes}
