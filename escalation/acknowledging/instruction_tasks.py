"""Instructions as tasks: given, answered by the unit, broken when their time is over and nobody has answered (A5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from escalation.acknowledging.instruction import LevelAnswer
from escalation.acknowledging.stands_today import whoever_stands_today
from tickets import timeline
from tickets.audit import entries
from tickets.each_alone import PutAside, each_alone
from tickets.errors import InvalidInput, NotFound
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.people.actor import SYSTEM, Actor
from tickets.schema import Clock, Instruction, PlannedStep, Staff, Ticket
from tickets.states import UNFINISHED, ClockStatus, OutboundChannel, Priority, TimelineKind
from tickets.work.judged_at import judged_at

LONGEST_ANSWER = 2000
ANSWERED, OVERDUE = "instruction_answered", "instruction_overdue"
INSTRUCTIONS_PER_LOOK = 50


def give(
    session: Session,
    ticket: Ticket,
    answer: LevelAnswer,
    *,
    by: int,
    due_at: datetime,
    holds_until: datetime | None,
    now: datetime,
) -> int | None:
    """The task's id; None where the answer asks the unit for nothing. The caller holds the ticket's lock."""
    if not answer.asks_something:
        return None
    task = Instruction(
        step_id=answer.step_id,
        ticket_id=ticket.id,
        given_by_id=by,
        given_at=now,
        words=answer.words,
        due_at=due_at,
        unit_id=ticket.unit_id,
        to_staff_id=ticket.assignee_id,
        holds_until=holds_until,
    )
    session.add(task)
    session.flush()
    return task.id


def answer_instruction(
    session: Session, ticket: Ticket, instruction_id: int, *, words: str, actor: Actor, now: datetime
) -> None:
    """What the unit says it has done; once, and the one who gave it reads it. The caller holds the ticket's lock.

    Raises NotFound for one of another ticket or that is answered, InvalidInput("answer") without words.
    """
    said = words.strip()[:LONGEST_ANSWER]
    if not said:
        raise InvalidInput("answer", "required")
    # Whoever waited for the lock may have been told meanwhile that nobody had answered in time.
    now = judged_at(session, ticket, now=now)
    task = session.get(Instruction, instruction_id, populate_existing=True)
    if task is None or task.ticket_id != ticket.id or task.answered_at is not None:
        raise NotFound("instruction", instruction_id)
    task.answered_at, task.answered_by_id, task.answer = now, actor.staff_id, said
    params = {"instruction_id": task.id}
    timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=said, params=params, now=now)
    _audit(session, task, "instruction.answered", actor=actor, now=now)
    by = session.get(Staff, actor.staff_id) if actor.staff_id is not None else None
    _tell_above(session, task, ticket, ANSWERED, {"by": by.name if by else "", "answer": said}, now=now)


def break_overdue(
    session: Session, *, now: datetime, batch: int = INSTRUCTIONS_PER_LOOK, put_aside: PutAside | None = None
) -> int:
    """Note what nobody has answered in time while its promise runs, and tell whoever gave it; how many.

    What has been settled by then ends without an answer. A promise that is paused breaks none: the unit waits itself.
    """
    overdue = _overdue(session, now=now, batch=batch)
    broken = each_alone(
        session, overdue, lambda one: _break(session, *one, now=now), named=lambda one: one[0].id, put_aside=put_aside
    )
    session.flush()
    return sum(broken)


def _break(session: Session, task: Instruction, ticket: Ticket, runs: bool, *, now: datetime) -> bool:
    """Whether it was still asked for."""
    if not runs:
        task.ended_at = now
        return False
    task.broken_at = now
    _audit(session, task, "instruction.broken", actor=SYSTEM, now=now)
    _tell_above(session, task, ticket, OVERDUE, {}, now=now)
    return True


def _overdue(session: Session, *, now: datetime, batch: int) -> Sequence[tuple[Instruction, Ticket, bool]]:
    """With their tickets locked, and whether it is still asked for.

    What somebody else holds, the ticket or the task itself, is looked at next time and keeps no other waiting.
    """
    rows = session.execute(
        select(Instruction, Ticket, Clock.status)
        .join(Ticket, Ticket.id == Instruction.ticket_id)
        .join(PlannedStep, PlannedStep.id == Instruction.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(
            Instruction.due_at <= now,
            Instruction.answered_at.is_(None),
            Instruction.broken_at.is_(None),
            Instruction.ended_at.is_(None),
            or_(Clock.status != ClockStatus.PAUSED, Ticket.status.not_in(UNFINISHED)),
        )
        .order_by(Instruction.due_at)
        .limit(batch)
        .with_for_update(of=(Ticket, Instruction), key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [
        (task, ticket, status is ClockStatus.RUNNING and ticket.status in UNFINISHED)
        for task, ticket, status in rows
        if task.answered_at is None
    ]


def _audit(session: Session, task: Instruction, action: str, *, actor: Actor, now: datetime) -> None:
    """The words stand in the row and the timeline alone: the audit trail holds no texts."""
    entries.record(
        session,
        actor=actor,
        action=action,
        subject_kind="instruction",
        subject_id=task.id,
        ticket_id=task.ticket_id,
        params={"step_id": task.step_id, "due_at": task.due_at.isoformat()},
        now=now,
    )


def _tell_above(
    session: Session, task: Instruction, ticket: Ticket, template: str, more: dict[str, Any], *, now: datetime
) -> None:
    """On the screen of whoever gave it, or of whoever stands there now; by SMS too in an emergency."""
    reader = whoever_stands_today(session, task.step_id, staff_id=task.given_by_id, now=now)
    if reader is None:
        return
    rings = ticket.priority is Priority.EMERGENCY and reader.phone is not None
    of_it = {"instruction_id": task.id, "instruction": task.words, "step_id": task.step_id}
    params = {"reference": ticket.reference, **of_it, **more}
    messages = [
        Outgoing(
            channel=channel,
            address="" if channel is OutboundChannel.SCREEN else reader.phone or "",
            template=template,
            params=params,
            locale=reader.locale,
            dedup_key=f"{template}:{task.id}:{reader.id}:{channel}",
            ticket_id=ticket.id,
            staff_id=reader.id,
            is_urgent=rings,
        )
        for channel in (OutboundChannel.SCREEN, *([OutboundChannel.SMS] if rings else []))
    ]
    posting.post_all(session, messages, now=now)
