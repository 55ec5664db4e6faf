"""Our own words that come back: sent by a machine that quotes whom it answers, or passed on by a person.

They tell of nothing, although many of ours name danger or ask what is not solved.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.dialled import chat_service
from telephony.sms.texted import SAME_TALK, Texted
from tickets.folding import fold
from tickets.schema import InboundSms, OutboundMessage, Ticket

_SENT_WITHIN, _MOST_LOOKED_AT = timedelta(days=7), 20
# What is shorter a person may write too.
_FEWEST_LETTERS = 25
# Where a secret was put in when it left.
_MARK = re.compile(r"\[\[\w+\]\]")


def is_echo(session: Session, body: str, sms: Texted, *, now: datetime) -> bool:
    """Whether it says the whole of a text of ours, about a request of this number or to this chat, and nothing else.

    Compared by letters alone: carriers drop marks, quoting adds signs, and a PIN is kept nowhere.
    """
    came = _letters(body)
    if len(came) < _FEWEST_LETTERS:
        return False
    return any(_says(text, came) for text in _said_to(session, sms, now=now))


def _says(ours: str, came: str) -> bool:
    parts = [_letters(part) for part in _MARK.split(ours)]
    return sum(map(len, parts)) >= _FEWEST_LETTERS and re.fullmatch("[a-z]*".join(parts), came) is not None


def _letters(text: str) -> str:
    return "".join(sign for sign in fold(text) if "a" <= sign <= "z")


def _said_to(session: Session, sms: Texted, *, now: datetime) -> Sequence[str]:
    if sms.phone is not None:
        return _sent_to(session, sms.phone, now=now)
    if chat_service(sms.phone_raw) is None:
        return ()
    return session.scalars(
        select(InboundSms.answer)
        .where(InboundSms.phone.is_(None), InboundSms.phone_raw == sms.phone_raw, InboundSms.answer != "")
        .where(InboundSms.received_at > now - SAME_TALK)
        .order_by(InboundSms.id.desc())
        .limit(_MOST_LOOKED_AT)
    ).all()


def _sent_to(session: Session, phone: str, *, now: datetime) -> Sequence[str]:
    """Found by the requests of the number: messages are many, and no index tells whom those of last week went to."""
    return [
        text or ""
        for text in session.scalars(
            select(OutboundMessage.text)
            .join(Ticket, Ticket.id == OutboundMessage.ticket_id)
            .where(Ticket.reply_phone == phone, OutboundMessage.address == phone, OutboundMessage.text.is_not(None))
            .where(OutboundMessage.created_at > now - _SENT_WITHIN)
            .order_by(OutboundMessage.id.desc())
            .limit(_MOST_LOOKED_AT)
        )
    ]
