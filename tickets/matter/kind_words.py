"""How far the words of a text lean towards each kind of matter, beside the patterns that name it.

`tools/lean_kinds.py` learns the weights from labelled examples (`reference_data/matter/kind_words.csv`). They rank
kinds: nothing is put to a clock, kept from anybody or called an emergency by them.
"""

import math
from collections.abc import Collection, Mapping
from itertools import chain

from tickets.matter.lanes import KindWords
from tickets.matter.leaning import as_written, features
from tickets.matter.reading import MOST_TOLD_WORDS
from tickets.matter.rulebook import HUNDREDTHS, MarkedText

# How much a sum of weights counts beside patterns: about as much as one that tells alone. Tried on examples that were
# kept out of learning; between 1.5 and 6 it makes little difference.
_WEIGHS = 2.0
# In fewer words none weighs more than in so many, or a single one would outweigh what names a kind.
_FEW = 12
# Less says nothing where no pattern does.
_LEAST = 0.5


def lean_to_kinds(found: MarkedText, weights: KindWords) -> dict[str, float]:
    """How much each kind counts beside patterns, by the weights of each word in hundredths: whole numbers, so that
    their order makes no difference. The same words in a longer text weigh less.
    """
    names = features(found)
    share = _WEIGHS / HUNDREDTHS / math.sqrt(max(len(names), _FEW))
    return {code: share * weight for code, weight in weights.sums(names).items() if share * weight >= _LEAST}


def leaning_words(found: MarkedText, weights: KindWords, kinds: Collection[str]) -> dict[str, tuple[str, ...]]:
    """For each of these kinds the words that lean most to it, as they were written."""
    names = weights.known(features(found)) if kinds else frozenset()
    most = {kind: _most(weights.of_kind(kind, names)) for kind in kinds}
    # The text is walked once for all of them.
    written = as_written(found, frozenset(chain.from_iterable(most.values()))) if kinds else {}
    return {kind: tuple(dict.fromkeys(written[name] for name in names)) for kind, names in most.items()}


def _most(weights: Mapping[str, int]) -> list[str]:
    return sorted(weights, key=lambda name: (-weights[name], name))[:MOST_TOLD_WORDS]
