"""Patterns of words: what must stand in a text, how near to each other and in which order, for a rule to hold.

`xe tải ~6 đâm | tông & @hurt`: "xe tải", then within six words "đâm" or "tông", and near them, before or after, a
word of the class `hurt`. Without a number `~` allows eight words between, `&` fifteen.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from tickets.matter.phrases import LONGEST_PHRASE, Phrasebook, Span
from tickets.matter.text import MatterText

_IN_ORDER, _NEAR = 8, 15
# Looking where the rarer of two stands is worth it from here on.
_RARELY = 4
_AS_MANY, _ALONE = 100, 6
_JOIN = re.compile(r"\s+([~&])(\d*)\s+")

Hits = Mapping[str, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class _Element:
    names: tuple[str, ...]
    in_order: bool
    gap: int


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """One part of a pattern as it is written: what may stand there, and how it follows the part before."""

    alternatives: tuple[str, ...]
    in_order: bool
    gap: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a rules file. `says` names what it tells of ("fire"); `weight` is how much it counts."""

    says: str
    weight: int
    elements: tuple[_Element, ...]


def parse(book: Phrasebook, says: str, weight: int, written: str) -> Pattern:
    """Read a pattern, and make its phrases findable in `book`."""
    elements = [
        _Element(tuple(_name(book, one) for one in part.alternatives), part.in_order, part.gap)
        for part in parts_of(written)
    ]
    return Pattern(says, weight, tuple(elements))


def parts_of(written: str) -> list[WrittenPart]:
    """What a pattern asks for, part by part; the gap of the first one says nothing."""
    parts = _JOIN.split(written.strip())
    joins = [("~", "0"), *zip(parts[1::3], parts[2::3], strict=True)]
    return [
        WrittenPart(
            tuple(one.strip() for one in alternatives.split("|")),
            sign == "~",
            int(gap) if gap else _IN_ORDER if sign == "~" else _NEAR,
        )
        for alternatives, (sign, gap) in zip(parts[0::3], joins, strict=True)
    ]


def _name(book: Phrasebook, alternative: str) -> str:
    if not alternative.startswith("@"):
        book.add(alternative, [alternative])
    return alternative


class Patterns:
    """The patterns of one question, found by the names of what a text has: most need something it has not."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._asked: dict[str, list[int]] = {}
        # What else each needs: kept as sets, which are compared with what a text has without looking name by name.
        self._needs: list[tuple[frozenset[str], ...]] = []
        for number, pattern in enumerate(self._patterns):
            rarest = min(pattern.elements, key=_how_often)
            self._needs.append(tuple(frozenset(one.names) for one in pattern.elements if one is not rarest))
            for name in rarest.names:
                self._asked.setdefault(name, []).append(number)

    def possible(self, hits: Hits) -> list[Pattern]:
        """Those of which each element stands somewhere in the text, in the order of the file."""
        has, needs = frozenset(hits), self._needs
        found = {number for name in has & self._asked.keys() for number in self._asked[name]}
        stands = [number for number in found if not any(has.isdisjoint(names) for names in needs[number])]
        return [self._patterns[number] for number in sorted(stands)]


def _how_often(element: _Element) -> int:
    """How likely a text has it, roughly: a class holds a hundred phrases, and a word alone stands in more texts."""
    return sum(_AS_MANY if name.startswith("@") else _ALONE if " " not in name else 1 for name in element.names)


def matches(pattern: Pattern, hits: Hits, text: MatterText) -> Iterator[tuple[Span, ...]]:
    """Where a pattern holds: for each place of its first element, the nearest of each that follows."""
    first, *others = pattern.elements
    if not others:
        for start in _spans(first, hits):
            yield (start,)
        return
    nexts: list[Sequence[Span]] = []
    for element in others:
        spans = _spans(element, hits)
        if not spans:
            return
        nexts.append(spans)
    for start in _near(_spans(first, hits), others[0], nexts[0]):
        found = _followed(start, others, nexts, text)
        if found is not None:
            yield found


def _near(starts: Sequence[Span], element: _Element, spans: Sequence[Span]) -> Sequence[Span]:
    """Those starts that have one of the next element's places within reach, where few of many can have.

    Words stand as many places apart as there are numbers between, or more: what is far by number is far.
    """
    if len(spans) * _RARELY > len(starts):
        return starts
    kept: dict[Span, None] = {}
    for span in spans:
        low = bisect_left(starts, (span.start - element.gap - LONGEST_PHRASE,))
        high = bisect_left(starts, (span.start if element.in_order else span.end + element.gap + LONGEST_PHRASE,))
        kept |= dict.fromkeys(starts[low:high])
    return list(kept)


def _followed(
    start: Span, others: Sequence[_Element], nexts: Sequence[Sequence[Span]], text: MatterText
) -> tuple[Span, ...] | None:
    found = [start]
    for element, spans in zip(others, nexts, strict=True):
        near = _nearest(element, spans, found, text)
        if near is None:
            return None
        found.append(near)
    return tuple(found)


def _spans(element: _Element, hits: Hits) -> Sequence[Span]:
    if len(element.names) == 1:
        return hits.get(element.names[0], ())
    found = [hits[name] for name in element.names if name in hits]
    return found[0] if len(found) == 1 else sorted(chain.from_iterable(found))


def _nearest(element: _Element, spans: Sequence[Span], found: list[Span], text: MatterText) -> Span | None:
    last = found[-1]
    at = bisect_left(spans, (last.end,))
    if at < len(spans) and _distance(last, spans[at], text) <= element.gap:
        return spans[at]
    if element.in_order:
        return None
    begins = min(span.start for span in found)
    before = [span for span in spans[max(0, at - 12) : at] if span.end <= begins]
    if before and _distance(before[-1], found[0], text) <= element.gap:
        return before[-1]
    return None


def _distance(left: Span, right: Span, text: MatterText) -> int:
    """How many words stand between, a sentence's end counted as some."""
    return text.at[right.start] - text.at[left.end - 1] - 1
