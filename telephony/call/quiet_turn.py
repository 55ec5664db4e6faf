"""A turn of the hold loop at which nothing changes: one statement to know it, one to go on.

Of all that a full line asks for nearly everything is this: nobody is free, nothing is to be said, and the music goes
on. What is said is decided by the same machine as at every other turn; whatever is not this goes the usual way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, true
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from telephony.call.turn import Turn
from telephony.calls import HEARD_AGAIN, conversation_of
from telephony.floor.answerers import near_unit_of
from telephony.floor.floor import STAFFED_NOW, heard_lately, staffing_in
from telephony.ivr import CallFacts, Heard, QueueFacts, step
from telephony.ivr.queue import CALM, SOUNDS_ALONE, may_come_to_the_front
from telephony.provider.account import ProviderAccount
from telephony.provider.account_kinds import steers_talks
from telephony.provider.held_turn import tells_something
from telephony.provider.webhook_inbox import KEEP_ANSWER, TAKE_EVENT, Webhook, fields_taken
from tickets.schema import RULES_VERSION, Call
from tickets.states import CallState

_CALLS = Call.__table__
# The event is written before the call is locked, as at every turn: a copy of it waits for the first one there.
_taken = TAKE_EVENT.cte("taken")
_mine = (
    select(
        _CALLS.c.id.label("call_id"), _CALLS.c.state, _CALLS.c.turn, _CALLS.c.locale, _CALLS.c.menu_choice,
        _CALLS.c.wrong_keys, _CALLS.c.silences, _CALLS.c.last_position, _CALLS.c.detail, _CALLS.c.queued_at,
        _CALLS.c.offers, _CALLS.c.unit_id,
    )
    .where(_CALLS.c.account == bindparam("account"), _CALLS.c.call_sid == bindparam("call_sid"))
    .with_for_update(key_share=True)
    .lateral("mine")
)  # fmt: skip
_floor = STAFFED_NOW.lateral("floor")
_TAKE_AND_LOOK = select(_taken.c.id.label("event_id"), RULES_VERSION.label("version"), _mine, _floor).select_from(
    _taken.outerjoin(_mine, true()).join(_floor, true())
)
# In one statement with the answer, which a copy of the request gets as well.
_GO_ON = HEARD_AGAIN.add_cte(KEEP_ANSWER.cte("answered"))


@dataclass(frozen=True, slots=True)
class TakenTurn:
    """An event that was taken first by this transaction, with what decides whether its turn is a quiet one."""

    event_id: int
    version: int
    row: Row[Any]


def may_be_quiet(webhook: Webhook) -> bool:
    """A turn of the hold loop that began with music alone, and in which nothing was pressed."""
    return (
        webhook.kind == "queue"
        and CALM in webhook.query
        and webhook.turn is not None
        and bool(webhook.form.get("call_sid"))
        and not tells_something(webhook)
    )


def take_and_look(session: Session, webhook: Webhook, *, received_at: datetime, now: datetime) -> TakenTurn | None:
    """None where this very event was taken before. The call, if there is one, is locked."""
    asked = {
        **fields_taken(webhook, received_at=received_at),
        "call_sid": webhook.form["call_sid"],
        **heard_lately(now),
    }
    session.flush()
    # By the connection: the session would look for objects in every statement and row, and there are none.
    row = session.connection().execute(_TAKE_AND_LOOK, asked).one_or_none()
    return None if row is None else TakenTurn(row.event_id, row.version, row)


def quiet_turn(taken: TakenTurn, webhook: Webhook, account: ProviderAccount, *, now: datetime) -> Turn | None:
    """None where there is more to do than to let the sound of waiting go on."""
    row = taken.row
    if row.call_id is None or row.state is not CallState.QUEUED or row.last_position is None or row.queued_at is None:
        return None
    staffing, is_fetched = staffing_in(row), steers_talks(account)
    # Whoever is free is rung for somebody at this turn, and the place is counted anew.
    if staffing.has_free or isinstance(row.detail.get("cut_off_from"), int):
        return None
    if not is_fetched and may_come_to_the_front(row.last_position):
        return None
    before = conversation_of(row)
    queue = QueueFacts(
        position=row.last_position,
        staffed=staffing.can_answer(row.unit_id, near_unit_of(row.detail)),
        offers=row.offers,
        waited_seconds=int((now - row.queued_at).total_seconds()),
    )
    reference = str(row.detail.get("ticket_reference", ""))
    facts = CallFacts(reference=reference, queue=queue, is_fetched=is_fetched)
    outcome = step(before, Heard(), facts)
    if outcome.plan not in SOUNDS_ALONE or outcome.effects or outcome.conversation != before:
        return None
    return Turn(outcome.plan, before.locale, max(row.turn, webhook.turn or 0) + 1)


def go_on(session: Session, taken: TakenTurn, *, turn: int, body: str, now: datetime) -> None:
    """Kept: that this caller was heard, which turn comes next, and what was answered."""
    kept: Mapping[str, Any] = {
        "event_id": taken.event_id,
        "status": 200,
        "call_id": taken.row.call_id,
        "next_turn": turn,
        "body": body,
        "seen_at": now.isoformat(),
    }
    session.connection().execute(_GO_ON, kept)
    if (call := session.identity_map.get(identity_key(Call, taken.row.call_id))) is not None:
        session.expire(call)
