"""A word between colleagues about a level: on the screen, and in writing, because somebody counts on the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.schema import Staff, Ticket
from tickets.states import OutboundChannel, Priority


@dataclass(frozen=True, slots=True)
class Word:
    """What is said; `key` is what it is said about, so that it is said once."""

    template: str
    params: Mapping[str, Any]
    key: str


def tell_in_writing(
    session: Session, ticket: Ticket, to: Staff, word: Word, *, not_before: datetime | None = None, now: datetime
) -> None:
    """On the screen now; by SMS where they have a phone, else by mail, at `not_before` if that is later."""
    written = (OutboundChannel.SMS, to.phone) if to.phone else (OutboundChannel.EMAIL, to.email)
    messages = [
        Outgoing(
            channel=channel,
            address=address,
            template=word.template,
            params={"reference": ticket.reference, **word.params},
            locale=to.locale,
            dedup_key=key_of(word.template, word.key, channel),
            ticket_id=ticket.id,
            staff_id=to.id,
            is_urgent=ticket.priority is Priority.EMERGENCY,
            not_before=None if channel is OutboundChannel.SCREEN else not_before,
        )
        for channel, address in ((OutboundChannel.SCREEN, ""), written)
    ]
    posting.post_all(session, messages, now=now)


def key_of(template: str, key: str, channel: OutboundChannel) -> str:
    """By what a message is known again."""
    return f"{template}:{key}:{channel}"
