"""A warm transfer: the caller on hold, a colleague asked and told of the matter, and then put through or taken back."""

from datetime import datetime

from sqlalchemy.orm import Session

from telephony.call.end import hold, note_talk_over
from telephony.call.recording_pause import forget_pause
from telephony.calls import end_hold
from telephony.floor.consulting import Consult, consult_of
from telephony.floor.floor import Floor
from telephony.floor.offers import ask_colleague, end_consult
from telephony.floor.rooms import close_room
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call


def begin_consult(session: Session, call: Call, *, by_id: int, to_id: int, floor: Floor, now: datetime) -> None:
    """The talk is locked. Raises NotAllowed when the colleague takes no call, or somebody is asked already."""
    asked = next((agent for agent in floor.agents if agent.staff_id == to_id and agent.is_free), None)
    if asked is None or consult_of(call.detail) is not None:
        raise NotAllowed("colleague_not_free")
    hold(call, now=now)
    if not ask_colleague(session, call, Consult(by_id, to_id, asked.name), now=now):
        raise NotAllowed("colleague_not_free")
    session.flush()


def put_through(session: Session, call: Call, *, now: datetime) -> Consult:
    """The colleague, who has heard of the matter, gets the caller; whoever asked writes the talk down.

    Raises NotAllowed while nobody has answered. The talk and both agents are locked.
    """
    consult = consult_of(call.detail)
    if consult is None or not consult.is_answered:
        raise NotAllowed("nobody_answered")
    note_talk_over(session, call, {}, now=now)
    close_room(session, call, now=now)
    end_hold(call, now=now)
    forget_pause(call)
    call.agent_id = consult.with_id
    rest = {name: kept for name, kept in call.detail.items() if name != "consult"}
    # The colleague has a talk of their own to write down.
    call.detail = {**rest, "was_cut_off": True, "talk_noted": False, "cut_off_from": None, "asking": ""}
    session.flush()
    return consult


def take_caller_back(session: Session, call: Call, *, now: datetime) -> str:
    """The caller goes back to whoever put them on hold, the colleague is free; the leg that has to be ended."""
    leg = end_consult(session, call, now=now)
    end_hold(call, now=now)
    return leg


def leave_consult(session: Session, call: Call, *, staff_id: int, now: datetime) -> str:
    """The colleague has nothing to add. Raises NotFound for anybody else."""
    consult = consult_of(call.detail)
    if consult is None or consult.with_id != staff_id:
        raise NotFound("call", call.id)
    return take_caller_back(session, call, now=now)
