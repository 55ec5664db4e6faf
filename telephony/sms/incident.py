"""A known incident by text: its bulletin goes with our first answer, and "1" in reply counts who wrote."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.sms.answered import ANSWERED_WITHIN
from telephony.sms.texted import Taken, Texted
from tickets.intake import contacts
from tickets.intake.acknowledgement import incident_told
from tickets.outbox import posting
from tickets.people.actor import citizen_actor
from tickets.schema import OutboundMessage, Ticket
from tickets.states import Channel
from tickets.typed_text import typed_number
from tickets.work import incident_people

_YES = 1


def incident_words(ticket: Ticket, desk: Desk, *, now: datetime) -> dict[str, Any]:
    """What a message about this ticket says of an incident, and that an answer counts; {} where there is none."""
    if ticket.is_restricted:
        return {}
    return incident_told(
        desk.rules, unit_id=ticket.place_unit_id or ticket.unit_id, category_id=ticket.category_id,
        priority=ticket.priority, counts=True, now=now,
    )  # fmt: skip


def take_count(session: Session, body: str, sms: Texted, *, is_simulated: bool, now: datetime) -> Taken | None:
    """None for whoever does not answer just this: our last message to the number was another, or the words are."""
    if sms.phone is None or typed_number(body.strip().strip(".#)( ")) != _YES:
        return None
    asked = _last_message(session, sms.phone, now=now)
    if asked is None or not (incident := asked.params.get("incident")) or asked.ticket_id is None:
        return None
    ticket = session.get_one(Ticket, asked.ticket_id)
    contact = contacts.register(
        session, channel=Channel.SMS, source_key=f"{sms.account}:{sms.message_sid}", arrived_at=now, phone=sms.phone,
        phone_raw=sms.phone_raw, citizen_id=ticket.citizen_id, is_simulated=is_simulated,
    )  # fmt: skip
    contacts.link(session, contact.id, ticket.id)
    person = incident_people.Counted(
        Channel.SMS, phone=sms.phone, locale=asked.locale, contact_id=contact.id, ticket_id=ticket.id
    )
    incident_people.count(session, int(incident["id"]), person, actor=citizen_actor(), now=now)
    _confirm(session, ticket, incident, to=sms.phone, locale=asked.locale, now=now)
    return Taken(contact.id, ticket.id)


def _last_message(session: Session, phone: str, *, now: datetime) -> OutboundMessage | None:
    return session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.address == phone, OutboundMessage.created_at > now - ANSWERED_WITHIN)
        .order_by(OutboundMessage.id.desc())
        .limit(1)
    ).first()


def _confirm(
    session: Session, ticket: Ticket, incident: Mapping[str, Any], *, to: str, locale: str, now: datetime
) -> None:
    posting.post_sms(
        session, to=to, template="incident_counted", params={"reference": ticket.reference}, locale=locale,
        dedup_key=f"incident-counted:{incident['id']}:{ticket.id}", ticket_id=ticket.id, citizen_id=ticket.citizen_id,
        now=now,
    )  # fmt: skip
