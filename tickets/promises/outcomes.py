"""What became of a promise, in one place: met, missed, open and overdue or cancelled, and whose it was (R23, A1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, literal_column, not_, or_, select, text, union_all
from sqlalchemy.orm import Session

from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, Ticket
from tickets.states import ClockKind, ClockStatus

OfUnit = tuple[int, ClockKind]
# The canary is nobody's, and of restricted tickets not even a count of one may tell; each is a partial index.
_UNCOUNTED = ("ticket.is_canary", "ticket.is_restricted")
# Written out as in its partial index: late without anybody having noted it.
_NOT_NOTED = "clock.first_breach_at is null and clock.status in ('running', 'missed')"


@dataclass(frozen=True, slots=True)
class Tally:
    """Promises counted by what became of them; `overdue` are broken and still open."""

    met: int = 0
    missed: int = 0
    overdue: int = 0
    cancelled: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.met + other.met,
            self.missed + other.missed,
            self.overdue + other.overdue,
            self.cancelled + other.cancelled,
        )


def tallies(
    session: Session,
    *which: ColumnElement[bool],
    now: datetime,
    kinds: Sequence[ClockKind] = tuple(ClockKind),
    unit_ids: Sequence[int] | None = None,
) -> dict[OfUnit, Tally]:
    """The clocks of `which`, of which no two hold one, by whose they were and by kind. Neither canaries nor
    restricted tickets count.

    What was broken once is missed, or overdue while it is open, whatever date, priority or end it was given later. A
    clock counts where the ticket was when it broke, else where it ended, or is now while that is still to come.
    """
    # The clock says whether and at whom it broke, as its fact does: so an index answers without either. Tickets are
    # looked up only where it does not say who held them.
    now_with = select(Ticket.unit_id).where(Ticket.id == Clock.ticket_id).scalar_subquery()
    holder = func.coalesce(Clock.due_unit_id, Clock.stopped_unit_id, now_with)
    # Read once, for all stretches.
    uncounted = union_all(*(select(Ticket.id).where(literal_column(one)) for one in _UNCOUNTED)).cte("uncounted")
    is_open = Clock.status.in_(UNENDED)
    late = and_(Clock.status == ClockStatus.RUNNING, Clock.due_at < now)
    broken = or_(Clock.first_breach_at.is_not(None), Clock.status == ClockStatus.MISSED, late)
    counted = (
        select(
            holder.label("unit_id"),
            Clock.kind,
            func.count(case((and_(Clock.status == ClockStatus.MET, not_(broken)), 1))),
            func.count(case((and_(broken, not_(is_open)), 1))),
            func.count(case((and_(broken, is_open), 1))),
            func.count(case((and_(Clock.status == ClockStatus.CANCELLED, not_(broken)), 1))),
        )
        .select_from(Clock)
        .where(Clock.ticket_id.not_in(select(uncounted.c.id)), *_of_kinds(kinds))
        .group_by(holder, Clock.kind)
    )
    if unit_ids is not None:
        counted = counted.where(holder.in_(unit_ids))
    found: dict[OfUnit, Tally] = {}
    # Each by itself, so that each is a stretch of its own index.
    for unit_id, kind, *numbers in session.execute(union_all(*(counted.where(one) for one in which))):
        found[unit_id, kind] = found.get((unit_id, kind), Tally()) + Tally(*numbers)
    return found


def _of_kinds(kinds: Sequence[ClockKind]) -> list[ColumnElement[bool]]:
    """Asked of all kinds, PostgreSQL would look into an index of all clocks for them."""
    return [] if set(kinds) == set(ClockKind) else [Clock.kind.in_(kinds)]


def ended_in(from_at: datetime, to_at: datetime) -> ColumnElement[bool]:
    """Judged then: what a day's total is made of, because it belongs to that day alone."""
    return and_(Clock.stopped_at >= from_at, Clock.stopped_at < to_at)


def broken_then(from_at: datetime, to_at: datetime) -> ColumnElement[bool]:
    """Broken then and ended later, but not cancelled."""
    broken = and_(Clock.first_breach_at >= from_at, Clock.first_breach_at < to_at)
    return and_(Clock.stopped_at >= to_at, broken, Clock.status != ClockStatus.CANCELLED)


def cancelled_of(from_at: datetime, to_at: datetime, *, unbroken_too: bool) -> ColumnElement[bool]:
    """Begun or broken then, and cancelled at another time; `unbroken_too`: those that count nowhere as well."""
    broken = and_(Clock.first_breach_at >= from_at, Clock.first_breach_at < to_at)
    begun = and_(Clock.started_at >= from_at, Clock.started_at < to_at)
    ended_elsewhere = or_(Clock.stopped_at.is_(None), Clock.stopped_at < from_at, Clock.stopped_at >= to_at)
    was_broken = text("clock.status = 'cancelled' and clock.first_breach_at is not null")
    if not unbroken_too:
        # Nothing breaks before it begins.
        return and_(was_broken, Clock.first_breach_at >= from_at, or_(begun, broken), ended_elsewhere)
    return or_(
        and_(text("clock.status = 'cancelled'"), begun, ended_elsewhere), and_(was_broken, broken, ended_elsewhere)
    )


def late_not_noted(to_at: datetime, *, now: datetime) -> ColumnElement[bool]:
    """Due by then and by now, still running, and nobody has written down yet that it broke."""
    return and_(text(_NOT_NOTED), Clock.status != ClockStatus.MISSED, Clock.due_at < min(now, to_at))
