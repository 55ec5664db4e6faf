"""The word classes and patterns by which texts are read, ready to be looked for in a text."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tickets.matter.lanes import KindWords
from tickets.matter.lists import CLASS_LISTS, FILES, SHAPES, WordList, WordRow, shipped_rows
from tickets.matter.patterns import Patterns, parse
from tickets.matter.phrases import Phrasebook, Span, is_part_of_longer, longest_at
from tickets.matter.text import MatterText, letters, read_text

_EVERYDAY = "everyday"
# Weights of a word for kinds are whole numbers of these: their sum is the same in whichever order.
HUNDREDTHS = 100


@dataclass(frozen=True, eq=False)
class MatterRulebook:
    """`shorthand` is what short forms stand for; each list of patterns is one question that is asked of a text.

    `leanings` are the weights of single words, by question; `kind_words` are those for each kind, in hundredths.
    `version` is kept on what was read by it.
    """

    version: str
    book: Phrasebook
    shorthand: Mapping[str, tuple[str, ...]]
    danger: Patterns
    officials: Patterns
    not_solved: Patterns
    categories: Patterns
    noise: Patterns
    praise: Patterns
    leanings: Mapping[str, Mapping[str, float]]
    kind_words: KindWords


@dataclass(frozen=True, slots=True, eq=False)
class MarkedText:
    """A text with the phrases in it: what everyday phrases cover ("cháy hàng") is found by no other name.

    `everyday`: what an everyday phrase is called besides. "Kẹt xe" traps nobody, and is a kind of matter.
    """

    text: MatterText
    hits: Mapping[str, Sequence[Span]]
    everyday: Mapping[str, Sequence[Span]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def rulebook() -> MatterRulebook:
    """The words of this release, for whoever has no city's own."""
    return rulebook_of(shipped_rows())


def rulebook_of(rows: Iterable[WordRow], *, version: str = "") -> MatterRulebook:
    """Rows made ready to be looked for; raises BadPattern for one that cannot be read."""
    by_list: dict[WordList, list[WordRow]] = {of: [] for of in WordList}
    for row in rows:
        by_list[row.list].append(row)
    book = Phrasebook(frozenset(letters(row.says).plain for row in by_list[WordList.AMBIGUOUS]), over=_EVERYDAY)
    for row in by_list[WordList.EVERYDAY]:
        book.add(_EVERYDAY, row.words.split("|"))
    for of in CLASS_LISTS:
        for row in by_list[of]:
            book.add(f"@{row.says}", row.words.split("|"))
    patterns = {
        of: Patterns(parse(book, row.says, row.weight, row.words) for row in by_list[of])
        for of, shape in SHAPES.items()
        if shape.are_patterns
    }
    return MatterRulebook(
        version=version,
        book=book,
        shorthand={row.says: tuple(row.words.split()) for row in by_list[WordList.SHORTHAND]},
        danger=patterns[WordList.DANGER],
        officials=patterns[WordList.OFFICIALS],
        not_solved=patterns[WordList.NOT_SOLVED],
        categories=patterns[WordList.CATEGORIES],
        noise=patterns[WordList.NOISE],
        praise=patterns[WordList.PRAISE],
        leanings=_leanings(),
        kind_words=_kind_words(),
    )


def look(said: str, rules: MatterRulebook) -> MarkedText:
    text = read_text(said, rules.shorthand)
    return MarkedText(text, *rules.book.find(text))


def uncovered(hits: Mapping[str, Sequence[Span]], everyday: Sequence[Span]) -> dict[str, Sequence[Span]]:
    """The phrases that no longer one of `everyday` holds a part of."""
    covers = longest_at(everyday)
    kept: dict[str, Sequence[Span]] = {}
    # Nearly all phrases stand where nothing of everyday does; what says more than they do reaches over an end.
    begins, ends = covers.keys(), {at + 1 for at in covers}
    for name, spans in hits.items():
        touched = any([start in begins or end in ends for start, end in spans])
        left = [span for span in spans if not is_part_of_longer(span, covers)] if touched else spans
        if left:
            kept[name] = left
    return kept


@lru_cache(maxsize=1)
def _leanings() -> dict[str, dict[str, float]]:
    weights: dict[str, dict[str, float]] = {}
    with (FILES / "leanings.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            weights.setdefault(row["question"], {})[row["word"]] = float(row["weight"])
    return weights


@lru_cache(maxsize=1)
def _kind_words() -> KindWords:
    with (FILES / "kind_words.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        return KindWords.of((row["kind"], row["word"], round(float(row["weight"]) * HUNDREDTHS)) for row in rows)
