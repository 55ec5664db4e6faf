"""Passing a level to a colleague: they may answer for it and are told; it stays owed by the responsibility (A4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from escalation.acknowledging.locked_level import is_over, locked_level
from escalation.acknowledging.next_level import next_level
from escalation.acknowledging.right import RightToAnswer, right_to_answer
from escalation.acknowledging.told_in_writing import Word, tell_in_writing
from escalation.firing.codes import new_codes
from escalation.firing.recipients import add_recipients, known_codes, mark_read
from tickets.audit import entries
from tickets.directory.colleagues import colleagues_of
from tickets.errors import InvalidInput, NotAllowed
from tickets.people.actor import staff_actor
from tickets.promises import standing_levels
from tickets.promises.calendar import add, between
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import hold_until
from tickets.schema import Clock, Delegation, PlannedStep, Staff, StepRecipient, Ticket, Unit
from tickets.states import ClockStatus
from tickets.work.judged_at import judged_at
from tickets.work.named_people import name_people

TEMPLATE = "delegated"
LONGEST_ASKING = 500


@dataclass(frozen=True, slots=True)
class Delegated:
    """To whom; `is_repeat` when they are asked already, so that a double click is harmless."""

    name: str
    is_repeat: bool


def delegate(
    session: Session, step_id: int, *, from_id: int, to_id: int | None, reason: str, now: datetime
) -> Delegated:
    """A colleague of the same unit may answer for this level, as long as whoever asks them stands there.

    It holds nothing and ends nothing: the level goes on waiting on both desks. Raises NotFound and NotAllowed as
    acknowledging does, NotAllowed as `may_ask` says, InvalidInput for a
    person who is no colleague or handles the ticket themselves, without a reason, or for a promise that has ended or
    stands still.
    """
    ticket, step, clock = locked_level(session, step_id)
    now = judged_at(session, ticket, now=now)
    right = right_to_answer(session, step.id, staff_id=from_id, now=now)
    if not may_ask(session, step.id, right, staff_id=from_id, is_restricted=ticket.is_restricted):
        raise NotAllowed("delegate")
    if clock.status is not ClockStatus.RUNNING:
        raise InvalidInput("to", "promise_over" if is_over(clock) else "promise_stands_still")
    words = reason.strip()[:LONGEST_ASKING]
    if not words:
        raise InvalidInput("reason", "required")
    if to_id not in {one.staff_id for one in colleagues_of(session, from_id, now=now)}:
        raise InvalidInput("to", "unknown")
    if to_id == ticket.assignee_id:
        raise InvalidInput("to", "handles_it")
    colleague = session.get_one(Staff, to_id)
    written = session.scalar(
        insert(Delegation)
        .values(
            step_id=step.id,
            from_id=from_id,
            to_id=colleague.id,
            reason=words,
            at=now,
            due_at=_due(session, step, clock, now=now),
        )
        .on_conflict_do_nothing()
        .returning(Delegation.id)
    )
    if written is None:
        return Delegated(colleague.name, is_repeat=True)
    code = _become_recipient(session, ticket, step, colleague, now=now)
    mark_read(session, from_id, step_ids=[step.id], now=now)
    _audit(session, step, from_id=from_id, to_id=colleague.id, now=now)
    asked = session.get_one(Delegation, written)
    tell_in_writing(session, ticket, colleague, _word(session, ticket, step, clock, asked, code), now=now)
    standing_levels.refresh(session, [ticket.id])
    return Delegated(colleague.name, is_repeat=False)


def may_ask(session: Session, step_id: int, right: RightToAnswer, *, staff_id: int, is_restricted: bool) -> bool:
    """Whether somebody with this right may ask a colleague: nobody does who was asked themselves.

    Who answers for the whole city may do so unasked; a restricted matter opens by it to nobody unless it reached them.
    """
    if right.is_delegated:
        return False
    return not is_restricted or right.stands_there or _was_told(session, step_id, staff_id)


def _become_recipient(session: Session, ticket: Ticket, step: PlannedStep, colleague: Staff, *, now: datetime) -> str:
    """Their reply code; whoever had been told of the level already has one."""
    pair = (step.id, colleague.id)
    if _was_told(session, step.id, colleague.id):
        return known_codes(session, [step.id])[pair]
    code = new_codes(session, [pair])[pair]
    row = {"step_id": step.id, "staff_id": colleague.id, "post_id": None, "capacity": "delegate"}
    add_recipients(session, [{**row, "told_at": now, "reply_code": code}])
    if ticket.is_restricted:
        name_people(session, [(ticket.id, colleague.id)], reason="escalation", now=now)
    return code


def _was_told(session: Session, step_id: int, staff_id: int) -> bool:
    told = exists().where(StepRecipient.step_id == step_id, StepRecipient.staff_id == staff_id)
    return bool(session.scalar(select(told)))


def _audit(session: Session, step: PlannedStep, *, from_id: int, to_id: int, now: datetime) -> None:
    entries.record(
        session,
        actor=staff_actor(from_id),
        action="escalation.delegated",
        subject_kind="planned_step",
        subject_id=step.id,
        ticket_id=step.ticket_id,
        params={"told": [to_id]},
        now=now,
    )


def _due(session: Session, step: PlannedStep, clock: Clock, *, now: datetime) -> datetime:
    """As long as an answer would hold (A5), but half of the open time to the next level at most.

    Whoever asked must hear that nothing was done while there is time left to answer themselves; a night is no such
    time, unless there is nothing else before the next level.
    """
    calendar = load_rulebook(session).calendars[clock.calendar_version_id]
    until = hold_until(calendar, target_seconds=clock.target_seconds, new_due_at=None, now=now)
    following = next_level(session, step.id)
    if following is None:
        return until
    open_seconds = between(calendar, now, following.at)
    half = add(calendar, now, open_seconds // 2) if open_seconds else now + max(timedelta(0), following.at - now) / 2
    return min(until, half)


def _word(session: Session, ticket: Ticket, step: PlannedStep, clock: Clock, asked: Delegation, code: str) -> Word:
    unit = session.get_one(Unit, ticket.unit_id)
    params = {
        "step_id": step.id,
        "asking_id": asked.id,
        "unit": {"vi": unit.name, "en": unit.name_en},
        "level": step.rank,
        "due_at": step.due_at.isoformat(),
        "clock": clock.kind.value,
        "by": session.get_one(Staff, asked.from_id).name,
        "reason": asked.reason,
        "code": code,
        "answer_by": asked.due_at.isoformat() if asked.due_at else None,
    }
    return Word(TEMPLATE, params, key=str(asked.id))
