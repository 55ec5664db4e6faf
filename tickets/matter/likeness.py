"""How much two texts say the same: by the words they share, each for as much as it tells.

A word that stands in many of the shipped examples ("nhà", "đường") tells little; one by which agents' corrections told
a kind of matter counts twice.
"""

import csv
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from tickets.folding import folded_words
from tickets.matter.learned import LearnedKind
from tickets.matter.lists import FILES

_MOST_CHARACTERS = 4_000
# What is shared by chance: fewer words than these say nothing.
LEAST_SHARED = 3
_TAUGHT = 2.0


def taught_words(learned: Sequence[LearnedKind]) -> frozenset[str]:
    """The single words by which corrections taught any kind."""
    return frozenset(word for kind in learned for word in kind.words if " " not in word)


# Every look at a ticket compares it with the same newest ones of its unit; taking their words apart takes longest.
@lru_cache(maxsize=2_000)
def telling_words(text: str, taught: frozenset[str] = frozenset()) -> Mapping[str, float]:
    """The words of a text, folded, with how much each tells."""
    told, without = _told(), max(_told().values())
    words = {word for word in folded_words(text[:_MOST_CHARACTERS]) if len(word) > 1 or word.isdecimal()}
    return {word: told.get(word, without) * (_TAUGHT if word in taught else 1.0) for word in words}


def likeness(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """From 0 to 1: how much of the shorter of two texts stands in the other."""
    shared = one.keys() & other.keys()
    if len(shared) < LEAST_SHARED:
        return 0.0
    return math.fsum(one[word] for word in shared) / min(_whole(one.values()), _whole(other.values()))


def _whole(weights: Collection[float]) -> float:
    return math.fsum(weights) or 1.0


@lru_cache(maxsize=1)
def _told() -> Mapping[str, float]:
    """Of each word of the shipped examples, how seldom it is, as a logarithm."""
    with (FILES / "examples.csv").open(encoding="utf-8", newline="") as lines:
        texts = [set(folded_words(row["text"])) for row in csv.DictReader(lines)]
    often = Counter(word for words in texts for word in words)
    return {word: math.log((len(texts) + 1) / count) for word, count in often.items()}
