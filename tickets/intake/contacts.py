"""One call, SMS, form or API request arriving: written once, however often its sender repeats it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from tickets.schema import Contact
from tickets.schema.rows import Change
from tickets.states import Channel

# `do update` instead of `do nothing`: a repetition waits for the first one to commit and then sees what became of it.
REGISTER = """
    insert into contact as c
        (channel, source_key, arrived_at, citizen_id, line_id, phone, phone_raw, is_simulated)
    values (:channel, :source_key, :arrived_at, :citizen_id, :line_id, :phone, :phone_raw, :is_simulated)
    on conflict (channel, source_key) do update set citizen_id = coalesce(c.citizen_id, excluded.citizen_id)
    returning c.id, c.ticket_id, c.citizen_id, c.arrived_at, c.xmax = 0 as is_new
"""
_REGISTER = text(REGISTER)
_LINK = """
    update contact set ticket_id = :ticket_id, citizen_id = coalesce(citizen_id, :citizen_id) where id = :contact_id
"""
_OPENED_BY = text("select ticket_id from contact where channel = :channel and source_key = :source_key")


@dataclass(frozen=True, slots=True)
class Registered:
    """A contact and what it led to; `is_new` is false for a repetition of one we know."""

    id: int
    ticket_id: int | None
    citizen_id: int | None
    arrived_at: datetime
    is_new: bool


def register(  # noqa: PLR0913 - one call says all there is to say of a contact
    session: Session,
    *,
    channel: Channel,
    source_key: str,
    arrived_at: datetime,
    phone: str | None = None,
    phone_raw: str = "",
    citizen_id: int | None = None,
    line_id: int | None = None,
    is_simulated: bool = False,
) -> Registered:
    """Write a contact, or find the same one again; `source_key` is unique within its channel, e.g. a call's own id."""
    row = session.execute(
        _REGISTER,
        {
            "channel": channel.value,
            "source_key": source_key,
            "arrived_at": arrived_at,
            "citizen_id": citizen_id,
            "line_id": line_id,
            "phone": phone,
            "phone_raw": phone_raw,
            "is_simulated": is_simulated,
        },
    ).one()
    return Registered(*row)


def ticket_opened_by(session: Session, *, channel: Channel, source_key: str) -> int | None:
    """The ticket that this very contact led to; None when it is new."""
    return session.scalars(_OPENED_BY, {"channel": channel.value, "source_key": source_key}).one_or_none()


def link(session: Session, contact_id: int, ticket_id: int) -> None:
    """Say which ticket a contact is about."""
    session.execute(update(Contact).where(Contact.id == contact_id).values(ticket_id=ticket_id))


def linked(contact_id: int, *, ticket_id: int, citizen_id: int | None) -> Change:
    """The contact learns its ticket and its person; a part of one statement that changes several tables."""
    return _LINK, {"ticket_id": ticket_id, "contact_id": contact_id, "citizen_id": citizen_id}
