"""Unusual accumulation: a kind of matter in an area against its own weekly rhythm, and texts that are nearly the same.

What is usual for a cell (a category or a procedure, in one unit or in the city) is its share of a day, times what that
weekday is to the whole city. A wave is a count that so usual a cell would reach by chance once in many years.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import lgamma, log

from tickets.city import day_of
from tickets.problems.near_texts import near_groups

WINDOW = timedelta(days=1)
# A slow one stays below what a single day would show.
LONG_WINDOW = timedelta(days=3)
HISTORY = timedelta(days=28)
# A wave has so many people, and so much more than usual; in the whole city more, for it has more chances.
LEAST_PEOPLE, LEAST_IN_THE_CITY, LEAST_FACTOR = 5, 8, 2.5
# How improbable a count has to be, with all cells that are looked at each hour in mind.
_MOST_CHANCE = log(1e-6)
# A cell that never had anything is thought of as one ticket in these weeks.
_NEVER = 0.5
# Of near texts so much has to be in no other group.
_MOSTLY = 0.6
LEAST_ALIKE, _NEARLY_ALL = 5, 0.8


@dataclass(frozen=True, slots=True)
class Reported:
    """One ticket as far as it is counted; `citizen` tells people apart, `said` is empty for older ones."""

    ticket_id: int
    at: datetime
    unit_id: int
    category_id: int | None
    procedure_id: int | None
    citizen: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class WaveCell:
    """What is counted together; None: any."""

    category_id: int | None = None
    procedure_id: int | None = None
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """Something proposed: what, since when, who, and what would be usual. `kind` is wave or alike."""

    kind: str
    cell: WaveCell
    since: datetime
    ticket_ids: tuple[int, ...]
    people: int
    usual: float
    key: str
    unit_ids: tuple[int, ...] = field(default=())


def find_waves(reported: Sequence[Reported], *, now: datetime) -> list[Wave]:
    """The most people first; what one wave explains is not proposed by another."""
    windows = [*_in_window(reported, WINDOW, now=now), *_in_window(reported, LONG_WINDOW, now=now)]
    found = [*_alike(reported, now), *windows]
    found.sort(key=lambda wave: (wave.kind != "alike", wave.cell.unit_id is None, -wave.people))
    kept: dict[str, Wave] = {}
    explained: set[int] = set()
    for wave in found:
        if wave.key not in kept and _stands_by_itself(wave, explained):
            kept[wave.key] = wave
            explained.update(wave.ticket_ids)
    return sorted(kept.values(), key=lambda wave: -wave.people)


def _stands_by_itself(wave: Wave, explained: set[int]) -> bool:
    """It would be one also without what other waves explain already."""
    new = sum(i not in explained for i in wave.ticket_ids)
    if wave.kind == "alike":
        return new > len(wave.ticket_ids) * (1 - _MOSTLY)
    return _is_unusual(wave.cell, min(wave.people, new), wave.usual)


def _in_window(reported: Sequence[Reported], window: timedelta, *, now: datetime) -> Iterator[Wave]:
    since = now - window
    recent = [one for one in reported if since < one.at <= now]
    before = [one for one in reported if since - HISTORY < one.at <= since]
    rhythm = _rhythm(before, since, now)
    usual = Counter(cell for one in before for cell in _cells(one))
    cells: dict[WaveCell, list[Reported]] = defaultdict(list)
    for one in recent:
        for cell in _cells(one):
            cells[cell].append(one)
    for cell, ones in cells.items():
        people = len({one.citizen for one in ones})
        expected = max(usual[cell], _NEVER) / HISTORY.days * rhythm
        if _is_unusual(cell, people, expected):
            yield _wave("wave", cell, ones, people, expected)


def _cells(one: Reported) -> Iterator[WaveCell]:
    for kind in (WaveCell(one.category_id), WaveCell(None, one.procedure_id)):
        if kind != WaveCell():
            yield kind
            yield WaveCell(kind.category_id, kind.procedure_id, one.unit_id)


def _is_unusual(cell: WaveCell, people: int, expected: float) -> bool:
    least = LEAST_PEOPLE if cell.unit_id is not None else LEAST_IN_THE_CITY
    if people < least or people < LEAST_FACTOR * expected:
        return False
    return chance_of(people, expected) < _MOST_CHANCE


def chance_of(count: int, expected: float) -> float:
    """The logarithm of how likely a usual cell reaches at least so many (Poisson's upper tail)."""
    first = count * log(expected) - expected - lgamma(count + 1)
    # The following terms shrink at least by this factor each.
    ratio = expected / (count + 1)
    return min(0.0, first - log(1 - ratio)) if ratio < 1 else 0.0


def _rhythm(before: Iterable[Reported], since: datetime, now: datetime) -> float:
    """How many average days the window is worth, by what its weekdays are to the whole city."""
    by_weekday = Counter(day_of(one.at).weekday() for one in before)
    average = sum(by_weekday.values()) / 7
    whole = 0.0
    for day, share in _days(since, now):
        weekday = day.weekday()
        whole += share * ((by_weekday[weekday] / average) if average else 1.0)
    # A quiet weekday is not taken for nothing at all.
    return max(whole, 0.25 * (now - since) / timedelta(days=1))


def _days(since: datetime, now: datetime) -> Iterator[tuple[date, float]]:
    """The days a window lies on, each with how much of it lies in there."""
    hours = Counter[date]()
    at, step = since, timedelta(hours=1)
    while at < now:
        hours[day_of(at)] += 1
        at += step
    return ((day, number / 24) for day, number in hours.items())


def _alike(reported: Sequence[Reported], now: datetime) -> Iterator[Wave]:
    """Nearly the same words from several people within three days."""
    recent = [one for one in reported if now - LONG_WINDOW < one.at <= now and one.said]
    for group in near_groups([one.said for one in recent], least=LEAST_ALIKE):
        ones = [recent[place] for place in group]
        people = len({one.citizen for one in ones})
        if people >= LEAST_ALIKE:
            yield _wave("alike", _common(ones), ones, people, 0.0)


def _common(ones: Sequence[Reported]) -> WaveCell:
    """What nearly all of them are; None where they differ."""
    return WaveCell(
        _mostly([one.category_id for one in ones]),
        _mostly([one.procedure_id for one in ones]),
        _mostly([one.unit_id for one in ones]),
    )


def _mostly(values: Sequence[int | None]) -> int | None:
    value, number = Counter(values).most_common(1)[0]
    return value if number >= _NEARLY_ALL * len(values) else None


def _wave(kind: str, cell: WaveCell, ones: Sequence[Reported], people: int, usual: float) -> Wave:
    ids = tuple(sorted(one.ticket_id for one in ones))
    units = tuple(sorted({one.unit_id for one in ones}))
    # The same texts are the same problem however many more of them come; a cell is known by what it is.
    mark = f"{ids[0]}" if kind == "alike" else ""
    key = f"{kind}:{cell.category_id or 0}:{cell.procedure_id or 0}:{cell.unit_id or 0}:{mark}"
    return Wave(kind, cell, min(one.at for one in ones), ids, people, usual, key, units)
