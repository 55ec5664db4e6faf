"""Ringing the citizen of a ticket now, for the agent who asks: dialled by the outbox, by the same rules as every call.

Whoever answers presses a key to talk, so that no voicemail is talked to, and is bridged to this agent.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.floor import callbacks
from telephony.floor.callback_turns import standing
from telephony.floor.calling_back import KEPT_FOR, phone_to_call, post_call_to
from telephony.floor.presence import free, keep_for_callback, lock_presence
from tickets.errors import InvalidInput
from tickets.outbox.spending import require_may_leave
from tickets.schema import Ticket
from tickets.states import PresenceState

# Why an agent who takes calls can ring nobody at this moment.
_WHY_NOT: Mapping[PresenceState | None, str] = {
    PresenceState.OFFERED: "rings_first",
    PresenceState.ON_CALL: "you_are_on_a_call",
    PresenceState.CALLING_BACK: "you_are_calling_back",
}


def call_citizen_now(session: Session, ticket: Ticket, *, staff_id: int, once: str, now: datetime) -> int:
    """The callback that it is. The ticket is locked. Nothing else rings at the agent meanwhile.

    Raises InvalidInput where there is nobody to call, they asked not to be called, or talk with us already; where
    a budget is used up; and while the agent takes no calls: an unwatched telephone would ring at a citizen in vain.
    """
    phone = phone_to_call(session, ticket)
    if session.scalar(select(callbacks.is_on_the_line(phone))):
        raise InvalidInput("at", "on_the_line")
    key = f"now:{ticket.id}:{once or now.isoformat()}"[:200]
    presence = lock_presence(session, staff_id)
    if presence is None or presence.state not in (PresenceState.AVAILABLE, PresenceState.WRAP_UP):
        state = presence.state if presence is not None else None
        raise InvalidInput("at", _WHY_NOT.get(state, "take_calls_first"))
    planned = callbacks.plan_callback(session, ticket, phone=phone, at=now, once_key=key, now=now)
    if presence.state is PresenceState.WRAP_UP:
        free(presence, now=now)
        session.flush()
    request = callbacks.lock_waiting(session, planned)
    if request is None or not keep_for_callback(session, staff_id, callback_id=planned, now=now):
        raise InvalidInput("at", "being_called")
    outbound_id = post_call_to(session, standing(session, planned, now=now), now=now)
    callbacks.begin_dialling(request, staff_id=staff_id, outbound_id=outbound_id, until=now + KEPT_FOR)
    session.flush()
    require_may_leave(session, outbound_id, now=now)
    session.flush()
    return planned
