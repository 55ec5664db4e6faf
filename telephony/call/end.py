"""What the provider says of a call's legs, and what a call leaves behind when it ends."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, bindparam, cast, exists, select
from sqlalchemy.orm import Session

from telephony.call.arrival import register_call
from telephony.call.effects import ensure_ticket
from telephony.call.recording_pause import forget_pause
from telephony.call.told_nothing import set_aside
from telephony.calls import (
    SHORT_ABANDON,
    end_hold,
    enter,
    find_call,
    lock_call,
    lock_call_by_sid,
    note_leg_status,
    note_provider_status,
)
from telephony.desk import Desk
from telephony.floor.callbacks import ask_callback, settle_by_call
from telephony.floor.offers import end_consult, withdraw_offer
from telephony.floor.presence import free, start_wrap_up
from telephony.floor.rooms import close_room
from telephony.floor.waiting import WAITING
from telephony.lock_order import lock_around_call
from telephony.plan.menu import MenuChoice
from telephony.provider.status_rank import is_final_call_state
from tickets.outbox import posting
from tickets.people.actor import staff_actor
from tickets.people.phones import parse_phone
from tickets.schema import Call, CallbackRequest, CallLeg, Presence, Recording
from tickets.states import CallbackReason, CallState, PresenceState
from tickets.work.conversation import talked

_LEG = select(CallLeg).where(CallLeg.account == bindparam("account"), CallLeg.call_sid == bindparam("call_sid"))
_SELF_SERVICE = (MenuChoice.FOLLOW.value, MenuChoice.WHERE.value)


def note_call_status(session: Session, form: Mapping[str, str], *, account: str, desk: Desk, now: datetime) -> None:
    """A status callback, of the caller's leg or of an agent's; late and repeated ones change nothing (G3)."""
    call_sid, status = form.get("call_sid", ""), form.get("call_status", "")
    parent_sid = form.get("parent_call_sid", "")
    if not call_sid:
        return
    if parent_sid:
        _note_agents_leg(session, form, account=account, staff_id=None, now=now)
        return
    is_known = lock_around_call(session, account=account, call_sid=call_sid)
    # A caller's leg is a call, and most that is told is about these: whose else it may be is asked only of others.
    leg = None if is_known else session.scalars(_LEG, {"account": account, "call_sid": call_sid}).one_or_none()
    if leg is not None:
        parent = session.get_one(Call, leg.call_id)
        told = {**form, "parent_call_sid": parent.call_sid}
        _note_agents_leg(session, told, account=account, staff_id=leg.staff_id, now=now)
        return
    call = lock_call_by_sid(session, account=account, call_sid=call_sid)
    if call is None and form.get("direction") == "inbound":
        # Its first webhook never reached us: nobody who called is without a trace.
        lasted = timedelta(seconds=_whole(form.get("call_seconds", "")) or 0)
        call = register_call(session, form, desk, now=now - lasted)
    if call is not None and note_provider_status(call, status) and is_final_call_state(status):
        end_call(session, call, desk, now=now)


def _note_agents_leg(
    session: Session, form: Mapping[str, str], *, account: str, staff_id: int | None, now: datetime
) -> None:
    call = find_call(session, account=account, call_sid=form["parent_call_sid"])
    if call is None:
        return
    status = form.get("call_status", "")
    if status == "in-progress" and call.answered_at is None:
        locked = lock_call(session, call.id)
        if locked.state is CallState.TALKING and locked.answered_at is None:
            note_answered(session, locked, at=now)
    note_leg_status(
        session,
        call_id=call.id,
        account=account,
        leg_sid=form["call_sid"],
        staff_id=staff_id or call.agent_id,
        status=status,
        now=now,
    )


def note_answered(session: Session, call: Call, *, at: datetime) -> None:
    """Caller and agent hear each other."""
    call.answered_at = at
    if call.phone:
        settle_by_call(session, phone=call.phone, now=at)


def note_connected(session: Session, call_id: int, *, staff_id: int, now: datetime) -> None:
    """Told by the agent's telephone, where the provider does not tell."""
    call = lock_call(session, call_id)
    is_theirs = call.agent_id == staff_id and call.state is CallState.TALKING and call.hold_since is None
    if is_theirs and call.answered_at is None:
        note_answered(session, call, at=now)


def note_bridge_over(session: Session, call: Call, form: Mapping[str, str], *, now: datetime) -> None:
    """The dial ended. A caller who is on hold goes on with this agent, whose telephone was put down for it."""
    note_answered_by(session, call, form, now=now)
    if call.hold_since is None:
        note_talk_over(session, call, form, now=now)


def note_talk_over(session: Session, call: Call, form: Mapping[str, str], *, now: datetime) -> None:
    """The talk is over: it is written on the ticket, the agent wraps up. Ticket and agent are locked already."""
    note_answered_by(session, call, form, now=now)
    if call.agent_id is None or call.answered_at is None or call.detail.get("talk_noted"):
        return
    if call.ticket_id is not None:
        seconds_talked = int((now - _talking_since(session, call, call.answered_at)).total_seconds())
        agent = staff_actor(call.agent_id)
        talked(session, call.ticket_id, seconds=seconds_talked, call_id=call.id, actor=agent, now=now)
    start_wrap_up(session, call.agent_id, call_id=call.id, now=now)
    call.detail = {**call.detail, "talk_noted": True}


def note_answered_by(session: Session, call: Call, form: Mapping[str, str], *, now: datetime) -> None:
    """By how long the dial that ended lasted, where nobody told when it began."""
    seconds = _whole(form.get("dial_seconds", ""))
    if call.answered_at is None and seconds is not None and call.state is CallState.TALKING:
        note_answered(session, call, at=now - timedelta(seconds=seconds))


def _talking_since(session: Session, call: Call, answered_at: datetime) -> datetime:
    """Whoever takes a caller who was cut off talks from then on, not from the first answer."""
    presence = session.get(Presence, call.agent_id)
    if not call.detail.get("was_cut_off") or presence is None or presence.call_id != call.id:
        return answered_at
    return max(answered_at, presence.since)


def end_call(session: Session, call: Call, desk: Desk, *, now: datetime) -> None:
    """The caller's leg is over. What it was doing decides what remains; the call is locked, as are ticket and agent."""
    if call.state is CallState.ENDED and call.ended_at is not None:
        return
    was = call.state
    if was in WAITING or (was is CallState.TALKING and call.answered_at is None):
        _abandoned(session, call, now=now)
    elif was in (CallState.GREETING, CallState.MENU, CallState.PLACE):
        _left_early(session, call, desk, now=now)
    elif _left_no_matter(session, call):
        ask_callback(session, call, phone=call.phone, reason=CallbackReason.MISSED, now=now)
    if was is CallState.TALKING or call.detail.get("agent_finished"):
        # Nothing is dialled any more when the agent ends a call whose caller is on hold.
        note_talk_over(session, call, {}, now=now)
    end_consult(session, call, now=now)
    close_room(session, call, now=now)
    # Before the next statement, so that the call is written once.
    enter(call, CallState.ENDED, now=now)
    call.ended_at = now
    withdraw_offer(session, call, now=now)
    let_agent_go(session, call, now=now)
    if not set_aside(session, call, desk, now=now):
        _confirm_by_sms(session, call, desk, now=now)
    session.flush()


def let_agent_go(session: Session, call: Call, *, now: datetime) -> None:
    """An agent who accepted but was never connected has nothing to write down."""
    presence = session.get(Presence, call.agent_id) if call.agent_id is not None else None
    if presence is None or presence.call_id != call.id or presence.state is not PresenceState.ON_CALL:
        return
    free(presence, now=now)


def _abandoned(session: Session, call: Call, *, now: datetime) -> None:
    """Hung up before an answer: called back, in the order of those who waited."""
    if call.flowout_at is None:
        call.abandoned_at = now
    ask_callback(session, call, phone=call.phone, reason=CallbackReason.MISSED, now=now)


def _left_early(session: Session, call: Call, desk: Desk, *, now: datetime) -> None:
    """In the menu or at the place question: five seconds are a matter, less a missed call; self-service is neither."""
    if call.menu_choice in _SELF_SERVICE and call.ticket_id is None:
        return
    if now - call.arrived_at >= SHORT_ABANDON:
        ensure_ticket(session, call, desk, now=now)
    ask_callback(session, call, phone=call.phone, reason=CallbackReason.MISSED, now=now)


def _left_no_matter(session: Session, call: Call) -> bool:
    """A ticket was opened for this call, and neither words nor a wish to be called back came: somebody has to ask."""
    if not call.detail.get("opened_ticket") or call.answered_at is not None or call.detail.get("counted_on"):
        return False
    spoke = exists().where(Recording.call_id == call.id)
    asked = exists().where(CallbackRequest.call_id == call.id)
    return not session.scalar(select(spoke | asked))


def _confirm_by_sms(session: Session, call: Call, desk: Desk, *, now: datetime) -> None:
    """The number of the request, once per request; nothing the caller said is in it."""
    phone = parse_phone(call.phone) if call.phone else None
    if call.ticket_id is None or not call.detail.get("opened_ticket") or phone is None or not phone.may_get_sms:
        return
    reference = str(call.detail["ticket_reference"])
    # The PIN goes to the number that called us, never to one that somebody keyed in.
    params: dict[str, Any] = {"reference": reference, "has_pin": True}
    unit = desk.unit(call.unit_id)
    if unit is not None:
        params |= {"unit": unit.name, "unit_en": unit.name_en}
    posting.post_sms(
        session,
        to=phone.number,
        template="ticket_opened",
        params=params,
        locale=call.locale,
        dedup_key=f"ticket-opened:{call.ticket_id}:sms",
        ticket_id=call.ticket_id,
        citizen_id=call.citizen_id,
        now=now,
    )


def finish_talk(session: Session, call_id: int, *, staff_id: int, now: datetime) -> Call:
    """The agent ends the talk on purpose: when the line then drops, the caller is not asked to be connected again.

    The agent writes down what was said from now on: how long a line takes to come down, and whether anybody tells us
    that it did, is the provider's. Ticket and agent are locked already.
    """
    call = lock_call(session, call_id)
    if call.agent_id != staff_id:
        return call
    # Who was not told yet that somebody answered has talked all the same, or has a word to say on why not.
    start_wrap_up(session, staff_id, call_id=call.id, now=now)
    end_hold(call, now=now)
    if call.state is CallState.OFFERED:
        # Accepted, and not connected yet: nobody who waits is let go for that.
        call.agent_id = None
        enter(call, CallState.QUEUED, now=now)
        return call
    if not call.detail.get("agent_finished"):
        call.detail = {**call.detail, "agent_finished": True, "finished_at": now.isoformat()}
    note_talk_over(session, call, {}, now=now)
    return call


def ended_by_agents(before: datetime) -> ColumnElement[bool]:
    """Talks that an agent ended by then, and whose end nobody has told us."""
    finished_at = cast(Call.detail["finished_at"].as_string(), DateTime(timezone=True))
    return and_(Call.ended_at.is_(None), Call.detail["agent_finished"].as_boolean(), finished_at <= before)


def hold(call: Call, *, now: datetime) -> None:
    """The caller waits on the line, out of the bridge; what was recorded of the talk ends with it."""
    if call.hold_since is None:
        call.hold_since = now
        forget_pause(call)


def take_back(call: Call, *, now: datetime) -> None:
    end_hold(call, now=now)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None
