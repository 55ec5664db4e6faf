"""What messages are judged by when they are handed over, read for many: who left, what is over, who wants none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tickets.schema import Clock, OutboundMessage, PhonePreference, PlannedStep, RoleAssignment, Staff, Ticket
from tickets.states import ClockStatus, OutboundChannel, StepResult, TicketStatus

_Wish = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class HandOverFacts:
    """`wishes`: by phone, since when it wants nothing unasked, and nothing at all."""

    wishes: Mapping[str, _Wish]
    left: frozenset[int]
    statuses: Mapping[int, TicketStatus]
    steps_over: frozenset[int]


def read_facts(session: Session, messages: Sequence[OutboundMessage], *, now: datetime) -> HandOverFacts:
    return HandOverFacts(
        _wishes(session, {one.address for one in messages if one.channel is OutboundChannel.SMS}),
        _left(session, {one.staff_id for one in messages if one.staff_id is not None}, now=now),
        _statuses(session, {one.ticket_id for one in messages if one.ticket_id is not None}),
        _steps_over(session, {step for one in messages if (step := step_of(one)) is not None}),
    )


def step_of(message: OutboundMessage) -> int | None:
    """The level that it tells of."""
    step_id = message.params.get("step_id")
    return None if step_id is None else int(step_id)


def _wishes(session: Session, phones: set[str]) -> dict[str, _Wish]:
    if not phones:
        return {}
    wish = PhonePreference
    wanted = select(wish.phone, wish.sms_opted_out_at, wish.sms_silent_at).where(wish.phone.in_(sorted(phones)))
    return {phone: (opted_out, silent) for phone, opted_out, silent in session.execute(wanted)}


def _left(session: Session, staff_ids: set[int], *, now: datetime) -> frozenset[int]:
    """Whoever never held a role was written to for another reason; whoever held one and holds none has left."""
    if not staff_ids:
        return frozenset()
    held = RoleAssignment
    ended = func.coalesce(held.valid_to <= now, False)
    all_ended = select(func.bool_and(ended)).where(held.staff_id == Staff.id, held.valid_from <= now).scalar_subquery()
    gone = or_(Staff.disabled_at <= now, all_ended)
    return frozenset(session.scalars(select(Staff.id).where(Staff.id.in_(sorted(staff_ids)), gone)))


def _statuses(session: Session, ticket_ids: set[int]) -> dict[int, TicketStatus]:
    if not ticket_ids:
        return {}
    rows = session.execute(select(Ticket.id, Ticket.status).where(Ticket.id.in_(sorted(ticket_ids))))
    return {ticket_id: status for ticket_id, status in rows}


def _steps_over(session: Session, step_ids: set[int]) -> frozenset[int]:
    """As R15 judges it when it fires: the clock runs, and its due date is the one the step was planned for."""
    if not step_ids:
        return frozenset()
    stands = (
        (Clock.status == ClockStatus.RUNNING)
        & (Clock.due_at == PlannedStep.due_at)
        & or_(PlannedStep.result.is_(None), PlannedStep.result != StepResult.VOID)
    )
    planned = select(PlannedStep.id).join(Clock, Clock.id == PlannedStep.clock_id)
    over = func.coalesce(stands, False).is_(False)
    return frozenset(session.scalars(planned.where(PlannedStep.id.in_(sorted(step_ids)), over)))
