"""A colleague who was asked to answer has done nothing in the time they had: whoever asked them is told (A5)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from escalation.acknowledging.next_level import next_level
from escalation.acknowledging.stands_today import whoever_stands_today
from escalation.acknowledging.told_in_writing import Word, tell_in_writing
from escalation.firing.hours import send_at
from escalation.firing.pursue import search_again
from escalation.firing.telling import duty_calendar
from tickets.audit import entries
from tickets.each_alone import PutAside, each_alone
from tickets.people.actor import SYSTEM
from tickets.promises.loading import load_rulebook
from tickets.promises.taken_up_again import ended_since
from tickets.schema import Acknowledgement, Clock, Delegation, PlannedStep, Staff, Ticket
from tickets.states import UNFINISHED, ClockStatus

OVERDUE_TEMPLATE = "delegation_overdue"
ASKINGS_PER_LOOK = 50


def report_unanswered(
    session: Session, *, now: datetime, batch: int = ASKINGS_PER_LOOK, put_aside: PutAside | None = None
) -> int:
    """Note which askings led to nothing in their time, and tell whoever asked; how many.

    What has been answered or is over by then ends without a word. While a promise stands still nobody is late.
    """
    looked_at = _due(session, now=now, batch=batch)
    reported = each_alone(
        session, looked_at, lambda one: _report(session, *one, now=now), named=lambda one: one[0].id,
        put_aside=put_aside,
    )  # fmt: skip
    session.flush()
    return sum(reported)


def _report(
    session: Session, asked: Delegation, ticket: Ticket, step: PlannedStep, is_open: bool, *, now: datetime
) -> bool:
    """Whether an answer was still asked for."""
    if not is_open:
        asked.ended_at = now
        return False
    asked.broken_at = now
    session.flush()
    search_again(session, step.id, now=now)
    _tell(session, asked, ticket, step, now=now)
    return True


def _due(session: Session, *, now: datetime, batch: int) -> Sequence[tuple[Delegation, Ticket, PlannedStep, bool]]:
    """With their tickets locked, and whether an answer is still asked for.

    A level that was raised stays with its people when its promise gets another date. What somebody else holds is
    looked at next time and keeps no other waiting.
    """
    is_answered = exists().where(Acknowledgement.step_id == PlannedStep.id)
    still_asked = and_(Clock.status == ClockStatus.RUNNING, Ticket.status.in_(UNFINISHED), ~is_answered)
    rows = session.execute(
        select(Delegation, Ticket, PlannedStep, still_asked, Clock.history)
        .join(PlannedStep, PlannedStep.id == Delegation.step_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(
            Delegation.due_at <= now,
            Delegation.declined_at.is_(None),
            Delegation.broken_at.is_(None),
            Delegation.ended_at.is_(None),
            or_(Clock.status != ClockStatus.PAUSED, Ticket.status.not_in(UNFINISHED)),
        )
        .order_by(Delegation.due_at)
        .limit(batch)
        .with_for_update(of=(Ticket, Delegation), key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [
        (asked, ticket, step, bool(is_asked) and not ended_since(history, step.fired_at))
        for asked, ticket, step, is_asked, history in rows
    ]


def _tell(session: Session, asked: Delegation, ticket: Ticket, step: PlannedStep, *, now: datetime) -> None:
    """Whoever asked; where they have moved on, whoever stands there today owes it (A4)."""
    reader = whoever_stands_today(session, step.id, staff_id=asked.from_id, now=now)
    entries.record(
        session,
        actor=SYSTEM,
        action="escalation.delegation_overdue",
        subject_kind="planned_step",
        subject_id=step.id,
        ticket_id=ticket.id,
        params={"told": [reader.id] if reader is not None else []},
        now=now,
    )
    if reader is not None:
        leaves_at = _leaves_at(session, ticket, step, now=now)
        tell_in_writing(session, ticket, reader, _word(session, asked, step), not_before=leaves_at, now=now)


def _leaves_at(session: Session, ticket: Ticket, step: PlannedStep, *, now: datetime) -> datetime:
    """It is the machine that speaks: of a normal matter nobody's telephone does at night, as of a level (R18)."""
    return send_at(
        clock=session.get_one(Clock, step.clock_id).kind,
        level=max(step.rank, int(step.detail.get("fell_through_to", 0))),
        priority=ticket.priority,
        is_on_shift=False,
        duty_hours=duty_calendar(load_rulebook(session)),
        now=now,
    )


def _word(session: Session, asked: Delegation, step: PlannedStep) -> Word:
    following = next_level(session, step.id)
    params = {
        "step_id": step.id,
        "asking_id": asked.id,
        "level": step.rank,
        "person": session.get_one(Staff, asked.to_id).name,
        "next_level": following.level if following else None,
        "next_at": following.at.isoformat() if following else None,
    }
    return Word(OVERDUE_TEMPLATE, params, key=str(asked.id))
