"""A call that heard the fail-safe document: it becomes a ticket all the same, with whatever was recorded."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from telephony.call.arrival import register_call
from telephony.call.effects import ensure_ticket, perform
from telephony.call.turn import heard_in
from telephony.calls import enter, lock_call_by_sid
from telephony.desk import Desk
from telephony.floor.callbacks import ask_callback
from telephony.floor.offers import withdraw_offer
from telephony.ivr import KeepRecording
from telephony.lock_order import lock_around_call
from tickets import timeline
from tickets.people.actor import SYSTEM
from tickets.schema import Call
from tickets.states import CallbackReason, CallState, RecordingKind, TimelineKind


def note_failsafe(
    session: Session, form: Mapping[str, str], desk: Desk, *, arrived_at: datetime, now: datetime
) -> Call | None:
    """Nobody who reached us while we could not listen is without a ticket; its clocks run since they called."""
    call_sid, account = form.get("call_sid", ""), desk.account.name
    if not call_sid:
        return None
    lock_around_call(session, account=account, call_sid=call_sid)
    call = lock_call_by_sid(session, account=account, call_sid=call_sid)
    if call is None:
        call = register_call(session, form, desk, now=arrived_at)
    if call.agent_id is not None and call.state is CallState.TALKING:
        # A step that failed while two people talk concerns neither of them.
        return call
    ensure_ticket(session, call, desk, now=now)
    heard = heard_in(form)
    if heard.recording_sid:
        kept = KeepRecording(heard.recording_sid, heard.recording_seconds, RecordingKind.VOICEMAIL)
        perform(session, call, [kept], desk, now=now)
    withdraw_offer(session, call, now=now)
    enter(call, CallState.FAILSAFE, now=now)
    _tell_once(session, call, now=now)
    if call.phone is not None:
        # The announcement says that we shall.
        ask_callback(session, call, phone=call.phone, reason=CallbackReason.DROPPED, now=now)
    session.flush()
    return call


def _tell_once(session: Session, call: Call, *, now: datetime) -> None:
    if call.ticket_id is None or call.detail.get("failsafe_told"):
        return
    call.detail = {**call.detail, "failsafe_told": True}
    params = {"what": "failsafe"}
    timeline.add(session, call.ticket_id, TimelineKind.CALL, actor=SYSTEM, is_public=False, params=params, now=now)
