"""Whoever writes by a service that knows people by names of its own: kept together, and told that we cannot answer.

Only the document that answers the provider's request reaches them: where its driver knows none, nothing does.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select, update
from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.dialled import chat_service
from telephony.sms.echo import is_echo
from telephony.sms.texted import SAME_TALK, KeptText, Texted
from tickets.schema import InboundSms, Ticket
from tickets.states import UNFINISHED, Priority

UNANSWERED = "chat_unanswered"
MOST_SAID_A_DAY = 5

_SAY = (
    update(InboundSms)
    .where(InboundSms.id == bindparam("row"))
    .values(answer=bindparam("words"))
    .execution_options(synchronize_session=False)
)


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

    Once for each ticket, and once a day where there is none; a second time where danger is told of first after that,
    and never to our own words. However much it sends, and whatever of, nobody is answered more often in a day than
    MOST_SAID_A_DAY: two machines that answer each other end there. None for numbers, which are answered by texts.
    """
    if chat_service(sms.phone_raw) is None or is_echo(session, sms.body, sms, now=now):
        return None
    ticket_id = session.scalar(select(InboundSms.ticket_id).where(InboundSms.id == sms.inbound_id))
    told = session.execute(
        select(InboundSms.ticket_id, InboundSms.body)
        .where(_same_person(sms, now=now), InboundSms.id != sms.inbound_id, InboundSms.answer != "")
        .limit(MOST_SAID_A_DAY)
    ).all()
    read, of_same = desk.read(sms.body), [one.body for one in told if one.ticket_id == ticket_id]
    is_new = not of_same or (read.may_be_danger and not any(desk.read(body).may_be_danger for body in of_same))
    if not is_new or len(told) == MOST_SAID_A_DAY:
        return None
    ticket = session.get(Ticket, ticket_id) if ticket_id is not None else None
    params: dict[str, Any] = {"reference": ticket.reference if ticket else "", "line": desk.city_line}
    if read.may_be_danger or (ticket is not None and ticket.priority is Priority.EMERGENCY):
        params["danger"] = list(read.danger.kinds)
    return params, "en" if read.is_english else "vi"


def note_said(session: Session, sms: KeptText, words: str) -> None:
    """Kept with the message that it answers: only of what was said are people taken to know."""
    session.execute(_SAY, {"row": sms.inbound_id, "words": words})


def take_back_said(session: Session, *, account: str, message_sid: str) -> None:
    """It was made when the provider no longer waited for it: nobody has read it."""
    session.execute(
        update(InboundSms)
        .where(InboundSms.account == account, InboundSms.message_sid == message_sid, InboundSms.answer != "")
        .values(answer="")
        .execution_options(synchronize_session=False)
    )


def _same_person(sms: Texted, *, now: datetime) -> ColumnElement[bool]:
    return and_(
        InboundSms.phone.is_(None), InboundSms.phone_raw == sms.phone_raw, InboundSms.received_at > now - SAME_TALK
    )
