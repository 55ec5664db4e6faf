"""Passing a caller on, to a colleague or to a unit's line, at once.

They keep their ticket and their urgency, and stand in front of everybody who waits: whoever is asked and does not
answer costs them nothing. The agent who passes them on writes down what was said.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.call.end import let_agent_go, note_talk_over
from telephony.call.recording_pause import forget_pause
from telephony.calls import end_hold, enter, lock_call
from telephony.floor.answerers import require_not_concerned
from telephony.floor.floor import Floor
from telephony.floor.offers import end_consult, offer_call, offer_to
from telephony.floor.rooms import close_room
from telephony.floor.waiting import front_of_line
from telephony.ivr.queue import PASSED_ON
from telephony.lock_order import lock_around_call
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call
from tickets.states import CallState

LONGEST_TOLD = 300


@dataclass(frozen=True, slots=True)
class PassedOn:
    """By whom, and what whoever answers next should know before they do."""

    by_id: int
    by: str
    words: str = ""


def lock_own_talk(session: Session, call_id: int, *, staff_id: int) -> Call:
    """Ticket, agent and call, locked. Raises NotFound for a talk that is over, or somebody else's."""
    lock_around(session, call_id)
    call = lock_call(session, call_id)
    if call.agent_id != staff_id or not is_talk(call):
        raise NotFound("call", call_id)
    return call


def lock_around(session: Session, call_id: int) -> None:
    """Ticket and agents, before the call itself. Raises NotFound where there is no such call."""
    known = session.execute(select(Call.account, Call.call_sid).where(Call.id == call_id)).one_or_none()
    if known is None:
        raise NotFound("call", call_id)
    lock_around_call(session, account=known.account, call_sid=known.call_sid)


def is_talk(call: Call) -> bool:
    """Somebody talks with the caller, who has not hung up, and whom nobody has taken leave of."""
    is_over = call.ended_at is not None or bool(call.detail.get("agent_finished"))
    return call.state is CallState.TALKING and not is_over


def pass_to_colleague(session: Session, call: Call, told: PassedOn, *, to_id: int, floor: Floor, now: datetime) -> None:
    """Rings at this colleague; unanswered, at whoever passed the caller on or is free. The talk is locked.

    Raises NotAllowed when the colleague takes no call just now.
    """
    if not any(agent.staff_id == to_id and agent.is_free for agent in floor.agents):
        raise NotAllowed("colleague_not_free")
    leave_to_line(session, call, told, comes_back=True, now=now)
    if not offer_to(session, call, to_id, now=now):
        raise NotAllowed("colleague_not_free")
    session.flush()


def mark_danger(call: Call) -> None:
    """Served first from now on, wherever the caller is passed to."""
    call.detail = {**call.detail, "emergency": True}


def tell_colleague(call: Call, told: PassedOn) -> None:
    """Shown to whoever is asked, before they answer."""
    call.detail = {**call.detail, "passed_on": asdict(told)}


def pass_to_unit(session: Session, call: Call, told: PassedOn, *, unit_id: int, floor: Floor, now: datetime) -> None:
    """To the line of this unit's people; the talk is locked.

    Raises NotAllowed where none of them is at work, or the request is about them.
    """
    if not floor.staffs(unit_id):
        raise NotAllowed("nobody_at_unit")
    require_not_concerned(session, call, unit_id=unit_id)
    leave_to_line(session, call, told, comes_back=False, now=now)
    call.unit_id = unit_id
    session.flush()
    offer_call(session, call, floor, now=now)
    session.flush()


def leave_to_line(session: Session, call: Call, told: PassedOn, *, comes_back: bool, now: datetime) -> None:
    """The agent is out of it, and the caller in front of all who wait.

    `comes_back`: rings first at who passed them on, should nobody have answered.
    """
    note_talk_over(session, call, {}, now=now)
    let_agent_go(session, call, now=now)
    end_hold(call, now=now)
    end_consult(session, call, now=now)
    close_room(session, call, now=now)
    forget_pause(call)
    call.queued_at = front_of_line(session, call, now=now)
    call.agent_id = None
    enter(call, CallState.QUEUED, now=now)
    call.last_position = None
    call.detail = {
        **call.detail,
        "asking": PASSED_ON,
        # Whoever takes the caller next has a talk of their own to write down.
        "was_cut_off": True,
        "talk_noted": False,
        "cut_off_from": told.by_id if comes_back else None,
        "passed_on": asdict(told),
    }
    session.flush()
