"""Whoever writes by a service that knows people by names of its own: kept together, and told that we cannot answer.

Only the document that answers the provider's request reaches them: where its driver knows none, nothing does.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.dialled import chat_service
from telephony.sms.texted import SAME_TALK, KeptText, Texted
from tickets.schema import InboundSms, Ticket
from tickets.states import UNFINISHED, Priority

UNANSWERED = "chat_unanswered"


def open_ticket_of_chat(session: Session, sms: Texted, *, now: datetime) -> Ticket | None:
    """The latest open ticket that the same person wrote about within a day."""
    if chat_service(sms.phone_raw) is None:
        return None
    return session.scalars(
        select(Ticket)
        .join(InboundSms, InboundSms.ticket_id == Ticket.id)
        .where(_same_person(sms, now=now), Ticket.status.in_(UNFINISHED), Ticket.is_canary.is_(False))
        .order_by(InboundSms.id.desc())
        .limit(1)
    ).first()


def said_at_once(session: Session, sms: KeptText, desk: Desk, *, now: datetime) -> tuple[dict[str, Any], str] | None:
    """What goes back the same way, and in which language: how else we can answer; in danger, first whom to call.

    Once for each ticket, and once a day where there is none: two machines that answer each other end here. None for
    numbers, which are answered by texts, and where it has been said.
    """
    if chat_service(sms.phone_raw) is None:
        return None
    ticket_id = session.scalar(select(InboundSms.ticket_id).where(InboundSms.id == sms.inbound_id))
    read = desk.read(sms.body)
    earlier = select(InboundSms.id).where(
        _same_person(sms, now=now), InboundSms.id < sms.inbound_id, InboundSms.ticket_id.is_not_distinct_from(ticket_id)
    )
    if not read.may_be_danger and session.scalar(earlier.limit(1)) is not None:
        return None
    ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
    params: dict[str, Any] = {"reference": ticket.reference if ticket else "", "line": desk.city_line}
    if read.may_be_danger or (ticket is not None and ticket.priority is Priority.EMERGENCY):
        params["danger"] = list(read.danger.kinds)
    return params, "en" if read.is_english else "vi"


def _same_person(sms: Texted, *, now: datetime) -> ColumnElement[bool]:
    return and_(
        InboundSms.phone.is_(None), InboundSms.phone_raw == sms.phone_raw, InboundSms.received_at > now - SAME_TALK
    )
