"""Giving back what a colleague asked one to answer for: whoever asked is told why, and goes on owing it (A4)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.delegate import LONGEST_ASKING
from escalation.acknowledging.given_back import DECLINED_BY
from escalation.acknowledging.locked_level import is_over, locked_level
from escalation.acknowledging.right import right_to_answer
from escalation.acknowledging.told_in_writing import Word, tell_in_writing
from escalation.firing.pursue import search_again
from tickets import timeline
from tickets.audit import entries
from tickets.errors import InvalidInput, NotAllowed
from tickets.people.actor import staff_actor
from tickets.schema import Delegation, PlannedStep, Staff
from tickets.states import TimelineKind
from tickets.work.judged_at import judged_at

GIVEN_BACK_TEMPLATE = "delegation_declined"


def decline(session: Session, step_id: int, *, staff_id: int, reason: str, now: datetime) -> None:
    """Their right to answer for it because they were asked ends; of the chain nothing changes.

    Whoever was still to be found while they had it in hand is looked for again. Raises NotFound as acknowledging does,
    NotAllowed for whoever is not asked now, InvalidInput without a reason or for a promise that has ended.
    """
    ticket, step, clock = locked_level(session, step_id)
    now = judged_at(session, ticket, now=now)
    right_to_answer(session, step.id, staff_id=staff_id, now=now)
    asked = _open_askings(session, step.id, staff_id)
    if not asked:
        raise NotAllowed("decline")
    words = reason.strip()[:LONGEST_ASKING]
    if not words:
        raise InvalidInput("reason", "required")
    if is_over(clock):
        raise InvalidInput("reason", "promise_over")
    for one in asked:
        one.declined_at = now
    actor = staff_actor(staff_id)
    params = {"step_id": step.id, DECLINED_BY: staff_id}
    timeline.add(
        session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=words, params=params, now=now
    )
    entries.record(
        session,
        actor=actor,
        action="escalation.delegation_declined",
        subject_kind="planned_step",
        subject_id=step.id,
        ticket_id=ticket.id,
        params={"told": [one.from_id for one in asked]},
        now=now,
    )
    session.flush()
    search_again(session, step.id, now=now)
    for one in asked:
        word = _word(step, one, by=session.get_one(Staff, staff_id), words=words)
        tell_in_writing(session, ticket, session.get_one(Staff, one.from_id), word, now=now)


def _word(step: PlannedStep, asked: Delegation, *, by: Staff, words: str) -> Word:
    params = {"step_id": step.id, "asking_id": asked.id, "level": step.rank, "by": by.name, "reason": words}
    return Word(GIVEN_BACK_TEMPLATE, params, key=str(asked.id))


def _open_askings(session: Session, step_id: int, staff_id: int) -> Sequence[Delegation]:
    asked = Delegation.step_id == step_id, Delegation.to_id == staff_id, Delegation.declined_at.is_(None)
    return session.scalars(select(Delegation).where(*asked).order_by(Delegation.id)).all()
