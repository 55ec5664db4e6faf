"""A claimed message as the sender needs it: no session, no row, only what goes over the wire."""

from dataclasses import dataclass
from datetime import datetime

from tickets.states import OutboundChannel


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` is what leaves, secrets included; what is kept in the outbox carries a mark in their place."""

    id: int
    channel: OutboundChannel
    address: str
    locale: str
    subject: str
    text: str
    attempts: int
    dedup_key: str
    # The words as they are kept: what leaves anew with every attempt, a link, stands there as its mark.
    kept_text: str
    # Since when it may have left without our knowing.
    doubtful_since: datetime | None
    # The phone number it is sent from: the city's own line.
    from_phone: str
    template: str = ""
