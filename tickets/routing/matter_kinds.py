"""Which of the city's categories a text tells of: the reading of the matter, and beside it the city's own words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tickets.directory.categories import Hint, suggest
from tickets.folding import as_written, fold
from tickets.matter import CategoryRead

# One of the city's own words counts as much as a plain sign of the shipped patterns.
_HINT_WEIGHS = 4.0
MOST_KINDS = 5


class RankableKind(Protocol):
    """As much of a category as ranking asks of it."""

    @property
    def code(self) -> str: ...

    @property
    def conduct(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RankedKind:
    """`weight` compares within one text; `words` are those of the text that told."""

    category_id: int
    weight: float
    words: str


def ranked_kinds(
    said: str, told: Sequence[CategoryRead], categories: Mapping[int, RankableKind], hints: Sequence[Hint]
) -> list[RankedKind]:
    """The likeliest first; what a city does not keep, or nobody may guess (conduct), is none of them."""
    ids = {category.code: category_id for category_id, category in categories.items() if not category.conduct}
    found = {ids[one.code]: _ranked(ids[one.code], one, said) for one in told if one.code in ids}
    for suggestion in suggest(hints, said, limit=MOST_KINDS):
        kind = categories[suggestion.category_id]
        weight = _HINT_WEIGHS * math.sqrt(sum(len(phrase.split()) ** 2 for phrase in suggestion.because))
        known = found.get(suggestion.category_id)
        if not kind.conduct and (known is None or known.weight < weight):
            found[suggestion.category_id] = RankedKind(suggestion.category_id, weight, _shown(suggestion.because, said))
    return sorted(found.values(), key=lambda kind: -kind.weight)[:MOST_KINDS]


def equally_likely(ranked: Sequence[RankedKind]) -> list[RankedKind]:
    """The likeliest, and whatever the words tell of as much."""
    return [kind for kind in ranked if kind.weight == ranked[0].weight]


def _ranked(category_id: int, one: CategoryRead, said: str) -> RankedKind:
    return RankedKind(category_id, one.weight, ", ".join(_as_said(words, said) for words in one.because))


def _as_said(words: str, said: str) -> str:
    return " … ".join(as_written(fold(part), said) for part in words.split(" … "))


def _shown(phrases: Sequence[str], said: str) -> str:
    """As they were written, longer ones in place of what they hold."""
    whole = [one for one in phrases if not any(one != other and f" {one} " in f" {other} " for other in phrases)]
    return ", ".join(as_written(phrase, said) for phrase in whole)
