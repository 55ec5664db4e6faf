"""Texts to one person leave in the order in which they were written, whoever sends them.

One at a time is out for a phone. A later text waits for an earlier one that is being handed over or is due, and for a
while for one that failed and is tried again; then it goes, because one that never leaves must not hold up the rest.
What is urgent waits for nothing that is not, but for the moment in which that is handed over; and for what is urgent
too and comes again, half a minute.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, literal_column, not_, or_
from sqlalchemy.orm import aliased

from tickets.outbox.patience import HANGS_AFTER, ORDER_KEPT_FOR, URGENT_ORDER_KEPT_FOR
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# Once: it has all columns of a message, and every idle look of a worker would make them anew.
_EARLIER = aliased(OutboundMessage, name="earlier")


def in_turn(*, now: datetime) -> ColumnElement[bool]:
    """Of due messages, those that wait for no earlier one to the same phone."""
    is_out = and_(_EARLIER.state == OutboundState.CLAIMED, _EARLIER.lease_until >= now)
    is_due = and_(_EARLIER.not_before <= now, _EARLIER.not_before > now - HANGS_AFTER)
    kept_since = case((OutboundMessage.is_urgent, now - URGENT_ORDER_KEPT_FOR), else_=now - ORDER_KEPT_FOR)
    comes_again = and_(_EARLIER.attempts > 0, OutboundMessage.not_before > kept_since)
    goes_first = and_(
        or_(_EARLIER.state == OutboundState.WAITING, _EARLIER.lease_until < now),
        or_(_EARLIER.is_urgent, not_(OutboundMessage.is_urgent)),
        or_(is_due, comes_again),
    )
    waits = exists().where(
        # Written out, so that PostgreSQL sees that the partial index holds.
        literal_column("earlier.state in ('waiting', 'claimed')"),
        _EARLIER.address == OutboundMessage.address,
        _EARLIER.id < OutboundMessage.id,
        _EARLIER.channel == OutboundChannel.SMS,
        or_(is_out, goes_first),
    )
    return or_(OutboundMessage.channel != OutboundChannel.SMS, not_(waits))


def first_of_each(rows: Iterable[tuple[int, OutboundChannel, str]]) -> list[int]:
    """Of messages in the order in which they would leave: all, but of texts to one phone only the first."""
    seen: set[str] = set()
    found = []
    for message_id, channel, address in rows:
        if channel is OutboundChannel.SMS and address in seen:
            continue
        if channel is OutboundChannel.SMS:
            seen.add(address)
        found.append(message_id)
    return found
