"""Noting that a running promise is broken: the breach time is the due date, whenever it is seen (R16, R17)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tickets.schema import Clock, Ticket
from tickets.states import ClockKind, ClockStatus


@dataclass(frozen=True, slots=True)
class Breach:
    ticket_id: int
    clock: ClockKind
    due_at: datetime


def note_breaches(session: Session, ticket_ids: Collection[int], *, now: datetime) -> list[Breach]:
    """Mark the overdue clocks of these (locked) tickets once, with the unit that held them when they were due."""
    holder = select(Ticket.unit_id).where(Ticket.id == Clock.ticket_id).scalar_subquery()
    rows = session.execute(
        update(Clock)
        .where(
            Clock.ticket_id.in_(ticket_ids),
            Clock.status == ClockStatus.RUNNING,
            Clock.due_at <= now,
            Clock.breached_at.is_(None),
        )
        .values(breached_at=Clock.due_at, due_unit_id=func.coalesce(Clock.due_unit_id, holder))
        .returning(Clock.ticket_id, Clock.kind, Clock.due_at)
        .execution_options(synchronize_session=False)
    )
    return [Breach(ticket_id, kind, due_at) for ticket_id, kind, due_at in rows if due_at is not None]
