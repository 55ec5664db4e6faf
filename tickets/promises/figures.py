"""How promises were kept: from clocks only (R23), by the unit that held the ticket when it was due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from tickets.schema import Clock, Ticket, Unit
from tickets.states import ClockKind, ClockStatus


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises of one unit and clock kind. `overdue` are open and past due: they count as not kept."""

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
        """The denominator: met + missed + open and overdue; cancelled ones are shown beside, never counted."""
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
    """Promises that were due or ended in [from_at, to_at), by unit and kind, in the order of names. One statement.

    A clock counts where the ticket was when it was due (`due_unit_id`), or is now while that is still to come. The
    canary never counts.
    """
    # Tickets are looked up only where the clock itself does not say who held them.
    now_with = select(Ticket.unit_id).where(Ticket.id == Clock.ticket_id).scalar_subquery()
    holder = func.coalesce(Clock.due_unit_id, Clock.stopped_unit_id, now_with)
    canaries = select(Ticket.id).where(literal_column("ticket.is_canary"))
    ended = and_(Clock.stopped_at >= from_at, Clock.stopped_at < to_at)
    overdue = and_(Clock.status == ClockStatus.RUNNING, Clock.due_at < now, Clock.due_at < to_at)
    cancelled = Clock.status == ClockStatus.CANCELLED
    # Each of the three is a range of an index; the states are written out as in the partial ones.
    open_still = and_(text("clock.status = 'running'"), Clock.due_at < now, Clock.due_at < to_at)
    given_up = and_(text("clock.status = 'cancelled'"), Clock.started_at >= from_at, Clock.started_at < to_at)
    statement = (
        select(
            Unit.id,
            Unit.code,
            Unit.name,
            Unit.name_en,
            Clock.kind,
            func.count(case((Clock.status == ClockStatus.MET, 1))),
            func.count(case((Clock.status == ClockStatus.MISSED, 1))),
            func.count(case((overdue, 1))),
            func.count(case((cancelled, 1))),
        )
        .select_from(Clock)
        .join(Unit, Unit.id == holder)
        .where(Clock.kind.in_(kinds), Clock.ticket_id.not_in(canaries))
        .where(or_(ended, open_still, given_up))
        .group_by(Unit.id, Clock.kind)
        .order_by(Unit.sort_key, Unit.id, Clock.kind)
    )
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(unit_ids))
    return [Kept(*row) for row in session.execute(statement)]
