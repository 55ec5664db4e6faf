"""How far the words of a text lean towards a question, where no pattern holds: weights learned from labelled examples.

`reference_data/matter/leanings.csv` is written by `tools/lean_words.py`. A leaning raises a text to be looked at, and
never speaks against a pattern.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
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
    """`score` above nothing is more likely than not; `because` are the words that lean most, as they were written."""

    score: float
    because: tuple[str, ...]


NO_LEANING = Leaning(_NOWHERE, ())


def features(text: MatterText) -> dict[str, str]:
    """Each word and pair of words without marks, and each word as it is marked; with how it was written.

    What only holds English together ("in the", "out") leans nowhere: who wrote English in examples was often in danger.
    """
    words = [word for word in text.words if not word.plain.isdecimal()]
    idle = {word.plain for word in words if text.is_english and is_function_word(word.plain)}
    found = {word.plain: word.said for word in words if word.plain not in idle}
    for left, right in pairwise(words):
        if idle & {left.plain, right.plain}:
            continue
        found[f"{left.plain} {right.plain}"] = f"{left.said} {right.said}"
    for word in words:
        if word.exact != word.plain:
            found[_MARKED + word.exact] = word.said
    return found


def lean(text: MatterText, weights: Mapping[str, float]) -> Leaning:
    """The same words in a longer text weigh less, so that length alone leans nowhere."""
    if not weights or len(text.words) < _LEAST_WORDS:
        return NO_LEANING
    found = features(text)
    told = {name: weights[name] for name in found if name in weights}
    score = weights.get(ALONE, 0.0) + sum(told.values()) / math.sqrt(len(found) or 1)
    strongest = sorted((name for name in told if told[name] > 0), key=lambda name: -told[name])
    return Leaning(score, tuple(dict.fromkeys(found[name] for name in strongest))[:MOST_TOLD_WORDS])
