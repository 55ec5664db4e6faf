"""Which of the city's categories a text tells of: the reading of the matter, and beside it the city's own words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tickets.directory.categories import Hint, suggest
from tickets.folding import as_written, fold
from tickets.matter import CategoryRead, MatterReading
from tickets.matter.categories import weighed
from tickets.matter.learned import LearnedKind, most_like

# One of the city's own words counts as much as a plain sign of the shipped patterns.
_HINT_WEIGHS = 4.0
MOST_KINDS = 5


class RankableKind(Protocol):
    """As much of a category as ranking asks of it."""

    @property
    def code(self) -> str: ...

    @property
    def conduct(self) -> str: ...


class KindRules(Protocol):
    """What a city's kinds are told by."""

    @property
    def categories(self) -> Mapping[int, RankableKind]: ...

    @property
    def hints(self) -> Sequence[Hint]: ...

    @property
    def learned(self) -> Sequence[LearnedKind]: ...


@dataclass(frozen=True, slots=True)
class RankedKind:
    """`weight` compares within one text; `words` are those of the text that told.

    `learned_from`: how many corrections of agents put it first, 0 where the rules did. `is_named`: by a pattern, a
    city's own word or such corrections, and not only by single words that lean to it.
    """

    category_id: int
    weight: float
    words: str
    learned_from: int = 0
    is_named: bool = True


def kinds_of(said: str, read: MatterReading, rules: KindRules) -> list[RankedKind]:
    """What was learned has no say where somebody may be in danger or accused."""
    learned = () if read.may_be_danger or read.may_accuse else rules.learned
    return ranked_kinds(said, read.categories, rules.categories, rules.hints, learned)


def ranked_kinds(
    said: str,
    told: Sequence[CategoryRead],
    categories: Mapping[int, RankableKind],
    hints: Sequence[Hint],
    learned: Sequence[LearnedKind] = (),
) -> list[RankedKind]:
    """The likeliest first; what a city does not keep, or nobody may guess (conduct), is none of them."""
    ids = {category.code: category_id for category_id, category in categories.items() if not category.conduct}
    found = {ids[one.code]: _ranked(ids[one.code], one, said) for one in told if one.code in ids}
    named = {ids[one.code]: one.named for one in told if one.code in ids}
    leans = {kind: found[kind].weight - named[kind] for kind in found}
    furthest = max(leans.values(), default=0.0)
    for suggestion in suggest(hints, said, limit=MOST_KINDS):
        kind = suggestion.category_id
        weight = _HINT_WEIGHS * math.sqrt(sum(len(phrase.split()) ** 2 for phrase in suggestion.because))
        if not categories[kind].conduct and named.get(kind, 0.0) < weight:
            named[kind] = weight
            # Of a kind that the city has made single words have learned nothing: it is not to stand behind for that.
            leans[kind] = max(leans.get(kind, 0.0), furthest)
            found[kind] = RankedKind(kind, weight, _shown(suggestion.because, said))
    weights = weighed(named, leans)
    known = (replace(found[kind], weight=weight, is_named=named[kind] > 0) for kind, weight in weights.items())
    ranked = sorted(known, key=lambda kind: -kind.weight)
    ranked = ranked[:MOST_KINDS]
    return _with_learned(said, ranked, ids, categories, learned)


def _with_learned(
    said: str,
    ranked: list[RankedKind],
    ids: Mapping[str, int],
    categories: Mapping[int, RankableKind],
    learned: Sequence[LearnedKind],
) -> list[RankedKind]:
    """What people have corrected texts like this one to comes first; the rules' own order stays behind it."""
    known = [kind for kind in learned if kind.code in ids]
    like = most_like(said, known, read=[categories[one.category_id].code for one in ranked])
    if like is None:
        return ranked
    weight = ranked[0].weight + 1.0 if ranked else _HINT_WEIGHS
    words = ", ".join(as_written(one, said) for one in like.words)
    first = RankedKind(ids[like.kind.code], weight, words, like.kind.corrected)
    return [first, *(one for one in ranked if one.category_id != first.category_id)][:MOST_KINDS]


def equally_likely(ranked: Sequence[RankedKind]) -> list[RankedKind]:
    """The likeliest that is named, and whatever the words name as much.

    Clock and department hang on it: single words that only lean to a kind are shown to people, and settle nothing.
    """
    named = [kind for kind in ranked if kind.is_named]
    return [kind for kind in named if kind.weight == named[0].weight]


def _ranked(category_id: int, one: CategoryRead, said: str) -> RankedKind:
    return RankedKind(category_id, one.weight, ", ".join(_as_said(words, said) for words in one.because))


def _as_said(words: str, said: str) -> str:
    return " … ".join(as_written(fold(part), said) for part in words.split(" … "))


def _shown(phrases: Sequence[str], said: str) -> str:
    """As they were written, longer ones in place of what they hold."""
    whole = [one for one in phrases if not any(one != other and f" {one} " in f" {other} " for other in phrases)]
    return ", ".join(as_written(phrase, said) for phrase in whole)
