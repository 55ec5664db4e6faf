"""A claimed message as the sender needs it: no session, no row, only what goes over the wire."""

from dataclasses import dataclass

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
    # The phone number it is sent from: the city's own line.
    from_phone: str
