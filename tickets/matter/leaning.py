"""How far the words of a text lean towards a question, where no pattern holds: weights learned from labelled examples.

`reference_data/matter/leanings.csv` is written by `tools/lean_words.py`. A leaning raises a text to be looked at, and
never speaks against a pattern.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from tickets.matter.reading import MOST_TOLD_WORDS
from tickets.matter.text import MatterText, is_function_word

# The row of the file that says how far a text without any known word leans.
ALONE = "(alone)"
# Written with a mark: told apart from the same letters without it.
_MARKED = "="
# In fewer words one chance word decides: a name alone must not lean anywhere.
_LEAST_WORDS = 6
_NOWHERE = -100.0


@dataclass(frozen=True, slots=True)
class Leaning:
    """`score` above nothing is more likely than not; `told` are the features of the text that weigh anything."""

    score: float
    text: MatterText | None = None
    told: Mapping[str, float] = field(default_factory=dict)

    @property
    def because(self) -> tuple[str, ...]:
        """The words that lean most, as they were written."""
        if self.text is None:
            return ()
        strongest = sorted(
            (name for name in self.told if self.told[name] > 0), key=lambda name: (-self.told[name], name)
        )
        written = _as_written(self.text, frozenset(strongest))
        return tuple(dict.fromkeys(written[name] for name in strongest))[:MOST_TOLD_WORDS]


NO_LEANING = Leaning(_NOWHERE)


# Asked of one text for one question after the other.
@lru_cache(maxsize=2)
def features(text: MatterText) -> frozenset[str]:
    """Each word and pair of words without marks, and each word as it is marked.

    What only holds English together ("in the", "out") leans nowhere: who wrote English in examples was often in danger.
    """
    words = [word.plain for word in text.words if not word.plain.isdecimal()]
    marked = {word.exact for word in text.words if word.exact != word.plain and not word.plain.isdecimal()}
    pairs: Iterable[tuple[str, str]] = pairwise(words)
    if text.is_english:
        pairs = (pair for pair in pairs if not is_function_word(pair[0]) and not is_function_word(pair[1]))
        words = [word for word in words if not is_function_word(word)]
    return frozenset([*words, *map(" ".join, pairs), *[_MARKED + word for word in marked]])


def lean(text: MatterText, weights: Mapping[str, float]) -> Leaning:
    """The same words in a longer text weigh less, so that length alone leans nowhere."""
    if not weights or len(text.words) < _LEAST_WORDS:
        return NO_LEANING
    found = features(text)
    told = {name: weights[name] for name in found if name in weights}
    return Leaning(weights.get(ALONE, 0.0) + math.fsum(told.values()) / math.sqrt(len(found) or 1), text, told)


def _as_written(text: MatterText, wanted: Collection[str]) -> dict[str, str]:
    words = [word for word in text.words if not word.plain.isdecimal()]
    written = {word.plain: word.said for word in words if word.plain in wanted}
    written |= {_MARKED + word.exact: word.said for word in words if _MARKED + word.exact in wanted}
    for left, right in pairwise(words):
        if (name := f"{left.plain} {right.plain}") in wanted:
            written[name] = f"{left.said} {right.said}"
    return written
