"""How promises were kept: from clocks and the facts of their breaches (R23, A1), by the unit that was responsible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, literal_column, not_, or_, select, text
from sqlalchemy.orm import Session

from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, PromiseBreach, Ticket, Unit
from tickets.states import ClockKind, ClockStatus


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
) -> list[Kept]:
    """Promises due, broken or ended in [from_at, to_at), by unit and kind, in the order of names. One statement.

    A clock counts where the ticket was when it broke, else where it ended, or is now while that is still to come. The
    canary never counts.
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
            Unit.id,
            Unit.code,
            Unit.name,
            Unit.name_en,
            Clock.kind,
            func.count(case((and_(Clock.status == ClockStatus.MET, not_(broken)), 1))),
            func.count(case((and_(broken, not_(is_open)), 1))),
            func.count(case((and_(broken, is_open), 1))),
            func.count(case((and_(Clock.status == ClockStatus.CANCELLED, not_(broken)), 1))),
        )
        .select_from(Clock)
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .join(Unit, Unit.id == holder)
        .where(Clock.kind.in_(kinds), Clock.ticket_id.not_in(canaries))
        .where(_of_the_time(from_at, to_at, now=now))
        .group_by(Unit.id, Clock.kind)
        .order_by(Unit.sort_key, Unit.id, Clock.kind)
    )
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(unit_ids))
    return [Kept(*row) for row in session.execute(statement)]


def _of_the_time(from_at: datetime, to_at: datetime, *, now: datetime) -> ColumnElement[bool]:
    """Each of the parts is a range of an index; the states are written out as in the partial ones."""
    return or_(
        and_(Clock.stopped_at >= from_at, Clock.stopped_at < to_at),
        and_(text("clock.status = 'running'"), Clock.due_at < now, Clock.due_at < to_at),
        and_(text("clock.status = 'cancelled'"), Clock.started_at >= from_at, Clock.started_at < to_at),
        and_(Clock.first_breach_at >= from_at, Clock.first_breach_at < to_at),
        and_(
            text("clock.first_breach_at is not null and clock.status in ('running', 'paused')"),
            Clock.first_breach_at < to_at,
        ),
    )
