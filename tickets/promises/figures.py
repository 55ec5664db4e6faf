"""How promises were kept: from clocks and the facts of their breaches (R23, A1), by the unit that was responsible."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.promises import day_totals, open_breaches, outcomes
from tickets.schema import Unit
from tickets.states import ClockKind

_Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises of one unit and clock kind. `overdue` are broken and still open: they count as not kept.

    What was broken once is `missed`, or `overdue`, whatever date, priority or end it was given later.
    """

    unit_id: int
    unit_code: str | None
    unit_name: str
    unit_name_en: str
    kind: ClockKind
    met: int
    missed: int
    overdue: int
    cancelled: int

    @property
    def counted(self) -> int:
        """The denominator: met + missed + open and overdue; cancelled unbroken ones are beside it, never counted."""
        return self.met + self.missed + self.overdue

    @property
    def share(self) -> float | None:
        return self.met / self.counted if self.counted else None


def promises_kept(
    session: Session,
    *,
    from_at: datetime,
    to_at: datetime,
    now: datetime,
    unit_ids: Sequence[int] | None = None,
    kinds: Sequence[ClockKind] = tuple(ClockKind),
    with_cancelled: bool = True,
) -> list[Kept]:
    """Promises due, broken or ended in [from_at, to_at), by unit and kind, in the order of names.

    `with_cancelled`: False for who shows no `cancelled`, which is then not all of them.
    Days that have been counted, and today so far, are read as their totals, the rest from the clocks: `outcomes`
    defines both.
    """
    days = day_totals.counted_days(session, from_at, to_at)
    until, of_today = day_totals.so_far(session, from_at, to_at, now=now, kinds=kinds, unit_ids=unit_ids)
    counted = [day_totals.bounds(day) for day in days]
    if until is not None:
        counted.append((day_totals.bounds(day_of(now))[0], until))
    # No clock is of two of these, and each is one stretch, or two, of an index.
    of_clocks = (
        *(outcomes.ended_in(*stretch) for stretch in _stretches_without(counted, from_at, to_at)),
        outcomes.broken_then(from_at, to_at),
        outcomes.cancelled_of(from_at, to_at, unbroken_too=with_cancelled),
        outcomes.late_not_noted(to_at, now=now),
    )
    parts = (
        day_totals.totals_of(session, days, kinds=kinds, unit_ids=unit_ids),
        of_today,
        outcomes.tallies(session, *of_clocks, now=now, kinds=kinds, unit_ids=unit_ids),
        open_breaches.broken_open(session, before=to_at, now=now, kinds=kinds, unit_ids=unit_ids),
    )
    found: dict[outcomes.OfUnit, outcomes.Tally] = {}
    for part in parts:
        for key, tally in part.items():
            found[key] = found.get(key, outcomes.Tally()) + tally
    return with_names(session, found)


def _stretches_without(counted: Sequence[_Stretch], from_at: datetime, to_at: datetime) -> Iterator[_Stretch]:
    """What is left of the time between, as few stretches as possible; those that are counted are in order."""
    begin = from_at
    for first, last in counted:
        if begin < first:
            yield begin, first
        begin = last
    if begin < to_at:
        yield begin, to_at


def with_names(session: Session, found: Mapping[outcomes.OfUnit, outcomes.Tally]) -> list[Kept]:
    """In the order of the units' names, then of kinds."""
    units = session.execute(
        select(Unit.id, Unit.code, Unit.name, Unit.name_en)
        .where(Unit.id.in_({unit_id for unit_id, _kind in found}))
        .order_by(Unit.sort_key, Unit.id)
    )
    return [
        Kept(unit_id, code, name, name_en, kind, tally.met, tally.missed, tally.overdue, tally.cancelled)
        for unit_id, code, name, name_en in units
        for kind in sorted(ClockKind)
        if (tally := found.get((unit_id, kind))) is not None
    ]
