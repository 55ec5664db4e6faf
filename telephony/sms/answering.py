"""A text back to the number that wrote."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from telephony.sms.texted import Texted
from tickets.outbox import posting
from tickets.people import citizens
from tickets.people.phones import parse_phone
from tickets.schema import Ticket


def text_about(
    session: Session, ticket: Ticket, template: str, params: Mapping[str, Any], sms: Texted, *, key: str = "",
    now: datetime,
) -> None:  # fmt: skip
    """About a ticket: once for each key, or once for each ticket."""
    key = key or f"{template.replace('_', '-')}:{ticket.id}"
    text_back(session, sms, template, params, locale=ticket.locale, key=key, ticket=ticket, now=now)


def text_back(
    session: Session, sms: Texted, template: str, params: Mapping[str, Any], *, locale: str, key: str,
    ticket: Ticket | None = None, now: datetime,
) -> None:  # fmt: skip
    """Once for each key, in the language the number is known to read, else in this one.

    Nothing to a number that no text can reach.
    """
    phone = parse_phone(sms.phone) if sms.phone else None
    if phone is None or not phone.may_get_sms:
        return
    known = citizens.find(session, phone=phone.number)
    posting.post_sms(
        session,
        to=phone.number,
        template=template,
        params=params,
        locale=known.locale if known else locale,
        dedup_key=key,
        ticket_id=ticket.id if ticket else None,
        citizen_id=ticket.citizen_id if ticket else known.id if known else None,
        now=now,
    )
