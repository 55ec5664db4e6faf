"""Which kinds of matter a text tells of, the likeliest first, by the codes of `reference_data/categories.csv`."""

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tickets.matter.about_officials import accuses_head
from tickets.matter.kind_words import lean_to_kinds, leaning_words
from tickets.matter.lanes import KindWords
from tickets.matter.phrases import Span
from tickets.matter.reading import MOST_TOLD_WORDS, Certainty, Indication, Sign, signs
from tickets.matter.rulebook import MarkedText, MatterRulebook

MOST_CATEGORIES = 5
_Kind = TypeVar("_Kind", bound=Hashable)
# What is far behind the first is chance.
_SHARE_OF_FIRST = 0.3
# A kind of danger is a kind of matter too; these weigh more than any words of everyday.
_OF_DANGER: Mapping[str, tuple[str, ...]] = {
    "fire": ("fire_safety",),
    "gas": ("fire_safety",),
    "explosion": ("fire_safety",),
    "trapped": ("fire_safety",),
    "chemical": ("pollution", "fire_safety"),
    "violence": ("disturbance",),
    "kidnap": ("child_protection", "disturbance"),
    "child": ("child_protection",),
    "medical": ("hospital",),
    "injury": ("hospital",),
    "suicide": ("hospital", "disturbance"),
    "traffic": ("hospital", "roads"),
    "drowning": ("other_matter", "hospital"),
    "electricity": ("power_cut",),
    "tree": ("tree_danger",),
    "animal": ("animal_keeping",),
    "lift": ("social_housing",),
    "collapse": ("building_nuisance",),
}
_DANGER_WEIGHS, _BESIDE_IT = 8.0, 5.0
_CONDUCT_WEIGHS = 100.0
# A pattern of this weight tells a kind alone.
_NAMES_ALONE, _BEHIND = 4.0, 0.01
_STAFF, _HEAD = "conduct_staff", "conduct_head"


@dataclass(frozen=True, slots=True)
class CategoryRead:
    """`weight` compares within one text only; `because` are the words of the text that told.

    `named`: how much of the weight patterns give; the rest are single words that lean to the kind.
    """

    code: str
    weight: float
    because: tuple[str, ...]
    named: float = 0.0


def read_categories(
    found: MarkedText, rules: MatterRulebook, *, danger: Indication, about_officials: Indication
) -> tuple[CategoryRead, ...]:
    """An accusation comes before everything else, danger before what is told beside it."""
    told = _told(_with_everyday(found), rules)
    if danger.certainty is not Certainty.NO:
        for kind in danger.kinds:
            for weight, code in zip((_DANGER_WEIGHS, _BESIDE_IT), _OF_DANGER.get(kind, ()), strict=False):
                told.setdefault(code, _Told()).add(weight, danger.because)
    if about_officials.certainty is not Certainty.NO:
        code = _HEAD if accuses_head(found) else _STAFF
        told.setdefault(code, _Told()).add(_CONDUCT_WEIGHS, about_officials.because)
    else:
        # Only what happened accuses somebody: "cán bộ rất tốt" does not.
        told = {code: one for code, one in told.items() if code not in (_STAFF, _HEAD)}
    return _ranked(found, told, rules.kind_words)


def _with_everyday(found: MarkedText) -> MarkedText:
    """Everyday phrases are no danger, and may well be a matter: "kẹt xe", "muỗi cắn", "sốt xuất huyết"."""
    if not found.everyday:
        return found
    hits = dict(found.hits)
    for name, spans in found.everyday.items():
        hits[name] = sorted([*hits.get(name, ()), *spans])
    return MarkedText(found.text, hits)


class _Told:
    """What speaks for one category. What is told first says most: a story wanders off."""

    def __init__(self) -> None:
        self._weights: list[float] = []
        self.begins_at = math.inf
        self.words: dict[str, None] = {}

    def add(self, weight: float, words: Iterable[str], *, at: float = math.inf) -> None:
        self._weights.append(weight)
        self.begins_at = min(self.begins_at, at)
        self.words |= dict.fromkeys(words)

    @property
    def weight(self) -> float:
        """The strongest sign whole, each further one for half of the one before it."""
        return math.fsum(weight / 2.0**place for place, weight in enumerate(sorted(self._weights, reverse=True)))


def _told(found: MarkedText, rules: MatterRulebook) -> dict[str, _Told]:
    kept = signs(rules.categories, found)
    longest = _longest_over(sign.spans[0] for sign in kept if len(sign.spans) == 1)
    told: dict[str, _Told] = {}
    seen: set[tuple[str, str]] = set()
    for sign in kept:
        words = sign.said(found)
        if (sign.pattern.says, words) in seen or _is_part_of_more(sign, longest):
            continue
        seen.add((sign.pattern.says, words))
        told.setdefault(sign.pattern.says, _Told()).add(_weight(sign), (words,), at=sign.start)
    return told


def _weight(sign: Sign) -> float:
    """A longer phrase says more than a shorter one of the same weight."""
    said = sum(span.end - span.start for span in sign.spans)
    return sign.pattern.weight * math.sqrt(said)


def _longest_over(spans: Iterable[Span]) -> dict[int, int]:
    longest: dict[int, int] = {}
    for span in spans:
        for at in range(span.start, span.end):
            longest[at] = max(longest.get(at, 0), span.end - span.start)
    return longest


def _is_part_of_more(sign: Sign, longest: Mapping[int, int]) -> bool:
    """ "điện" inside "tiền điện" tells nothing of its own."""
    if len(sign.spans) > 1:
        return False
    span = sign.spans[0]
    return any(longest[at] > span.end - span.start for at in range(span.start, span.end))


def _ranked(found: MarkedText, told: Mapping[str, _Told], kind_words: KindWords) -> tuple[CategoryRead, ...]:
    begins = {code: one.begins_at for code, one in told.items()}
    leans = lean_to_kinds(found, kind_words)
    known = sorted({*told, *leans}, key=lambda code: (begins.get(code, math.inf), code))
    named = {code: round(told[code].weight, 2) if code in told else 0.0 for code in known}
    weights = weighed(named, leans)
    ranked = sorted(weights, key=lambda code: (-weights[code], -leans.get(code, 0.0)))
    if not ranked:
        return ()
    least = weights[ranked[0]] * _SHARE_OF_FIRST
    if weights[ranked[0]] >= _CONDUCT_WEIGHS and len(ranked) > 1:
        least = weights[ranked[1]] * _SHARE_OF_FIRST
    shown = [code for code in ranked[:MOST_CATEGORIES] if weights[code] >= least]
    words = leaning_words(found, kind_words, [code for code in shown if code not in told])
    words |= {code: tuple(told[code].words)[:MOST_TOLD_WORDS] for code in shown if code in told}
    return tuple(CategoryRead(code, round(weights[code], 2), words[code], named[code]) for code in shown)


def weighed(named: Mapping[_Kind, float], leans: Mapping[_Kind, float]) -> dict[_Kind, float]:
    """Both weights together. Of kinds that are named most and alike, what leans decides nothing: a person looks."""
    weights = {kind: weight + leans.get(kind, 0.0) for kind, weight in named.items()}
    most = max(named.values(), default=0.0)
    if most >= _NAMES_ALONE:
        # What a pattern names alone is not behind what nothing names.
        first = max(weight for kind, weight in weights.items() if named[kind] > 0)
        weights = {
            kind: weight if named[kind] > 0 else min(weight, first - _BEHIND) for kind, weight in weights.items()
        }
    alike = [kind for kind, weight in named.items() if weight == most and most > 0.0]
    return weights | dict.fromkeys(alike, max((weights[kind] for kind in alike), default=0.0))
