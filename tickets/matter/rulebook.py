"""The word classes and patterns of the files in `reference_data/matter`, ready to be looked for in a text."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tickets.matter.patterns import Pattern, Patterns, parse
from tickets.matter.phrases import Phrasebook, Span
from tickets.matter.text import MatterText, letters, read_text
from tickets.reference_files import REFERENCE_DATA

_FILES = REFERENCE_DATA / "matter"
_EVERYDAY = "everyday"
_VERSION_LENGTH = 12


@dataclass(frozen=True)
class MatterRulebook:
    """`shorthand` is what short forms stand for; each list of patterns is one question that is asked of a text.

    `leanings` are the weights of single words, by question.
    """

    book: Phrasebook
    shorthand: Mapping[str, tuple[str, ...]]
    danger: Patterns
    officials: Patterns
    not_solved: Patterns
    categories: Patterns
    noise: Patterns
    praise: Patterns
    leanings: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text with the phrases in it: what everyday phrases cover ("cháy hàng") is found by no other name."""

    text: MatterText
    hits: Mapping[str, Sequence[Span]]


@lru_cache(maxsize=1)
def rulebook() -> MatterRulebook:
    book = Phrasebook(frozenset(letters(row["plain"]).plain for row in _rows("ambiguous.csv")))
    for row in _rows("everyday.csv"):
        book.add(_EVERYDAY, row["words"].split("|"))
    for file in ("danger_words.csv", "official_words.csv", "solved_words.csv"):
        for row in _rows(file):
            book.add(f"@{row['class']}", row["words"].split("|"))
    for row in _rows("courtesy.csv"):
        book.add(f"@{row['kind']}", row["words"].split("|"))
    return MatterRulebook(
        book=book,
        shorthand={row["short"]: tuple(row["means"].split()) for row in _rows("shorthand.csv")},
        danger=Patterns(_patterns(book, "danger.csv")),
        officials=Patterns(_patterns(book, "officials.csv")),
        not_solved=Patterns(_patterns(book, "not_solved.csv")),
        categories=Patterns(_patterns(book, "categories.csv", says="category")),
        noise=Patterns(_patterns(book, "noise.csv")),
        praise=Patterns(_patterns(book, "praise.csv")),
        leanings=_leanings(),
    )


@lru_cache(maxsize=1)
def rules_version() -> str:
    """By which words and patterns texts are read: another file, another version."""
    digest = hashlib.sha256()
    for path in sorted(_FILES.glob("*.csv")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:_VERSION_LENGTH]


def look(said: str, rules: MatterRulebook) -> MarkedText:
    text = read_text(said, rules.shorthand)
    hits = rules.book.find(text)
    everyday = hits.pop(_EVERYDAY, [])
    return MarkedText(text, uncovered(hits, everyday) if everyday else hits)


def uncovered(hits: Mapping[str, Sequence[Span]], everyday: Sequence[Span]) -> dict[str, list[Span]]:
    """The phrases that no longer one of `everyday` holds a part of."""
    covers: dict[int, Span] = {}
    for span in everyday:
        for at in range(span.start, span.end):
            longest = covers.get(at)
            if longest is None or span.end - span.start > longest.end - longest.start:
                covers[at] = span
    kept = {name: [span for span in spans if not _is_covered(span, covers)] for name, spans in hits.items()}
    return {name: spans for name, spans in kept.items() if spans}


def _is_covered(span: Span, covers: Mapping[int, Span]) -> bool:
    """Whether part of it belongs to an everyday phrase that says more than it does."""
    over = [covers[at] for at in range(span.start, span.end) if at in covers]
    return any(not (span.start <= cover.start and cover.end <= span.end and span != cover) for cover in over)


def _patterns(book: Phrasebook, file: str, *, says: str = "tells_of") -> Iterator[Pattern]:
    for row in _rows(file):
        yield parse(book, row[says], int(row["weight"]), row["pattern"])


def _leanings() -> dict[str, dict[str, float]]:
    weights: dict[str, dict[str, float]] = {}
    for row in _rows("leanings.csv"):
        weights.setdefault(row["question"], {})[row["word"]] = float(row["weight"])
    return weights


def _rows(file: str) -> Iterator[dict[str, str]]:
    with (_FILES / file).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
