"""How much of the labelled texts is read rightly, and how long reading takes."""

import csv
import time
from collections.abc import Callable, Iterable, Mapping

from app.bench.measure import Figure, times_of
from tickets.matter import MatterReading, read_matter
from tickets.matter.lists import FILES

CASES = FILES / "examples.csv"
_Row = Mapping[str, str]
_FLOORS = {"is_emergency": 0.98, "about_official": 0.95, "is_not_solved": 0.90, "is_noise": 0.95}
_MOST_FALSE = 0.10
_NOTE = "these texts taught the rules"
_RIGHT_FIRST = 0.85
_SAYS: Mapping[str, Callable[[MatterReading], bool]] = {
    "is_emergency": lambda read: read.is_danger,
    "about_official": lambda read: read.may_accuse,
    "is_not_solved": lambda read: read.says_not_solved,
    "is_noise": lambda read: read.is_noise,
}


def run() -> list[Figure]:
    """A figure for each label, one for the first category named, one for how long reading takes."""
    rows = _cases()
    told = [(row, read_matter(row["text"])) for row in rows]
    return [*(figure for label in _FLOORS for figure in _labelled(label, told)), _first_kind(told), *_pace(rows)]


def _cases() -> list[_Row]:
    with CASES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _labelled(label: str, told: Iterable[tuple[_Row, MatterReading]]) -> list[Figure]:
    said = [(row[label], _SAYS[label](read)) for row, read in told]
    found = _share([is_said for wanted, is_said in said if wanted == "yes"])
    false = _share([is_said for wanted, is_said in said if wanted == "no"])
    floor = _FLOORS[label]
    return [
        Figure(f"{label}, found", f"{found:.1%}", f"≥ {floor:.0%}", found >= floor, _NOTE),
        Figure(f"{label}, false", f"{false:.1%}", f"≤ {_MOST_FALSE:.0%}", false <= _MOST_FALSE),
    ]


def _first_kind(told: Iterable[tuple[_Row, MatterReading]]) -> Figure:
    right = []
    for row, read in told:
        if wanted := row["categories"].split("|") if row["categories"] else []:
            right.append(bool(read.categories) and read.categories[0].code in wanted)
    share = _share(right)
    return Figure("first category acceptable", f"{share:.1%}", f"≥ {_RIGHT_FIRST:.0%}", share >= _RIGHT_FIRST)


def _pace(rows: Iterable[_Row]) -> list[Figure]:
    """Processor time, which says as much on a busy machine; nothing is remembered between the texts."""
    everything = " ".join(row["text"] for row in rows)
    figures = []
    for length, limit in ((1_000, 3.0), (10_000, 20.0)):
        texts = [everything[at * 97 : at * 97 + length] for at in range(100)]
        times = times_of([_processor(text) for text in texts])
        value = f"p50 {times.p50:.1f} ms, p99 {times.p99:.1f} ms of processor"
        figures.append(Figure(f"reading {length:,} characters", value, f"p99 < {limit:.0f} ms", times.p99 < limit))
    return figures


def _processor(text: str) -> float:
    begun = time.process_time()
    read_matter.__wrapped__(text)
    return time.process_time() - begun


def _share(answers: list[bool]) -> float:
    return sum(answers) / len(answers) if answers else 0.0
