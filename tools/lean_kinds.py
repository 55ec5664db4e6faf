"""Learns how far words lean towards each kind of matter, from labelled texts.

`PYTHONPATH=. python -m tools.lean_kinds` writes `tickets/reference_data/matter/kind_words.csv`. A word weighs by how
many times as often it stands in texts of a kind as in all of them (the logarithm, as in naive Bayes): counted, so that
the order of the examples makes no difference.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tickets.matter.leaning import features
from tickets.matter.lists import FILES
from tickets.matter.rulebook import look, rulebook

ROOT = Path(__file__).resolve().parents[1]
_FILES = (
    "matter_cases_tenth.csv",
    "matter_cases_eleventh.csv",
    "matter_cases_twelfth.csv",
    "matter_cases_seventeenth.csv",
    "matter_cases_eighteenth.csv",
    "everyday_cases.csv",
    "everyday_cases_fourth.csv",
    "matter_cases_twentysecond.csv",
    "matter_cases_twentythird.csv",
    "kind_cases.csv",
    "taught_cases_sixth.csv",
    "taught_cases_seventh.csv",
    "taught_cases_eighth.csv",
)
EXAMPLES = (FILES / "examples.csv", *(ROOT / "tests/data" / name for name in _FILES))
KIND_WORDS = FILES / "kind_words.csv"
# Of an accusation other rules tell, and what is accused of is the kind.
_NOT_LEARNED = "conduct"
# A word must stand in two examples; kinds further down a label's list count for less.
_LEAST_EXAMPLES, _FIRST, _OTHER, _MOST_KINDS = 2, 1.0, 0.4, 3
_SMOOTH, _LEAST = 1.0, 0.7

Example = tuple[frozenset[str], dict[str, float]]


def learn(examples: list[Example]) -> dict[tuple[str, str], float]:
    """The weight of each word for each kind that it leans to; what leans nowhere has none."""
    of_kind: Counter[str] = Counter()
    of_word: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for words, kinds in examples:
        of_word.update(words)
        of_kind.update(kinds)
        together.update({(kind, word): share for word in words for kind, share in kinds.items()})
    weights = {}
    for (kind, word), times in sorted(together.items()):
        usual = of_word[word] / len(examples)
        weight = math.log((times + _SMOOTH * usual) / (of_kind[kind] + _SMOOTH) / usual)
        # What was seen once may be chance.
        if of_word[word] >= _LEAST_EXAMPLES and (kept := weight * times / (times + 1)) >= _LEAST:
            weights[kind, word] = round(kept, 2)
    return weights


def examples() -> Iterator[Example]:
    rules = rulebook()
    for file in EXAMPLES:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if kinds := _kinds(row["categories"]):
                    yield features(look(row["text"], rules)), kinds


def _kinds(label: str) -> dict[str, float]:
    told = [code for code in label.split("|") if code and not code.startswith(_NOT_LEARNED)][:_MOST_KINDS]
    return {code: _OTHER if at else _FIRST for at, code in enumerate(told)}


def write() -> None:
    with KIND_WORDS.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("kind", "word", "weight"))
        out.writerows((kind, word, weight) for (kind, word), weight in learn(list(examples())).items())


if __name__ == "__main__":
    write()
