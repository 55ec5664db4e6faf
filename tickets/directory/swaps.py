"""Swaps: whoever has a turn asks somebody to take it, who accepts or refuses; the rows of `swap_request`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from tickets.audit import entries
from tickets.directory.rota import WantedTurn, judge_turn, turn_for_change
from tickets.directory.shifts import change_shift
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.schema import Post, Shift, Staff, SwapRequest
from tickets.states import SwapState


@dataclass(frozen=True, slots=True)
class Swap:
    """A question with the words people read: which turn, who asks, who is asked, and what became of it."""

    swap_id: int
    shift_id: int
    from_staff_id: int
    from_person: str
    to_staff_id: int
    to_person: str
    state: SwapState
    post: str
    post_en: str
    starts_at: datetime
    ends_at: datetime


def ask_swap(session: Session, shift_id: int, *, to_staff_id: int, actor: Actor, now: datetime) -> Swap:
    """The one who acts asks somebody to take a turn of theirs that has not begun.

    Raises NotFound for another's turn, InvalidInput for a turn that runs or is asked for already, and for somebody who
    could not be planned for it.
    """
    was = turn_for_change(session, shift_id)
    if was.staff_id != actor.staff_id:
        raise NotFound("shift", shift_id)
    if was.starts_at <= now:
        raise InvalidInput("to", "turn_has_begun")
    if to_staff_id == was.staff_id:
        raise InvalidInput("to", "required")
    open_already = select(SwapRequest.id).where(SwapRequest.shift_id == shift_id, SwapRequest.state == SwapState.ASKED)
    if session.scalar(open_already) is not None:
        raise InvalidInput("to", "asked_already")
    wanted = WantedTurn(was.post_id, to_staff_id, was.starts_at, was.ends_at)
    _judge_for(session, wanted, now=now)
    row = SwapRequest(
        shift_id=shift_id, from_staff_id=was.staff_id, to_staff_id=to_staff_id, state=SwapState.ASKED, asked_at=now
    )
    session.add(row)
    session.flush()
    _record(session, "swap.asked", row, actor=actor, now=now)
    return _one(session, row.id)


def accept_swap(session: Session, swap_id: int, *, actor: Actor, now: datetime) -> Swap:
    """Whoever is asked takes the turn, which is theirs at once.

    Raises NotFound for a question that is not open to them, InvalidInput where the turn has begun or is another's by
    now, or where they can no longer be planned for it.
    """
    row = _open(session, swap_id, to_staff_id=actor.staff_id)
    was = turn_for_change(session, row.shift_id)
    if was.starts_at <= now or was.staff_id != row.from_staff_id:
        raise InvalidInput("swap", "turn_has_begun")
    wanted = WantedTurn(was.post_id, row.to_staff_id, was.starts_at, was.ends_at)
    judge_turn(session, wanted, but=was.shift_id, now=now)
    change_shift(
        session,
        was.shift_id,
        post_id=was.post_id,
        staff_id=row.to_staff_id,
        starts_at=was.starts_at,
        ends_at=was.ends_at,
    )
    return _answered(session, row, SwapState.ACCEPTED, actor=actor, now=now)


def refuse_swap(session: Session, swap_id: int, *, actor: Actor, now: datetime) -> Swap:
    """The turn stays where it is. Raises NotFound for a question that is not open to whoever acts."""
    row = _open(session, swap_id, to_staff_id=actor.staff_id)
    return _answered(session, row, SwapState.REFUSED, actor=actor, now=now)


def withdraw_swap(session: Session, swap_id: int, *, actor: Actor, now: datetime) -> Swap:
    """Whoever asked needs no answer any more. Raises NotFound for another's question."""
    row = _open(session, swap_id, from_staff_id=actor.staff_id)
    return _answered(session, row, SwapState.WITHDRAWN, actor=actor, now=now)


def open_swaps(session: Session, staff_id: int, *, now: datetime) -> list[Swap]:
    """Questions about turns to come, which this person asked or is asked."""
    mine = or_(SwapRequest.from_staff_id == staff_id, SwapRequest.to_staff_id == staff_id)
    return _found(session, SwapRequest.state == SwapState.ASKED, Shift.starts_at > now, mine)


def _judge_for(session: Session, wanted: WantedTurn, *, now: datetime) -> None:
    """As planning judges; what is wrong with the person stands at the field in which they are chosen."""
    try:
        judge_turn(session, wanted, now=now)
    except InvalidInput as wrong:
        raise InvalidInput("to", wrong.code, **wrong.params) from wrong


def _open(session: Session, swap_id: int, **whose: int | None) -> SwapRequest:
    row = session.scalars(
        select(SwapRequest)
        .filter_by(id=swap_id, state=SwapState.ASKED, **whose)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("swap", swap_id)
    return row


def _answered(session: Session, row: SwapRequest, state: SwapState, *, actor: Actor, now: datetime) -> Swap:
    row.state, row.answered_at = state, now
    session.flush()
    _record(session, f"swap.{state.value}", row, actor=actor, now=now)
    return _one(session, row.id)


def _one(session: Session, swap_id: int) -> Swap:
    [found] = _found(session, SwapRequest.id == swap_id)
    return found


def _found(session: Session, *which: ColumnElement[bool]) -> list[Swap]:
    asked = aliased(Staff)
    rows = session.execute(
        select(
            SwapRequest.id, SwapRequest.shift_id, SwapRequest.from_staff_id, Staff.name, SwapRequest.to_staff_id,
            asked.name, SwapRequest.state, Post.name, Post.name_en, Shift.starts_at, Shift.ends_at,
        )
        .join(Shift, Shift.id == SwapRequest.shift_id)
        .join(Post, Post.id == Shift.post_id)
        .join(Staff, Staff.id == SwapRequest.from_staff_id)
        .join(asked, asked.id == SwapRequest.to_staff_id)
        .where(*which)
        .order_by(Shift.starts_at, SwapRequest.id)
    )  # fmt: skip
    return [Swap(*row) for row in rows]


def _record(session: Session, action: str, row: SwapRequest, *, actor: Actor, now: datetime) -> None:
    params: Mapping[str, object] = {"from_staff_id": row.from_staff_id, "to_staff_id": row.to_staff_id}
    entries.record(
        session, actor=actor, action=action, subject_kind="shift", subject_id=row.shift_id, params=params, now=now
    )
