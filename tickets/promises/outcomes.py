"""What became of a promise, in one place: met, missed, open and overdue or cancelled, and whose it was (R23, A1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, literal_column, not_, or_, select, text
from sqlalchemy.orm import Session

from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, PromiseBreach, Ticket
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import ClockKind, ClockStatus

OfUnit = tuple[int, ClockKind]
# Written out as in the partial indexes: broken and open, with whose it was; and late without anybody having noted it.
_BROKEN_OPEN = "clock.first_breach_at is not null and clock.status in ('running', 'paused')"
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
    which: ColumnElement[bool],
    *,
    now: datetime,
    kinds: Sequence[ClockKind] = tuple(ClockKind),
    unit_ids: Sequence[int] | None = None,
) -> dict[OfUnit, Tally]:
    """The clocks of `which`, by whose they were and by kind. The canary never counts.

    What was broken once is missed, or overdue while it is open, whatever date, priority or end it was given later. A
    clock counts where the ticket was when it broke, else where it ended, or is now while that is still to come.
    """
    # Tickets are looked up only where neither the fact nor the clock says who held them.
    now_with = select(Ticket.unit_id).where(Ticket.id == Clock.ticket_id).scalar_subquery()
    holder = func.coalesce(PromiseBreach.unit_id, Clock.due_unit_id, Clock.stopped_unit_id, now_with)
    canaries = select(Ticket.id).where(literal_column("ticket.is_canary"))
    is_open = Clock.status.in_(UNENDED)
    late = and_(Clock.status == ClockStatus.RUNNING, Clock.due_at < now)
    broken = or_(PromiseBreach.clock_id.is_not(None), Clock.status == ClockStatus.MISSED, late)
    statement = (
        select(
            holder.label("unit_id"),
            Clock.kind,
            func.count(case((and_(Clock.status == ClockStatus.MET, not_(broken)), 1))),
            func.count(case((and_(broken, not_(is_open)), 1))),
            func.count(case((and_(broken, is_open), 1))),
            func.count(case((and_(Clock.status == ClockStatus.CANCELLED, not_(broken)), 1))),
        )
        .select_from(Clock)
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .where(which, Clock.kind.in_(kinds), Clock.ticket_id.not_in(canaries))
        .group_by(holder, Clock.kind)
    )
    if unit_ids is not None:
        statement = statement.where(holder.in_(unit_ids))
    return {(unit_id, kind): Tally(*counted) for unit_id, kind, *counted in session.execute(statement)}


def ended_in(from_at: datetime, to_at: datetime) -> ColumnElement[bool]:
    """Judged then: what a day's total is made of, because it belongs to that day alone."""
    return and_(Clock.stopped_at >= from_at, Clock.stopped_at < to_at)


def also_of(from_at: datetime, to_at: datetime, *, now: datetime) -> ColumnElement[bool]:
    """What else is of that time, but for `ended_in` and `broken_open`; each part is a range of an index.

    Broken then and ended later; begun or broken then and cancelled; late and not noted yet.
    """
    broken = and_(Clock.first_breach_at >= from_at, Clock.first_breach_at < to_at)
    begun = and_(Clock.started_at >= from_at, Clock.started_at < to_at)
    ended_elsewhere = or_(Clock.stopped_at.is_(None), Clock.stopped_at < from_at, Clock.stopped_at >= to_at)
    return or_(
        and_(Clock.stopped_at >= to_at, broken),
        and_(text("clock.status = 'cancelled'"), begun, ended_elsewhere),
        and_(text("clock.status = 'cancelled' and clock.first_breach_at is not null"), broken, ended_elsewhere),
        and_(text(_NOT_NOTED), Clock.status == ClockStatus.RUNNING, Clock.due_at < now, Clock.due_at < to_at),
    )


def broken_open(
    session: Session,
    *,
    before: datetime,
    kinds: Sequence[ClockKind] = tuple(ClockKind),
    unit_ids: Sequence[int] | None = None,
) -> dict[OfUnit, Tally]:
    """Broken before `before` and still open: counted in an index of few keys, however many there are.

    What does not belong to them is subtracted: broken since then, and canaries.
    """
    whose = (Clock.due_unit_id, Clock.kind)
    noted = select(*whose, func.count()).where(text(_BROKEN_OPEN), Clock.kind.in_(kinds))
    if unit_ids is not None:
        noted = noted.where(Clock.due_unit_id.in_(unit_ids))
    since = noted.where(Clock.first_breach_at >= before)
    canaries = noted.join(Ticket, Ticket.id == Clock.ticket_id).where(
        text(f"ticket.is_canary and ticket.{IS_UNFINISHED}"), Clock.first_breach_at < before
    )
    counts: dict[OfUnit, int] = {}
    for statement, sign in ((noted, 1), (since, -1), (canaries, -1)):
        for unit_id, kind, count in session.execute(statement.group_by(*whose)):
            if unit_id is not None:
                counts[unit_id, kind] = counts.get((unit_id, kind), 0) + sign * count
    return {key: Tally(overdue=count) for key, count in counts.items() if count}
