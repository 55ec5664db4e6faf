"""An appeal by text message: with the PIN from any phone, without it from the one the request came from (R24)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.sms.intent import AppealIntent
from telephony.sms.texted import Texted
from tickets.errors import InvalidInput
from tickets.intake.appealing import open_appeal
from tickets.people.actor import citizen_actor
from tickets.people.pins import check_pin
from tickets.people.references import read_reference
from tickets.schema import Contact, Ticket
from tickets.states import Channel, ClockKind


@dataclass(frozen=True, slots=True)
class AppealAnswer:
    """What is texted back, and what the message became."""

    template: str
    params: Mapping[str, Any] = field(default_factory=dict)
    contact_id: int | None = None
    ticket_id: int | None = None


def take_appeal(
    session: Session, sms: Texted, asked: AppealIntent, desk: Desk, *, is_simulated: bool, now: datetime
) -> AppealAnswer:
    """Open the appeal, or say why not. A number that is nobody's and one that is another's are answered alike."""
    ticket_id = _ticket_id(session, sms, asked, desk, now=now)
    if ticket_id is None:
        return AppealAnswer("request_unknown")
    key = f"{sms.account}:{sms.message_sid}"
    try:
        opened = open_appeal(
            session, ticket_id, said=asked.words, channel=Channel.SMS, source_key=key, actor=citizen_actor(),
            keys=desk.keys, places=desk.places, rules=desk.rules, now=now,
        )  # fmt: skip
    except InvalidInput as refused:
        why = refused.code if refused.field == "appeal" else "no_words"
        return AppealAnswer("appeal_refused", {"reference": asked.reference, "why": why})
    unit, due_at = (
        desk.unit(opened.unit_id),
        {clock.kind: clock.due_at for clock in opened.clocks}.get(ClockKind.APPEAL),
    )
    params = {
        "reference": asked.reference,
        "case": opened.reference,
        "unit": {"vi": unit.name, "en": unit.name_en} if unit else None,
        "due_at": due_at.isoformat() if due_at else None,
    }
    contact = select(Contact.id).where(Contact.channel == Channel.SMS, Contact.source_key == key)
    return AppealAnswer("appeal_opened", params, session.scalar(contact), opened.ticket_id)


def _ticket_id(session: Session, sms: Texted, asked: AppealIntent, desk: Desk, *, now: datetime) -> int | None:
    known = read_reference(asked.reference)
    if known is None:
        return None
    own = select(Ticket.id).where(Ticket.reference == known, Ticket.reply_phone == sms.phone)
    found: int | None = session.scalar(own) if sms.phone else None
    if found is None and asked.pin:
        return check_pin(
            session, reference=known, pin=asked.pin, asker=sms.phone or "", keys=desk.keys, now=now
        ).ticket_id
    return found
