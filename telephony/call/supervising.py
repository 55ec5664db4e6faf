"""Others in a talk: a supervisor who listens, is heard by the agent alone or by all; a colleague who is brought in."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.call.recording_pause import is_paused
from telephony.call.room_legs import leave_room
from telephony.calls import end_hold, lock_call, note_leg_status
from telephony.floor.consulting import consult_of, keep
from telephony.floor.presence import begin_talk, lock_to_talk, presence_of
from telephony.floor.rooms import Party, TalkPart, TalkRoom, agents_leg, keep_room, room_of
from telephony.lock_order import lock_around_call
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call
from tickets.states import CallState, PresenceState

RECORDING_PAUSED = "recording_paused"


@dataclass(frozen=True, slots=True)
class TalkEntry:
    """What the provider has to be told: the agent's leg is led into the room where there was none, and `party` rung,
    or led to their other part where they have a leg."""

    call: Call
    party: Party
    agents_leg: str
    is_new_room: bool


def enter_talk(
    session: Session, call_id: int, *, staff_id: int, name: str, phone: str, part: TalkPart, now: datetime
) -> TalkEntry:
    """Raises NotFound for a talk that is over, NotAllowed for one's own, during a call of one's own, or a pause."""
    known = session.execute(select(Call.account, Call.call_sid).where(Call.id == call_id)).one_or_none()
    if known is None:
        raise NotFound("call", call_id)
    lock_around_call(session, account=known.account, call_sid=known.call_sid, beside=[staff_id])
    call = lock_call(session, call_id)
    leg = agents_leg(session, call)
    if call.state is not CallState.TALKING or call.hold_since is not None or not leg:
        raise NotFound("call", call_id)
    if call.agent_id == staff_id:
        raise NotAllowed("own_call")
    room = room_of(call.detail)
    if room is None and is_paused(call.detail):
        # The room makes a recording of its own: what is being read out just now would be kept after all.
        raise NotAllowed(RECORDING_PAUSED)
    party = room.party(staff_id) if room is not None else None
    if party is None:
        mine = lock_to_talk(session, staff_id, phone=phone, now=now)
        party = Party(staff_id, name, part, mine.state)
        begin_talk(mine, call.id, now=now)
    elif party.part is not part:
        _in_another_part(session, call, party, now=now)
    keep_room(call, (room or TalkRoom()).with_party(replace(party, part=part)))
    session.flush()
    return TalkEntry(call, replace(party, part=part), leg, room is None)


def bring_in(session: Session, call: Call, *, now: datetime) -> TalkEntry:
    """The colleague who was asked first speaks with caller and agent. The talk and both agents are locked.

    The agent goes in by the line on which the two talk. Raises NotAllowed while nobody has answered, or without a line.
    """
    consult = consult_of(call.detail)
    if consult is None or not consult.is_answered or not consult.leg:
        raise NotAllowed("nobody_answered")
    keep(call, None)
    note_leg_status(
        session, call_id=call.id, account=call.account, leg_sid=consult.leg, staff_id=call.agent_id,
        status="in-progress", now=now,
    )  # fmt: skip
    party = Party(consult.with_id, consult.with_name, TalkPart.SPEAKS, PresenceState.AVAILABLE)
    keep_room(call, TalkRoom().with_party(party))
    _in_another_part(session, call, party, now=now)
    end_hold(call, now=now)
    session.flush()
    return TalkEntry(call, party, consult.leg, is_new_room=True)


def _in_another_part(session: Session, call: Call, party: Party, *, now: datetime) -> None:
    """Since now: by that alone every bar that shows it learns of it."""
    theirs = presence_of(session, party.staff_id)
    if theirs is not None and theirs.call_id == call.id:
        begin_talk(theirs, call.id, now=now)


def note_partys_leg(session: Session, call_id: int, *, staff_id: int, leg: str, now: datetime) -> bool:
    """The leg that rings; where the provider made none they are out again. False when it is not wanted any more."""
    call = lock_call(session, call_id)
    room = room_of(call.detail)
    party = room.party(staff_id) if room is not None else None
    if room is None or party is None:
        return False
    if not leg:
        leave_room(session, call, party, now=now)
    else:
        keep_room(call, room.with_party(replace(party, leg=leg)))
    return True


def leave_talk(session: Session, call_id: int, *, staff_id: int, now: datetime) -> tuple[Call, str]:
    """The call, and the leg that has to be ended. Raises NotFound for whoever is not in it."""
    call = lock_call(session, call_id)
    room = room_of(call.detail)
    party = room.party(staff_id) if room is not None else None
    if party is None:
        raise NotFound("call", call_id)
    leave_room(session, call, party, now=now)
    return call, party.leg
