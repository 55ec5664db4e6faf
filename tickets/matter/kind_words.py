"""How far the words of a text lean towards each kind of matter, beside the patterns that name it.

`tools/lean_kinds.py` learns the weights from labelled examples (`reference_data/matter/kind_words.csv`). They rank
kinds: nothing is put to a clock, kept from anybody or called an emergency by them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tickets.matter.leaning import as_written, features
from tickets.matter.reading import MOST_TOLD_WORDS
from tickets.matter.rulebook import MarkedText

# How much a sum of weights counts beside patterns: about as much as one that tells alone. Tried on examples that were
# kept out of learning; between 1.5 and 6 it makes little difference.
_WEIGHS = 2.0
# In fewer words none weighs more than in so many, or a single one would outweigh what names a kind.
_FEW = 12
# Less says nothing where no pattern does.
_LEAST = 0.5


@dataclass(frozen=True, slots=True)
class KindLeaning:
    """`weight` counts beside that of patterns; `told` are the weights of the text's words for this kind."""

    weight: float
    told: Mapping[str, float]


def lean_to_kinds(found: MarkedText, weights: Mapping[str, Mapping[str, float]]) -> dict[str, KindLeaning]:
    """`weights`: of each word, by kind. The same words in a longer text weigh less."""
    names = features(found)
    told: dict[str, dict[str, float]] = {}
    for name in names & weights.keys():
        for code, weight in weights[name].items():
            told.setdefault(code, {})[name] = weight
    share = _WEIGHS / math.sqrt(max(len(names), _FEW))
    leaning = {code: KindLeaning(share * math.fsum(words.values()), words) for code, words in told.items()}
    return {code: one for code, one in leaning.items() if one.weight >= _LEAST}


def leaning_words(found: MarkedText, leaning: KindLeaning) -> tuple[str, ...]:
    """The words that lean most, as they were written."""
    names = sorted(leaning.told, key=lambda name: (-leaning.told[name], name))[:MOST_TOLD_WORDS]
    written = as_written(found, frozenset(names))
    return tuple(dict.fromkeys(written[name] for name in names))
