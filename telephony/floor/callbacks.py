"""People to call back: those who asked for it, hung up before an answer, or found nobody on duty."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import QueryableAttribute, Session

from tickets.each_alone import PutAside, change_rows
from tickets.errors import InvalidInput, NotFound
from tickets.outbox.over_budget import OVER
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Call, CallbackRequest, Citizen, CitizenPhone, OutboundMessage, Ticket
from tickets.states import CallbackReason, CallbackState, CallState, OutboundState

OPEN_STATES = (CallbackState.OPEN, CallbackState.CLAIMED, CallbackState.DIALLING)
# Nobody can call a hidden number: its entry is there to be counted, and goes by itself.
WITHHELD_CLOSED_AFTER = timedelta(days=1)
WITHHELD = "withheld"
# A claim whose agent never came back is anybody's again.
CLAIM_HELD_FOR = timedelta(minutes=30)
MOST_ATTEMPTS = 3
# After the first and the second attempt that reached nobody.
PAUSES = (timedelta(minutes=5), timedelta(minutes=15))
REACHED, NOT_REACHED, NOT_NEEDED = "reached", "not_reached", "not_needed"
CALLED_AGAIN, LEFT_A_MESSAGE = "called_again", "left_a_message"
# Where a budget held its call, that one is withdrawn: it is not its turn any more.
_AT_ANOTHER_TIME: Mapping[str, Any] = {"state": CallbackState.OPEN, "staff_id": None, "reserved_until": None}

_ROWS = CallbackRequest.__table__
_ASK = insert(_ROWS).on_conflict_do_nothing().returning(_ROWS.c.id)


def ask_callback(
    session: Session, call: Call, *, phone: str | None, reason: CallbackReason, now: datetime
) -> int | None:
    """Put a caller on the list; a number that waits there keeps its place, and is called back once.

    None when the same call or, for missed ones, the same number and hour stood there before. The place in the queue is
    kept: the list is ordered by when callers entered it, or arrived.
    """
    is_missed = reason is CallbackReason.MISSED and phone is not None
    row = {
        "once_key": f"missed:{phone}:{now:%Y%m%d%H}" if is_missed else f"call:{call.id}",
        "call_id": call.id,
        "citizen_id": call.citizen_id,
        "ticket_id": call.ticket_id,
        "unit_id": call.unit_id,
        "phone": phone,
        "reason": reason,
        "state": CallbackState.OPEN,
        "order_at": call.queued_at or call.arrived_at,
        "created_at": now,
    }
    # What is not written of the call yet is written with what else becomes of it.
    with session.no_autoflush:
        asked = session.execute(_ASK, row).scalar_one_or_none()
    if asked is not None or phone is None:
        return asked
    return _ask_again(session, call, phone=phone, is_missed=is_missed)


def _ask_again(session: Session, call: Call, *, phone: str, is_missed: bool) -> int | None:
    """The same number once more: the first place, whatever is known of the matter by now, and no pause for a wish."""
    known = {
        "ticket_id": func.coalesce(CallbackRequest.ticket_id, call.ticket_id),
        "citizen_id": func.coalesce(CallbackRequest.citizen_id, call.citizen_id),
        "unit_id": case((CallbackRequest.ticket_id.is_(None), call.unit_id), else_=CallbackRequest.unit_id),
    }
    wished = {
        "reason": case(
            (CallbackRequest.reason == CallbackReason.MISSED, CallbackReason.REQUESTED.value),
            else_=CallbackRequest.reason,
        ),
        "attempts": 0,
        # What was agreed on with an agent stands; a pause after an attempt was for somebody who did not answer.
        "not_before": case((CallbackRequest.attempts == 0, CallbackRequest.not_before), else_=None),
    }
    there: int | None = session.scalar(
        update(CallbackRequest)
        .where(CallbackRequest.phone == phone, CallbackRequest.state.in_(OPEN_STATES))
        .values(**known, **({} if is_missed else wished))
        .returning(CallbackRequest.id)
        .execution_options(synchronize_session=False)
    )
    return there


def plan_callback(session: Session, ticket: Ticket, *, phone: str, at: datetime, once_key: str, now: datetime) -> int:
    """An agent agrees on a time: the number is dialled then, before whoever has called since it was agreed on."""
    statement = insert(CallbackRequest).values(
        once_key=once_key,
        citizen_id=ticket.citizen_id,
        ticket_id=ticket.id,
        unit_id=ticket.unit_id,
        phone=phone,
        reason=CallbackReason.REQUESTED,
        state=CallbackState.OPEN,
        order_at=now,
        not_before=at,
        created_at=now,
    )
    planned: int | None = session.scalar(statement.on_conflict_do_nothing().returning(CallbackRequest.id))
    if planned is not None:
        return planned
    moved: int | None = session.scalar(
        update(CallbackRequest)
        .where(
            or_(CallbackRequest.phone == phone, CallbackRequest.once_key == once_key),
            or_(CallbackRequest.state == CallbackState.OPEN, is_held()),
        )
        .values(**_AT_ANOTHER_TIME, not_before=at, attempts=0, ticket_id=ticket.id, reason=CallbackReason.REQUESTED)
        .returning(CallbackRequest.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        # It is being dialled, or a colleague rings at this moment.
        raise InvalidInput("at", "being_called")
    return moved


def postpone(session: Session, callback_id: int, *, at: datetime) -> None:
    """Dialled at this time, in the place it has. NotFound while somebody calls, or when it is done."""
    moved = session.scalar(
        update(CallbackRequest)
        .where(CallbackRequest.id == callback_id, or_(CallbackRequest.state == CallbackState.OPEN, is_held()))
        .values(**_AT_ANOTHER_TIME, not_before=at)
        .returning(CallbackRequest.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise NotFound("callback", callback_id)


def waits_for_callback(session: Session, phone: str) -> bool:
    """Whether this number stands on the list already."""
    waits = exists().where(CallbackRequest.phone == phone, CallbackRequest.state.in_(OPEN_STATES))
    return bool(session.scalar(select(waits)))


def is_not_to_be_called(session: Session, phone: str) -> bool:
    """Whether this is the number of somebody who asked us not to call; whoever keys it in is not told whose it is."""
    return bool(session.scalar(select(_is_of_whom_not_to_call(phone))))


def asked_not_to_be_called() -> ColumnElement[bool]:
    """Of a callback: by the person who asked for it, or by whose telephone it is where that is somebody else."""
    person = exists().where(Citizen.id == CallbackRequest.citizen_id, Citizen.do_not_call.is_(True))
    own = exists().where(
        CitizenPhone.citizen_id == CallbackRequest.citizen_id, CitizenPhone.phone == CallbackRequest.phone
    )
    another = and_(_is_of_whom_not_to_call(CallbackRequest.phone), ~own.correlate(CallbackRequest))
    return or_(person.correlate(CallbackRequest), another)


def _is_of_whom_not_to_call(phone: str | QueryableAttribute[str | None]) -> ColumnElement[bool]:
    owner = exists().where(
        CitizenPhone.phone == phone, Citizen.id == CitizenPhone.citizen_id, Citizen.do_not_call.is_(True)
    )
    return owner if isinstance(phone, str) else owner.correlate(CallbackRequest)


def may_know_of(viewer: Viewer) -> ColumnElement[bool]:
    """Of no ticket that one may not know of, nor one more in a count of it: who complains is not told to the unit."""
    seen = select(Ticket.id).where(Ticket.id == CallbackRequest.ticket_id, visible_tickets(viewer)).exists()
    return or_(CallbackRequest.ticket_id.is_(None), seen)


def open_callbacks(
    session: Session, viewer: Viewer, *, unit_ids: Sequence[int] | None, limit: int = 100
) -> Sequence[CallbackRequest]:
    """Those of these units, or everybody's, in the order in which they called."""
    wanted = select(CallbackRequest).where(CallbackRequest.state.in_(OPEN_STATES), may_know_of(viewer))
    if unit_ids is not None:
        wanted = wanted.where(CallbackRequest.unit_id.in_(unit_ids))
    return session.scalars(wanted.order_by(CallbackRequest.order_at, CallbackRequest.id).limit(limit)).all()


def lock_callback(session: Session, callback_id: int) -> CallbackRequest:
    """The last that is locked, after ticket, agent and call."""
    found = session.scalars(
        select(CallbackRequest)
        .where(CallbackRequest.id == callback_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("callback", callback_id)
    return found


def lock_waiting(session: Session, callback_id: int) -> CallbackRequest | None:
    """One that nobody has in hand: whoever holds it is not waited for."""
    return session.scalars(
        select(CallbackRequest)
        .where(CallbackRequest.id == callback_id, CallbackRequest.state == CallbackState.OPEN)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def begin_dialling(request: CallbackRequest, *, staff_id: int, outbound_id: int, until: datetime) -> None:
    """Locked by the one who asks."""
    request.state, request.staff_id = CallbackState.DIALLING, staff_id
    request.outbound_id, request.reserved_until = outbound_id, until


def give_to(request: CallbackRequest, staff_id: int | None) -> None:
    """Whoever is kept for it while it is dialled; None: whoever is free when the person answers."""
    request.staff_id = staff_id


def hold(request: CallbackRequest, *, until: datetime, reserved_until: datetime) -> None:
    """Its call waits for a budget, which is used up until then, or for a person who lets it go; nobody is kept."""
    request.staff_id, request.not_before, request.reserved_until = None, until, reserved_until


def is_held() -> ColumnElement[bool]:
    """Of a callback: a budget holds its call, so that nothing rings, and whoever wants to may call by hand."""
    call = exists().where(
        OutboundMessage.id == CallbackRequest.outbound_id,
        OutboundMessage.state == OutboundState.WAITING,
        OutboundMessage.error_code.in_(OVER.values()),
    )
    return and_(CallbackRequest.state == CallbackState.DIALLING, call.correlate(CallbackRequest))


def connect(request: CallbackRequest, *, now: datetime) -> None:
    """The person is on the line and waits for an agent."""
    if request.state in OPEN_STATES:
        _end(request, CallbackState.DONE, REACHED, now=now)


def not_wanted(request: CallbackRequest, *, now: datetime) -> None:
    """The person says so."""
    if request.state in OPEN_STATES:
        _end(request, CallbackState.DONE, NOT_NEEDED, now=now)


def note_attempt(request: CallbackRequest, *, now: datetime) -> bool:
    """The telephone rang and nobody was reached: later once more, and whether that was the last time."""
    request.attempts += 1
    if request.attempts >= MOST_ATTEMPTS:
        _end(request, CallbackState.DONE, NOT_REACHED, now=now)
        return True
    put_back(request, not_before=now + PAUSES[request.attempts - 1])
    return False


def put_back(request: CallbackRequest, *, not_before: datetime | None) -> None:
    """Waits again, at its place."""
    request.state, request.staff_id, request.claimed_at = CallbackState.OPEN, None, None
    request.reserved_until, request.not_before = None, not_before


def refuse(request: CallbackRequest, staff_id: int, *, now: datetime) -> None:
    """Not by this agent now."""
    request.refused_by_id, request.refused_at = staff_id, now


def _end(request: CallbackRequest, state: CallbackState, outcome: str, *, now: datetime) -> None:
    request.state, request.outcome, request.done_at, request.reserved_until = state, outcome, now, None


def claim_callback(session: Session, callback_id: int, *, staff_id: int, now: datetime) -> CallbackRequest:
    """Mine to make; NotFound when it is done or in somebody else's hands, who may keep it for CLAIM_HELD_FOR."""
    is_mine = CallbackRequest.staff_id == staff_id
    is_given_up = CallbackRequest.claimed_at <= now - CLAIM_HELD_FOR
    claimed = session.scalars(
        update(CallbackRequest)
        .where(
            CallbackRequest.id == callback_id,
            or_(
                CallbackRequest.state == CallbackState.OPEN,
                is_held(),
                and_(CallbackRequest.state == CallbackState.CLAIMED, or_(is_mine, is_given_up)),
            ),
        )
        .values(state=CallbackState.CLAIMED, staff_id=staff_id, claimed_at=now)
        .returning(CallbackRequest)
    ).one_or_none()
    if claimed is None:
        raise NotFound("callback", callback_id)
    return claimed


def lock_claimed(session: Session, callback_id: int, *, staff_id: int) -> CallbackRequest:
    """The one this agent has claimed. Raises NotFound when it is not theirs any more."""
    request = lock_callback(session, callback_id)
    if request.state is not CallbackState.CLAIMED or request.staff_id != staff_id:
        raise NotFound("callback", callback_id)
    return request


def finish_callback(session: Session, callback_id: int, *, staff_id: int, outcome: str, now: datetime) -> None:
    """Reached, or no longer needed, as `outcome` says; who was not reached is tried again (`note_attempt`)."""
    _end(lock_claimed(session, callback_id, staff_id=staff_id), CallbackState.DONE, outcome, now=now)
    session.flush()


def settle_by_call(session: Session, *, phone: str, now: datetime) -> None:
    """Somebody on the list got through by calling again: there is nothing left to call back."""
    session.execute(
        update(CallbackRequest)
        .where(
            CallbackRequest.phone == phone,
            # Whoever is kept for it is free with the next sweep, and what still waits to be dialled is withdrawn.
            CallbackRequest.state.in_((CallbackState.OPEN, CallbackState.DIALLING)),
        )
        .values(state=CallbackState.CLOSED, outcome=CALLED_AGAIN, done_at=now, reserved_until=None)
        .execution_options(synchronize_session=False)
    )


def settle_by_message(session: Session, call_id: int, *, now: datetime) -> None:
    """A call that seemed to have been missed has left a message after all: whoever hears it knows what to do."""
    session.execute(
        update(CallbackRequest)
        .where(
            CallbackRequest.call_id == call_id,
            CallbackRequest.state == CallbackState.OPEN,
            CallbackRequest.reason == CallbackReason.MISSED,
        )
        .values(state=CallbackState.CLOSED, outcome=LEFT_A_MESSAGE, done_at=now)
        .execution_options(synchronize_session=False)
    )


def give_back_claims(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """Claims that nobody came back to wait again, at their place."""
    given = (
        update(CallbackRequest)
        .where(CallbackRequest.state == CallbackState.CLAIMED, CallbackRequest.claimed_at <= now - CLAIM_HELD_FOR)
        .values(state=CallbackState.OPEN, staff_id=None, claimed_at=None)
    )
    return change_rows(session, given, CallbackRequest.id, put_aside=put_aside)


def close_withheld(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    closed = (
        update(CallbackRequest)
        .where(
            CallbackRequest.state == CallbackState.OPEN,
            CallbackRequest.phone.is_(None),
            CallbackRequest.created_at <= now - WITHHELD_CLOSED_AFTER,
        )
        .values(state=CallbackState.CLOSED, outcome=WITHHELD, done_at=now)
    )
    return change_rows(session, closed, CallbackRequest.id, put_aside=put_aside)


def is_on_the_line(phone: str | QueryableAttribute[str | None]) -> ColumnElement[bool]:
    """Whether a call with this number is under way: nobody is rung who talks or waits with us already."""
    return exists().where(Call.phone == phone, Call.state != CallState.ENDED)
