"""Learns how far words and classes of words lean towards danger, accusations, noise and "not solved", by examples.

`PYTHONPATH=. python -m tools.lean_words` writes `tickets/reference_data/matter/leanings.csv`: same examples, in
whichever order, same file. Logistic regression with the weights held small has one minimum, and all examples are looked
at in each step towards it: what is taught of one thing hardly moves another. A hundred lines instead of a library of
hundreds of megabytes. `--hands` writes nothing and tells how well hands are read that taught nothing (some hours).
"""

import csv
import math
import sys
from bisect import bisect
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path

from tickets.matter.leaning import ALONE, features
from tickets.matter.lists import FILES
from tickets.matter.rulebook import look, rulebook

ROOT = Path(__file__).resolve().parents[1]
_FILES = (
    "matter_cases_second.csv",
    "matter_cases_fifth.csv",
    "matter_cases_sixth.csv",
    "matter_cases_seventh.csv",
    "matter_cases_eighth.csv",
    "matter_cases_ninth.csv",
    "matter_cases_tenth.csv",
    "matter_cases_eleventh.csv",
    "matter_cases_twelfth.csv",
    "matter_cases_thirteenth.csv",
    "matter_cases_fourteenth.csv",
    "matter_cases_fifteenth.csv",
    "matter_cases_sixteenth.csv",
    "matter_cases_seventeenth.csv",
    "matter_cases_eighteenth.csv",
    "matter_cases_nineteenth.csv",
    "matter_cases_twentysecond.csv",
    "matter_cases_twentythird.csv",
    "private_cases.csv",
    "taught_cases.csv",
    "taught_cases_second.csv",
    "taught_cases_third.csv",
    "taught_cases_fourth.csv",
    "taught_cases_fifth.csv",
    "taught_cases_sixth.csv",
    "taught_cases_seventh.csv",
    "taught_cases_eighth.csv",
    "english_cases.csv",
    "everyday_cases.csv",
    "everyday_cases_third.csv",
    "everyday_cases_fourth.csv",
    "answered_cases.csv",
    "answered_cases_third.csv",
)
QUESTIONS = ("is_emergency", "about_official", "is_noise", "is_not_solved")
EXAMPLES = (FILES / "examples.csv", *(ROOT / "tests/data" / name for name in _FILES))
LEANINGS = ROOT / "tickets/reference_data/matter/leanings.csv"
# Where noise is no label all texts tell of something, but for this file's, some of which are noise.
_UNLABELLED, _NOISE = "matter_cases_fifth.csv", "is_noise"
# Answers to "is it solved?" are labelled by what they answer.
_NOT_SOLVED, _SOLVED, _OPPOSITE = "is_not_solved", "is_solved", {"yes": "no", "no": "yes"}
# What one text alone has says nothing of the next; weights smaller than the last change nothing that is read.
_LEAST_TEXTS, _LEAST = 2, 0.05
# Done when the slope is so small beside the number of texts, or after so many steps; each step remembers so many.
_FLAT, _MOST_STEPS, _REMEMBERED = 1e-6, 400, 8
_FIRST_STEP, _DESCENDS = 1.0, 1e-4
_OF_FIVE, _FIVE_HANDS = "taught_cases_second.csv", (400, 770, 1120, 1420)
_FALSE = (0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Held:
    small: float
    common: float


# Chosen by leaving out one hand after the other (`--hands`): how small the weights are held, and how much smaller
# those of common words, which otherwise tell who wrote and at what length.
HELD = {
    "is_emergency": Held(0.004, 1.5),
    "about_official": Held(0.004, 1.5),
    "is_noise": Held(0.004, 1.0),
    "is_not_solved": Held(0.004, 1.0),
}
_TRIED = [Held(small, common) for small in (0.001, 0.004, 0.015) for common in (0.0, 1.0, 1.5, 2.0)]


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """A text by its features, in their order, and what a person said of it; `hand` says which set it is of."""

    features: tuple[str, ...]
    label: int
    hand: str = ""


def learn(question: str) -> dict[str, float]:
    """The weight of each word, and of none; a doubtful label teaches nothing."""
    return fit(examples(question), HELD[question])


def fit(given: Iterable[Example], held: Held) -> dict[str, float]:
    """The one minimum of what is wrongly told and how large the weights are: whichever order the examples come in."""
    those = sorted(given)
    often = Counter(name for one in those for name in one.features)
    names = sorted(name for name, count in often.items() if count >= _LEAST_TEXTS)
    number = {name: at for at, name in enumerate(names)}
    told = [([number[name] for name in one.features if name in number], _share(one), one.label) for one in those]
    rarest = math.log(len(those) / _LEAST_TEXTS) or 1.0
    rare = [(math.log(len(those) / often[name]) / rarest) ** held.common for name in names]
    found = _descend(lambda at: _slope(told, at, rare, held.small), [0.0] * (len(names) + 1), _FLAT * len(those))
    weights = {name: each * scale for name, each, scale in zip(names, found[:-1], rare, strict=True)}
    kept = {name: round(weight, 2) for name, weight in weights.items() if abs(weight) >= _LEAST}
    return {ALONE: round(found[-1], 2), **kept}


def _share(one: Example) -> float:
    """As a text is weighed when it is read: by the root of how many features it has."""
    return 1 / math.sqrt(len(one.features) or 1)


_Told = tuple[list[int], float, int]


def _slope(
    told: Sequence[_Told], at: Sequence[float], rare: Sequence[float], small: float
) -> tuple[float, list[float]]:
    """How wrong it is there, and how that changes with each weight; the last is the weight of none."""
    *free, alone = at
    weights = list(map(mul, free, rare))
    slope, of_none = [0.0] * len(free), 0.0
    wrong = [small / 2 * _times(free, free)]
    for names, share, label in told:
        score = alone + share * sum([weights[name] for name in names])
        against = -score if label else score
        wrong.append(max(against, 0.0) + math.log1p(math.exp(-abs(against))))
        missing = 1 / (1 + math.exp(-max(min(score, 500.0), -500.0))) - label
        of_none += missing
        missing *= share
        for name in names:
            slope[name] += missing
    return math.fsum(wrong), [*(s * r + small * f for s, r, f in zip(slope, rare, free, strict=True)), of_none]


_At = Callable[[list[float]], tuple[float, list[float]]]


def _descend(wrong_at: _At, at: list[float], flat: float) -> list[float]:
    """The place of the least, by the method L-BFGS: each step goes where the last ones say that it curves."""
    wrong, slope = wrong_at(at)
    steps: deque[tuple[list[float], list[float], float]] = deque(maxlen=_REMEMBERED)
    for _step in range(_MOST_STEPS):
        if math.sqrt(_times(slope, slope)) <= flat:
            break
        way = _way(slope, steps)
        falls, length = _times(slope, way), _FIRST_STEP if steps else _FIRST_STEP / math.sqrt(_times(slope, slope))
        while True:
            there = [x + length * d for x, d in zip(at, way, strict=True)]
            wrong_there, slope_there = wrong_at(there)
            if wrong_there <= wrong + _DESCENDS * length * falls or length < _FLAT:
                break
            length /= 2
        moved = [new - old for new, old in zip(there, at, strict=True)]
        turned = [new - old for new, old in zip(slope_there, slope, strict=True)]
        if (curves := _times(moved, turned)) > 0:
            steps.append((moved, turned, 1 / curves))
        at, wrong, slope = there, wrong_there, slope_there
    return at


def _way(slope: Sequence[float], steps: Sequence[tuple[list[float], list[float], float]]) -> list[float]:
    way, along = [-each for each in slope], []
    for moved, turned, rate in reversed(steps):
        along.append(rate * _times(moved, way))
        way = [w - along[-1] * t for w, t in zip(way, turned, strict=True)]
    if steps:
        _moved, turned, rate = steps[-1]
        scale = 1 / (rate * _times(turned, turned))
        way = [w * scale for w in way]
    for (moved, turned, rate), was in zip(steps, reversed(along), strict=True):
        more = was - rate * _times(turned, way)
        way = [w + more * m for w, m in zip(way, moved, strict=True)]
    return way


def _times(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(map(mul, left, right))


def held_out(question: str, held: Held) -> Iterator[tuple[Example, float]]:
    """Each text with how far it leans by weights that learned from all hands but the one that wrote it."""
    those = list(examples(question))
    for hand in sorted({one.hand for one in those}):
        weights = fit([one for one in those if one.hand != hand], held)
        for one in those:
            if one.hand == hand:
                known = math.fsum(weights[name] for name in one.features if name in weights)
                yield one, weights[ALONE] + known * _share(one)


def examples(question: str) -> Iterator[Example]:
    rules = rulebook()
    for file in EXAMPLES:
        for number, row in enumerate(_rows(file)):
            if row.get(question) in ("yes", "no"):
                words = tuple(sorted(features(look(row["text"], rules))))
                yield Example(words, int(row[question] == "yes"), _hand(file.name, number))


def _hand(file: str, number: int) -> str:
    """Each file is of one hand, but for this one, which five wrote one after the other."""
    return f"{file} {bisect(_FIVE_HANDS, number)}" if file == _OF_FIVE else file


def _rows(file: Path) -> Iterator[Mapping[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        is_unknown = {_NOISE: "unknown"} if file.name == _UNLABELLED else {_NOISE: "no"}
        for row in csv.DictReader(lines):
            yield {_NOT_SOLVED: _OPPOSITE.get(row.get(_SOLVED, ""), "unknown")} | is_unknown | row


def write() -> None:
    with LEANINGS.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("question", "word", "weight"))
        for question in QUESTIONS:
            out.writerows((question, word, weight) for word, weight in learn(question).items())


def tell() -> None:
    """How well each question is told by weights alone of texts whose hand taught nothing, at 5 and 10 false in 100."""
    for question in QUESTIONS:
        for held in _TRIED:
            told = [(one.label, score) for one, score in held_out(question, held)]
            others = sorted((score for label, score in told if not label), reverse=True)
            wanted = [score for label, score in told if label]
            limits = [others[int(len(others) * share)] for share in _FALSE]
            found = [sum(score > limit for score in wanted) / len(wanted) for limit in limits]
            said = (f"{share:.3f} above {limit:.2f}" for share, limit in zip(found, limits, strict=True))
            print(question, held, *said, flush=True)


if __name__ == "__main__":
    tell() if sys.argv[1:] == ["--hands"] else write()
