"""Legs of a talk of several: how one is sent into its room, and what it is told when the room ends.

Caller and agent end the room by going. Whoever is left asks us: into it again while the caller is on hold, else home.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.calls import lock_call
from telephony.floor.presence import let_party_go
from telephony.floor.rooms import Party, TalkPart, TalkRoom, agents_leg, keep_room, room_name, room_of
from telephony.plan.verbs import Dial, Hangup, Params, Plan, Room
from telephony.provider.event_keys import ROOM_STEP
from tickets.schema import Call
from tickets.states import CallState
from tickets.typed_text import typed_number

AGENT = "agent"


def next_plan(session: Session, query: Mapping[str, str], *, account: str, now: datetime) -> Plan:
    """`c` is the call, `p` whose leg it is; `enter` sends it in, without it the leg comes out of a room that ended."""
    call_id = session.scalar(
        select(Call.id).where(Call.id == typed_number(query.get("c", "")), Call.account == account)
    )
    if call_id is None:
        return (Hangup(),)
    call = lock_call(session, call_id)
    room = room_of(call.detail)
    is_open = room is not None and call.state is CallState.TALKING and call.ended_at is None
    if room is None or not is_open:
        return (Hangup(),)
    goes_in = "enter" in query or call.hold_since is not None
    if query.get("p") == AGENT:
        return _agent(call, room) if goes_in else (Hangup(),)
    party = room.party(typed_number(query.get("p", "")) or 0)
    if party is None or not goes_in:
        if party is not None:
            leave_room(session, call, party, now=now)
        return (Hangup(),)
    keep_room(call, replace(room, entered=room.entered + 1))
    return party_plan(call, party, agents_leg(session, call), entered=room.entered + 1)


def party_plan(call: Call, party: Party, leg: str, *, entered: int) -> Plan:
    """Into the room, in this one's part of it."""
    inside = Room(
        room_name(call.id),
        is_muted=party.part is TalkPart.LISTENS,
        coached_leg=leg if party.part is TalkPart.WHISPERS else "",
    )
    return (Dial(ROOM_STEP, inside, {"c": call.id, "p": party.staff_id, "n": entered}),)


def leave_room(session: Session, call: Call, party: Party, *, now: datetime) -> None:
    """Out of it; the talk of the others goes on."""
    room = room_of(call.detail)
    if room is not None:
        keep_room(call, room.without(party.staff_id))
        session.flush()
    let_party_go(session, party.staff_id, call_id=call.id, to=party.was, now=now)


def _agent(call: Call, room: TalkRoom) -> Plan:
    keep_room(call, replace(room, entered=room.entered + 1))
    params: Params = {"c": call.id, "p": AGENT, "n": room.entered + 1}
    return (Dial(ROOM_STEP, Room(room_name(call.id), ends=True), params),)
