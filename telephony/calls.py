"""The call: its rows, its states with their limits, and what the provider says of its legs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Text, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from telephony.ivr.conversation import Conversation, recalled, remembered
from telephony.provider.status_rank import is_final_call_state, rank_of
from tickets.errors import NotFound
from tickets.schema import Call, CallLeg
from tickets.states import CallState

# The wall-clock limit of each state; the sweep ends or moves what stays longer.
LIMITS: Mapping[CallState, timedelta] = {
    CallState.GREETING: timedelta(minutes=1),
    CallState.MENU: timedelta(minutes=3),
    CallState.PLACE: timedelta(minutes=3),
    CallState.STATUS: timedelta(minutes=3),
    CallState.QUEUED: timedelta(minutes=10),
    CallState.OFFERED: timedelta(seconds=30),
    CallState.TALKING: timedelta(hours=2),
    CallState.VOICEMAIL: timedelta(minutes=4),
    CallState.CALLBACK: timedelta(minutes=3),
    CallState.FAILSAFE: timedelta(minutes=5),
    CallState.ENDED: timedelta(0),
}
# In what a call remembers: the provider did not lead this caller where they were to be led, up to their next turn.
NOT_LED = "not_led"
# A caller who hangs up earlier did not wait for an answer.
SHORT_ABANDON = timedelta(seconds=5)

_INSERT = insert(Call).returning(Call)
_LOCK_BY_SID = (
    select(Call)
    .where(Call.account == bindparam("account"), Call.call_sid == bindparam("call_sid"))
    .with_for_update(key_share=True)
)
# Of a caller who goes on waiting: that they were heard, and which turn comes next.
HEARD_AGAIN = (
    update(Call.__table__)
    .where(Call.__table__.c.id == bindparam("call_id"))
    .values(
        turn=bindparam("next_turn"),
        detail=Call.__table__.c.detail.op("-")(NOT_LED).op("||")(
            func.jsonb_build_object("seen_at", cast(bindparam("seen_at"), Text))
        ),
    )
)


def new_call(session: Session, row: Mapping[str, Any], *, now: datetime) -> Call:
    """Write a call as it arrives; `row` has account, call_sid and whatever is known of the caller and the line."""
    state = row.get("state", CallState.GREETING)
    values = {"state": state, "state_since": now, "state_until": now + LIMITS[state], "arrived_at": now, **row}
    return session.execute(_INSERT, values).scalar_one()


def lock_call(session: Session, call_id: int) -> Call:
    found = session.scalars(
        select(Call).where(Call.id == call_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("call", call_id)
    return found


def find_call(session: Session, *, account: str, call_sid: str) -> Call | None:
    return session.scalars(select(Call).where(Call.account == account, Call.call_sid == call_sid)).one_or_none()


def lock_call_by_sid(session: Session, *, account: str, call_sid: str) -> Call | None:
    found = session.scalars(
        _LOCK_BY_SID, {"account": account, "call_sid": call_sid}, execution_options={"populate_existing": True}
    )
    return found.one_or_none()


def enter(call: Call, state: CallState, *, now: datetime) -> None:
    """Into a state, whose limit runs from now. An ended call is never revived."""
    if call.state is CallState.ENDED or call.state is state:
        return
    call.state, call.state_since, call.state_until = state, now, now + LIMITS[state]


def note_not_led(session: Session, *, account: str, call_sid: str) -> None:
    """This caller is where they were, and hears whoever they heard: until the agent's telephone goes down."""
    call = lock_call_by_sid(session, account=account, call_sid=call_sid)
    if call is not None and call.ended_at is None:
        call.detail = {**call.detail, NOT_LED: True}


class Remembering(Protocol):
    """A call's row, or the columns of it that its conversation is kept in."""

    @property
    def state(self) -> CallState: ...
    @property
    def locale(self) -> str: ...
    @property
    def menu_choice(self) -> str: ...
    @property
    def wrong_keys(self) -> int: ...
    @property
    def silences(self) -> int: ...
    @property
    def last_position(self) -> int | None: ...
    @property
    def detail(self) -> Any: ...


def conversation_of(call: Remembering) -> Conversation:
    """What the call remembers, as the machine needs it."""
    return Conversation(
        state=call.state,
        locale=call.locale,
        choice=call.menu_choice,
        wrong_keys=call.wrong_keys,
        silences=call.silences,
        last_position=call.last_position,
        **recalled(call.detail),
    )


def remember(call: Call, conversation: Conversation, *, now: datetime) -> None:
    """Write back what the machine made of it."""
    enter(call, conversation.state, now=now)
    call.locale = conversation.locale
    call.menu_choice = conversation.choice
    call.wrong_keys, call.silences = conversation.wrong_keys, conversation.silences
    call.last_position = conversation.last_position
    call.detail = {**call.detail, **remembered(conversation)}


def end_hold(call: Call, *, now: datetime) -> None:
    """The caller waits for this agent no more; the time is counted as part of the handling."""
    if call.hold_since is not None:
        call.hold_seconds += int((now - call.hold_since).total_seconds())
        call.hold_since = None


def note_provider_status(call: Call, status: str) -> bool:
    """The provider's word on the caller's leg; false when it came too late to matter (G3)."""
    rank = rank_of(status)
    if rank <= call.status_rank:
        return False
    call.provider_status, call.status_rank = status, rank
    return True


def note_leg_status(
    session: Session, *, call_id: int, account: str, leg_sid: str, staff_id: int | None, status: str, now: datetime
) -> None:
    """The provider's word on an agent's leg, made known by its first callback, whichever that is."""
    rank = rank_of(status)
    statement = upsert(CallLeg).values(
        call_id=call_id,
        account=account,
        call_sid=leg_sid,
        staff_id=staff_id,
        provider_status=status,
        status_rank=rank,
        started_at=now,
        ended_at=now if is_final_call_state(status) else None,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account", "call_sid"],
            set_={
                "provider_status": statement.excluded.provider_status,
                "status_rank": statement.excluded.status_rank,
                "ended_at": statement.excluded.ended_at,
            },
            where=CallLeg.status_rank < bindparam("new_rank", rank),
        )
    )


def live_legs(session: Session, call_id: int) -> list[CallLeg]:
    return list(session.scalars(select(CallLeg).where(CallLeg.call_id == call_id, CallLeg.ended_at.is_(None))))
