"""People to call back: those who asked for it, hung up before an answer, or found nobody on duty."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Call, CallbackRequest, Ticket
from tickets.states import CallbackReason, CallbackState

OPEN_STATES = (CallbackState.OPEN, CallbackState.CLAIMED)
# Nobody can call a hidden number: its entry is there to be counted, and goes by itself.
WITHHELD_CLOSED_AFTER = timedelta(days=1)
WITHHELD = "withheld"
# A claim whose agent never came back is anybody's again.
CLAIM_HELD_FOR = timedelta(minutes=30)


def ask_callback(
    session: Session, call: Call, *, phone: str | None, reason: CallbackReason, now: datetime
) -> int | None:
    """Put a caller on the list; None when the same call or, for missed ones, the same number and hour stands there.

    The place in the queue is kept: the list is ordered by when callers entered it, or arrived.
    """
    is_missed = reason is CallbackReason.MISSED and phone is not None
    return session.scalar(
        insert(CallbackRequest)
        .values(
            once_key=f"missed:{phone}:{now:%Y%m%d%H}" if is_missed else f"call:{call.id}",
            call_id=call.id,
            citizen_id=call.citizen_id,
            ticket_id=call.ticket_id,
            unit_id=call.unit_id,
            phone=phone,
            reason=reason,
            state=CallbackState.OPEN,
            order_at=call.queued_at or call.arrived_at,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["once_key"])
        .returning(CallbackRequest.id)
    )


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
                and_(CallbackRequest.state == CallbackState.CLAIMED, or_(is_mine, is_given_up)),
            ),
        )
        .values(state=CallbackState.CLAIMED, staff_id=staff_id, claimed_at=now)
        .returning(CallbackRequest)
    ).one_or_none()
    if claimed is None:
        raise NotFound("callback", callback_id)
    return claimed


def finish_callback(session: Session, callback_id: int, *, staff_id: int, outcome: str, now: datetime) -> None:
    """Reached, not reached, or no longer needed, as `outcome` says."""
    done = session.execute(
        update(CallbackRequest)
        .where(
            CallbackRequest.id == callback_id,
            CallbackRequest.state == CallbackState.CLAIMED,
            CallbackRequest.staff_id == staff_id,
        )
        .values(state=CallbackState.DONE, outcome=outcome, done_at=now)
        .returning(CallbackRequest.id)
    ).one_or_none()
    if done is None:
        raise NotFound("callback", callback_id)


def settle_by_call(session: Session, *, phone: str, now: datetime) -> None:
    """Somebody on the list got through by calling again: there is nothing left to call back."""
    session.execute(
        update(CallbackRequest)
        .where(CallbackRequest.phone == phone, CallbackRequest.state == CallbackState.OPEN)
        .values(state=CallbackState.CLOSED, outcome="called_again", done_at=now)
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
        .values(state=CallbackState.CLOSED, outcome="left_a_message", done_at=now)
        .execution_options(synchronize_session=False)
    )


def close_withheld(session: Session, *, now: datetime) -> int:
    closed = session.execute(
        update(CallbackRequest)
        .where(
            CallbackRequest.state == CallbackState.OPEN,
            CallbackRequest.phone.is_(None),
            CallbackRequest.created_at <= now - WITHHELD_CLOSED_AFTER,
        )
        .values(state=CallbackState.CLOSED, outcome=WITHHELD, done_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(closed, "rowcount", 0))
