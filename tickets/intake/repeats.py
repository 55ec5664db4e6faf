"""The same person about the same matter again: told before a second ticket is made, and attached to the first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.intake import contacts
from tickets.people.actor import Actor
from tickets.schema import Ticket
from tickets.states import UNFINISHED, Channel, TimelineKind
from tickets.work.conversation import citizen_message, on_contact
from tickets.work.judged_at import judged_at
from tickets.work.ticket import lock_ticket, record

REPEATED_WITHIN = timedelta(days=7)
MOST_OFFERED = 5


def open_tickets_of(session: Session, citizen_id: int, *, now: datetime, limit: int = MOST_OFFERED) -> Sequence[Ticket]:
    """What this citizen has waiting with us and brought within the last days, newest first."""
    return session.scalars(_recent(citizen_id, now).limit(limit)).all()


def attach_contact(
    session: Session,
    ticket_id: int,
    *,
    contact_id: int,
    channel: Channel,
    body: str = "",
    arrived_at: datetime,
    actor: Actor,
    now: datetime,
) -> None:
    """Another call, SMS or form about an open ticket becomes part of it; with words it is a message, else a contact."""
    contacts.link(session, contact_id, ticket_id)
    if body.strip():
        citizen_message(
            session, ticket_id, body=body, channel=channel, contact_id=contact_id, arrived_at=arrived_at,
            actor=actor, now=now,
        )  # fmt: skip
        return
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    params = {"channel": channel.value, "contact_id": contact_id}
    timeline.add(session, ticket.id, TimelineKind.CONTACT, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.contacted", actor=actor, params=params, now=now)
    on_contact(session, ticket, arrived_at=arrived_at, actor=actor, now=now)


def _recent(citizen_id: int, now: datetime) -> Select[Ticket]:
    return (
        select(Ticket)
        .where(
            Ticket.citizen_id == citizen_id,
            Ticket.status.in_(UNFINISHED),
            Ticket.opened_at > now - REPEATED_WITHIN,
            Ticket.is_canary.is_(False),
        )
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
    )
