"""Learns how far words and classes of words lean towards danger, accusations and noise, from labelled texts.

`PYTHONPATH=. python -m tools.lean_words` writes `tickets/reference_data/matter/leanings.csv`; same examples, same
file. Logistic regression by single steps, with the weights held small; ninety lines instead of a library of
hundreds of megabytes.
"""

import csv
import math
import random
from collections.abc import Iterable, Iterator, Mapping
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
    "private_cases.csv",
    "taught_cases.csv",
    "taught_cases_second.csv",
    "english_cases.csv",
    "everyday_cases.csv",
    "everyday_cases_third.csv",
)
EXAMPLES = (FILES / "examples.csv", *(ROOT / "tests/data" / name for name in _FILES))
LEANINGS = ROOT / "tickets/reference_data/matter/leanings.csv"
QUESTIONS = ("is_emergency", "about_official", "is_noise")
# Where noise is no label all texts tell of something, but for this file's, some of which are noise.
_UNLABELLED, _NOISE = "matter_cases_fifth.csv", "is_noise"
_ROUNDS, _STEP, _SLOWER, _SMALL, _LEAST = 40, 0.3, 0.1, 10.0, 0.1

Example = tuple[list[str], float, int]


def learn(question: str) -> dict[str, float]:
    """The weight of each word, and of none; a doubtful label teaches nothing."""
    examples = list(_examples(question))
    weights = dict.fromkeys(sorted({word for words, _, _ in examples for word in words}), 0.0)
    alone = 0.0
    order = random.Random(1)  # noqa: S311 - the same order each time, no secret
    for number in range(_ROUNDS):
        order.shuffle(examples)
        step = _STEP / (1 + number * _SLOWER)
        for words, share, label in examples:
            missing = label - 1 / (1 + math.exp(-(alone + share * sum(weights[word] for word in words))))
            alone += step * missing
            for word in words:
                weights[word] += step * (missing * share - _SMALL * weights[word] / len(examples))
    kept = {word: round(weight, 2) for word, weight in weights.items() if abs(weight) >= _LEAST}
    return {ALONE: round(alone, 2), **kept}


def _examples(question: str) -> Iterator[Example]:
    rules = rulebook()
    for row in _rows(EXAMPLES):
        if row[question] in ("yes", "no"):
            words = sorted(features(look(row["text"], rules)))
            yield words, 1 / math.sqrt(len(words) or 1), int(row[question] == "yes")


def _rows(files: Iterable[Path]) -> Iterator[Mapping[str, str]]:
    for file in files:
        with file.open(encoding="utf-8", newline="") as lines:
            is_unknown = {_NOISE: "unknown"} if file.name == _UNLABELLED else {_NOISE: "no"}
            yield from (is_unknown | row for row in csv.DictReader(lines))


def write() -> None:
    with LEANINGS.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("question", "word", "weight"))
        for question in QUESTIONS:
            out.writerows((question, word, weight) for word, weight in learn(question).items())


if __name__ == "__main__":
    write()
