"""How promises were kept: from clocks and the facts of their breaches (R23, A1), by the unit that was responsible."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.promises import day_totals, open_breaches, outcomes
from tickets.schema import Unit
from tickets.states import ClockKind


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
    Days that have been counted are read as their totals, the rest from the clocks: `outcomes` defines both.
    """
    days = day_totals.counted_days(session, from_at, to_at)
    # No clock is of two of these, and each is one stretch, or two, of an index.
    of_clocks = (
        *(outcomes.ended_in(*stretch) for stretch in _stretches_without(days, from_at, to_at)),
        outcomes.broken_then(from_at, to_at),
        outcomes.cancelled_of(from_at, to_at, unbroken_too=with_cancelled),
        outcomes.late_not_noted(to_at, now=now),
    )
    parts = (
        day_totals.totals_of(session, days, kinds=kinds, unit_ids=unit_ids),
        outcomes.tallies(session, *of_clocks, now=now, kinds=kinds, unit_ids=unit_ids),
        open_breaches.broken_open(session, before=to_at, now=now, kinds=kinds, unit_ids=unit_ids),
    )
    found: dict[outcomes.OfUnit, outcomes.Tally] = {}
    for part in parts:
        for key, tally in part.items():
            found[key] = found.get(key, outcomes.Tally()) + tally
    return with_names(session, found)


def _stretches_without(days: Sequence[date], from_at: datetime, to_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the time between, as few stretches as possible; `days` are in order."""
    begin = from_at
    for day in days:
        first, last = day_totals.bounds(day)
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
