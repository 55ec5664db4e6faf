"""What a citizen may hear of a request by phone or SMS: with its PIN more, without one the bare state, else nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.keys import Keys
from tickets.people.pins import check_pin
from tickets.people.references import read_reference
from tickets.queries.reached_levels import reached_level
from tickets.schema import Clock, Ticket
from tickets.states import ClockKind, TicketStatus


@dataclass(frozen=True, slots=True)
class RequestState:
    """`unit_id`, `due_at` and `level` are there only for whoever gave the PIN, and never for restricted requests.

    `level` is the highest that reached somebody, not the highest that fired.
    """

    reference: str
    status: TicketStatus
    unit_id: int | None = None
    due_at: datetime | None = None
    is_overdue: bool = False
    level: int = 0


def request_state(
    session: Session, *, reference: str, pin: str, caller: str | None, keys: Keys, now: datetime
) -> RequestState | None:
    """None for a reference that does not exist, is locked, or is somebody else's: all three look alike.

    Without a PIN the bare state is told, and only to the number the request came from. All hidden numbers count as one.
    """
    known = read_reference(reference)
    if known is None:
        return None
    if pin:
        checked = check_pin(session, reference=known, pin=pin, asker=caller or "", keys=keys, now=now)
        return _in_full(session, checked.ticket_id, now=now) if checked.ticket_id else None
    if not caller:
        return None
    status = session.scalar(
        select(Ticket.status).where(
            Ticket.reference == known, Ticket.reply_phone == caller, Ticket.is_restricted.is_(False)
        )
    )
    return RequestState(known, status) if status else None


def _in_full(session: Session, ticket_id: int, *, now: datetime) -> RequestState:
    ticket, due_at = session.execute(
        select(Ticket, Clock.due_at)
        .outerjoin(
            Clock,
            (Clock.ticket_id == Ticket.id)
            & Clock.kind.in_((ClockKind.RESOLVE, ClockKind.APPEAL))
            & Clock.stopped_at.is_(None),
        )
        .where(Ticket.id == ticket_id)
        .order_by(Clock.id.desc())
        .limit(1)
    ).one()
    if ticket.is_restricted:
        return RequestState(ticket.reference, ticket.status)
    overdue = due_at is not None and due_at < now
    level = reached_level(session, ticket.id)
    return RequestState(ticket.reference, ticket.status, ticket.unit_id, due_at, overdue, level)
