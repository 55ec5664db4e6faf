"""What agents' corrections teach of kinds of matter: a linear weighing of words, pairs and letters, beside the rules.

It learns a kind once enough texts were corrected to it and they have words in common that other texts have not. It
says nothing of danger and of officials. Where the rules found another kind than people have corrected from, a text must
be the more alike before it speaks against them.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tickets.folding import folded_words

# So many corrections to one kind before its voice counts, and so many of the newest are learned from.
LEAST_CORRECTED, MOST_CORRECTED = 5, 200
MOST_FEATURES, MOST_SHOWN = 60, 4
_MOST_CHARACTERS, _LETTERS = 4_000, 4
# How a run of letters is told from a word; it weighs less, because a word holds several.
_RUN, _RUN_WEIGHS = "~", 0.25
# A feature stands in so large a share of the corrected texts, and so many times as often as in others.
_SHARE, _TIMES = 0.3, 3.0
# A new text must say about half of what the texts say that taught the kind.
_OF_THE_USUAL = 0.5
# Against a kind from which nobody has corrected to this one.
_AGAINST_OTHERS = 1.5


@dataclass(frozen=True, slots=True)
class Corrected:
    """A text that was read as of one kind (by code; '' for none) and is of another."""

    text: str
    guessed: str
    correct: str


@dataclass(frozen=True, slots=True)
class OtherText:
    """A text that nobody corrected, with the kinds that fit it: what is learned may not speak of it otherwise.

    `is_certain`: a person said so; what nobody has put right only shows which words are common.
    """

    text: str
    kinds: frozenset[str]
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class LearnedKind:
    """A kind with the weights of its words; a text that weighs `least` is like those that people corrected to it."""

    code: str
    corrected: int
    instead_of: frozenset[str]
    least: float
    weights: Mapping[str, float]

    @property
    def words(self) -> list[str]:
        """What weighs most, for people to read."""
        named = (name for name in self.weights if not name.startswith(_RUN))
        return sorted(named, key=lambda name: (-self.weights[name], name))


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A learned kind in a text: how many times as much as is needed, and the words that told, folded."""

    kind: LearnedKind
    times: float
    words: tuple[str, ...]


def features(text: str) -> frozenset[str]:
    """Words, pairs of neighbours and runs of letters, without marks; numbers say nothing of a kind."""
    words = [word for word in folded_words(text[:_MOST_CHARACTERS]) if not any(c.isdigit() for c in word)]
    runs = (f"{_RUN}{word[at : at + _LETTERS]}" for word in words for at in range(len(word) - _LETTERS + 1))
    return frozenset([*(word for word in words if len(word) > 1), *map(" ".join, pairwise(words)), *runs])


def learn(corrected: Sequence[Corrected], others: Sequence[OtherText]) -> tuple[LearnedKind, ...]:
    """The kinds that enough corrections teach, by code; each text counts once, the newest of `corrected` first."""
    taught = _by_kind(corrected)
    named = [(features(one.text), one.kinds, one.is_certain) for one in others]
    named += [(each, frozenset([code]), True) for code, texts in taught.items() for each in texts]
    found = []
    for code, texts in sorted(taught.items()):
        if len(texts) >= LEAST_CORRECTED:
            from_kinds = {one.guessed for one in corrected if one.correct == code} - {code}
            kind = _learned(code, texts, from_kinds, [one for one in named if code not in one[1]])
            found += [kind] if kind is not None else []
    return tuple(found)


def _by_kind(corrected: Sequence[Corrected]) -> dict[str, list[frozenset[str]]]:
    taught: dict[str, dict[frozenset[str], None]] = {}
    for one in corrected:
        if one.correct and one.correct != one.guessed and len(taught.get(one.correct, ())) < MOST_CORRECTED:
            taught.setdefault(one.correct, {})[features(one.text)] = None
    return {code: list(texts) for code, texts in taught.items()}


_Named = tuple[frozenset[str], frozenset[str], bool]


def _learned(
    code: str, texts: Sequence[frozenset[str]], instead_of: Collection[str], others: Sequence[_Named]
) -> LearnedKind | None:
    """None where they have nothing in common, or what they have stands in texts of other kinds as well."""
    weights = _weights(texts, [each for each, _kinds, _certain in others])
    if not weights:
        return None
    usual = median(_weigh(each, weights) for each in texts)
    foreign = max((_weigh(each, weights) for each, _kinds, is_certain in others if is_certain), default=0.0)
    least = max(_OF_THE_USUAL * usual, math.nextafter(foreign, math.inf))
    heard = sum(_weigh(each, weights) >= least for each in texts)
    if 2 * heard < len(texts):
        return None
    return LearnedKind(code, len(texts), frozenset(instead_of), least, weights)


def _weights(texts: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> dict[str, float]:
    """How many times as often each stands in the texts of the kind, as logarithms; the heaviest."""
    here = Counter(name for each in texts for name in each)
    there = Counter(name for each in others for name in each)
    weights: dict[str, float] = {}
    for name, count in here.items():
        share, elsewhere = count / len(texts), (there[name] + 0.5) / (len(others) + 1)
        if count > 1 and share >= _SHARE and share / elsewhere >= _TIMES:
            weigh = _RUN_WEIGHS if name.startswith(_RUN) else 1.0
            weights[name] = round(weigh * share * math.log(share / elsewhere), 4)
    heaviest = sorted(weights, key=lambda name: (-weights[name], name))[:MOST_FEATURES]
    return {name: weights[name] for name in heaviest}


def _weigh(names: Collection[str], weights: Mapping[str, float]) -> float:
    return math.fsum(weight for name, weight in weights.items() if name in names)


def most_like(text: str, learned: Sequence[LearnedKind], *, read: Sequence[str]) -> Resemblance | None:
    """The learned kind that a text is most like; `read` is what the rules read, the likeliest first.

    None where nothing learned fits, or where it is read so already.
    """
    if not learned:
        return None
    first = read[0] if read else ""
    names = features(text)
    found = []
    for kind in learned:
        is_near = not read or first in kind.instead_of or kind.code in read
        times = _weigh(names, kind.weights) / kind.least
        if kind.code != first and times >= (1.0 if is_near else _AGAINST_OTHERS):
            found.append(Resemblance(kind, times, _longest([name for name in kind.words if name in names])))
    return max(found, key=lambda one: (one.times, one.kind.code), default=None)


def _longest(words: Sequence[str]) -> tuple[str, ...]:
    """Without those that stand in another one already."""
    whole = [one for one in words if not any(one != other and f" {one} " in f" {other} " for other in words)]
    return tuple(whole[:MOST_SHOWN])
