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
        # Many ask for the same part: each has a number, and whether it stands in a text is asked once.
        parts: dict[tuple[str, ...], int] = {}
        self._needs: list[frozenset[int]] = []
        # By the rarest part of each: the patterns that ask for it.
        self._asked: dict[int, list[int]] = {}
        for number, pattern in enumerate(self._patterns):
            numbers = [parts.setdefault(one.names, len(parts)) for one in pattern.elements]
            self._needs.append(frozenset(numbers))
            rarest = min(range(len(numbers)), key=lambda at: _how_often(pattern.elements[at]))
            self._asked.setdefault(numbers[rarest], []).append(number)
        self._parts_of: dict[str, list[int]] = {}
        for names, part in parts.items():
            for name in dict.fromkeys(names):
                self._parts_of.setdefault(name, []).append(part)

    def found(self, hits: Hits, text: MatterText) -> list[tuple[Pattern, tuple[Span, ...]]]:
        """Those that hold and where, in the order of the file."""
        found: list[tuple[Pattern, tuple[Span, ...]]] = []
        for number in self._possible(hits):
            pattern = self._patterns[number]
            first, *others = pattern.elements
            starts = _spans(first, hits)
            if not others:
                found += [(pattern, (span,)) for span in starts]
                continue
            spans = _spans(others[0], hits)
            if len(starts) > 1 or len(spans) > 1 or _may_reach(starts[0], others[0], spans[0]):
                nexts = [spans, *[_spans(element, hits) for element in others[1:]]]
                found += [(pattern, those) for those in _matches(starts, others, nexts, text)]
        return found

    def _possible(self, hits: Hits) -> list[int]:
        """Those of which each part stands somewhere in the text."""
        stands: set[int] = set()
        for name in hits.keys() & self._parts_of.keys():
            stands.update(self._parts_of[name])
        asked = [number for part in stands & self._asked.keys() for number in self._asked[part]]
        possible = [number for number in asked if self._needs[number] <= stands]
        possible.sort()
        return possible


def _how_often(element: _Element) -> int:
    """How likely a text has it, roughly: a class holds a hundred phrases, and a word alone stands in more texts."""
    return sum(_AS_MANY if name.startswith("@") else _ALONE if " " not in name else 1 for name in element.names)


def _may_reach(start: Span, element: _Element, span: Span) -> bool:
    """Whether the numbers of their words are near enough: their places are as far apart, or further."""
    behind = span[0] - start[1]
    return 0 <= behind <= element.gap if element.in_order else start[0] - span[1] <= element.gap >= behind


def _matches(
    starts: Sequence[Span], others: Sequence[_Element], nexts: Sequence[Sequence[Span]], text: MatterText
) -> Iterator[tuple[Span, ...]]:
    """For each place of the first part, the nearest of each that follows."""
    for start in _near(starts, others[0], nexts[0]):
        found = _followed(start, others, nexts, text)
        if found is not None:
            yield found


def _spans(element: _Element, hits: Hits) -> Sequence[Span]:
    if len(element.names) == 1:
        return hits[element.names[0]]
    found = [hits[name] for name in element.names if name in hits]
    return found[0] if len(found) == 1 else sorted(chain.from_iterable(found))


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
