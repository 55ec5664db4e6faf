"""What became of a message that somebody waits for on a page: its state, and whether another one may follow; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# For so long whoever pressed the button waits to see it leave, and to see it arrive.
_LEAVES_WITHIN, _ARRIVES_WITHIN = timedelta(minutes=10), timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Fate:
    """`at` is when it came to this state, `is_awaited`: another may follow."""

    channel: OutboundChannel
    state: OutboundState
    at: datetime
    is_awaited: bool


def fate_of(row: OutboundMessage, *, now: datetime) -> Fate:
    at = row.delivered_at or row.settled_at or row.sent_at or row.created_at
    leaves = row.state in (OutboundState.WAITING, OutboundState.CLAIMED) and now - row.created_at < _LEAVES_WITHIN
    # Of mail and of what stands on a screen nobody ever reports that it arrived.
    arrives = row.state is OutboundState.SENT and row.provider_sid is not None and now - at < _ARRIVES_WITHIN
    return Fate(row.channel, row.state, at, leaves or arrives)
