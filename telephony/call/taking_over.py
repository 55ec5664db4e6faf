"""A supervisor takes a talk over: the caller is bridged to them, and whoever talked writes down what was said."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.call.end import let_agent_go, note_talk_over
from telephony.call.passing_on import PassedOn, is_talk
from telephony.call.recording_pause import forget_pause
from telephony.calls import end_hold, lock_call
from telephony.floor.offers import end_consult
from telephony.floor.presence import begin_talk, lock_to_talk
from telephony.floor.rooms import close_room
from telephony.floor.telephones import may_ring
from telephony.ivr.queue import TAKEN_OVER
from telephony.lock_order import lock_around_call
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call

TAKEN_MEANWHILE = "taken_meanwhile"


def take_over(
    session: Session, call_id: int, *, by_id: int, by: str, phone: str, now: datetime
) -> tuple[Call, list[str]]:
    """The call, and the legs of others that have to be ended. `phone` as in `presence.phone`.

    Raises NotFound for a talk that is over, NotAllowed for whoever is on the phone themselves or comes second.
    """
    known = session.execute(select(Call.account, Call.call_sid, Call.agent_id).where(Call.id == call_id)).one_or_none()
    if known is None:
        raise NotFound("call", call_id)
    lock_around_call(session, account=known.account, call_sid=known.call_sid, beside=[by_id])
    call = lock_call(session, call_id)
    if call.agent_id is None or not is_talk(call):
        raise NotFound("call", call_id)
    if call.agent_id != known.agent_id:
        # While we waited: whoever has it now is not locked, and is not who was to be relieved.
        raise NotAllowed(TAKEN_MEANWHILE)
    if call.agent_id == by_id or not may_ring(call.detail, phone):
        raise NotAllowed("own_call")
    # Whoever listened a moment ago is on no call of their own.
    legs = close_room(session, call, now=now)
    mine = lock_to_talk(session, by_id, phone=phone, now=now)
    note_talk_over(session, call, {}, now=now)
    # Whose telephone only rings, or of whom nobody told that they answered, is of no call any more either.
    let_agent_go(session, call, now=now)
    legs += [leg for leg in [end_consult(session, call, now=now)] if leg]
    end_hold(call, now=now)
    forget_pause(call)
    call.agent_id = by_id
    begin_talk(mine, call.id, now=now)
    told = asdict(PassedOn(by_id, by))
    call.detail = {
        **call.detail, "was_cut_off": True, "talk_noted": False, "cut_off_from": None, "asking": TAKEN_OVER,
        "taken_over": told,
    }  # fmt: skip
    session.flush()
    return call, legs
