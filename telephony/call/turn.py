"""One turn of a call: the webhook in, what was heard and known through the machine, its effects done, the plan out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from telephony.call.arrival import register_call
from telephony.call.effects import perform
from telephony.call.end import note_answered_by, note_bridge_over, note_talk_over
from telephony.call.facts import facts_for
from telephony.calls import NOT_LED, conversation_of, lock_call_by_sid, remember
from telephony.desk import Desk
from telephony.floor.rooms import open_room
from telephony.ivr import Heard, begin, step
from telephony.ivr.queue import IN_ROOM, TAKEN_OVER
from telephony.lock_order import lock_around_call, lock_ticket_of_call
from telephony.plan.verbs import Plan
from telephony.provider.lowering import told_by
from telephony.provider.webhook_inbox import Webhook
from tickets.schema import Call
from tickets.states import CallState

MAX_KEYS = 20
MAX_SPEECH = 2000


@dataclass(frozen=True, slots=True)
class Turn:
    """What the phone is told next, in which language; `number` goes into every address of the document."""

    plan: Plan
    locale: str
    number: int


def take_turn(session: Session, webhook: Webhook, desk: Desk, *, now: datetime) -> Turn:
    """Answer a step of a call. A call we never heard of (its first webhook was lost) begins with whatever comes."""
    form = webhook.form
    call = _locked(session, webhook)
    is_new = call is None
    if call is None:
        call = register_call(session, form, desk, now=now)
    heard = heard_in(told_by(form, webhook.query))
    if heard.was_connected and call.state is CallState.TALKING:
        note_it = note_answered_by if _goes_on(session, call) else note_bridge_over
        note_it(session, call, form, now=now)
    facts = facts_for(session, call, heard, desk, was_held=webhook.held > 0, now=now)
    if facts.agent_is_gone and call.state is CallState.TALKING:
        note_talk_over(session, call, {}, now=now)
    conversation = conversation_of(call)
    starts = webhook.kind == "voice" or (is_new and call.state is CallState.GREETING and heard.is_silence)
    outcome = begin(conversation, facts) if starts else step(conversation, heard, facts)
    perform(session, call, outcome.effects, desk, now=now)
    # The steps of queue and offer move the state themselves; the machine's word counts for all others.
    remember(call, outcome.conversation, now=now)
    call.turn = max(call.turn, webhook.turn or 0) + 1
    kept = {name: value for name, value in call.detail.items() if name != NOT_LED}
    call.detail = {**kept, "seen_at": now.isoformat()}
    session.flush()
    return Turn(outcome.plan, call.locale, call.turn)


def _goes_on(session: Session, call: Call) -> bool:
    """The bridge came down because the agent was led into a room, whereto the caller follows, or was relieved."""
    asking = call.detail.get("asking")
    return asking == TAKEN_OVER or (asking != IN_ROOM and bool(open_room(session, call)))


def heard_in(form: Mapping[str, str]) -> Heard:
    """What the provider's fields say the caller did. What ended a recording ("hangup") is no key."""
    recording_sid = form.get("recording_sid", "")
    return Heard(
        keys="" if recording_sid else form.get("keys", "")[:MAX_KEYS],
        speech=form.get("speech", "")[:MAX_SPEECH],
        recording_sid="" if form.get("dial_status") else recording_sid[:128],
        recording_seconds=_seconds(form.get("recording_seconds", "")),
        dial_status=form.get("dial_status", ""),
        dial_bridged={"true": True, "false": False}.get(form.get("dial_bridged", "")),
    )


def _locked(session: Session, webhook: Webhook) -> Call | None:
    """The call, locked. What ends a talk or names a place touches ticket and agent too: they are locked first."""
    account, call_sid = webhook.account, webhook.form["call_sid"]
    if webhook.kind in ("dial", "hold"):
        lock_around_call(session, account=account, call_sid=call_sid)
    elif webhook.kind == "place":
        lock_ticket_of_call(session, account=account, call_sid=call_sid)
    return lock_call_by_sid(session, account=account, call_sid=call_sid)


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
