"""A fired level as the API tells it: who was tried for it, how, and how far that came (A3)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.api.instants import iso
from escalation.queries.attempts import LevelAttempt
from escalation.queries.raised import Raised, ToldPerson, load_raised
from tickets.schema import Acknowledgement, Clock, PlannedStep
from tickets.states import StepKind


def escalations_of(session: Session, ticket_id: int) -> list[dict[str, Any]]:
    """The levels that have fired, in the order in which they did."""
    rows = session.execute(
        select(PlannedStep, Clock.kind, Acknowledgement)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(
            PlannedStep.ticket_id == ticket_id,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.fired_at.is_not(None),
        )
        .order_by(PlannedStep.fired_at, PlannedStep.id)
    )
    found = rows.all()
    raised = raised_by_id(session, [step.id for step, _, _ in found])
    return [escalation_view(step, clock, answered, raised.get(step.id)) for step, clock, answered in found]


def raised_by_id(session: Session, step_ids: Sequence[int]) -> dict[int, Raised]:
    return {one.step_id: one for one in load_raised(session, step_ids)}


def escalation_view(
    step: PlannedStep, clock: str, acknowledged: Acknowledgement | None, raised: Raised | None
) -> dict[str, Any]:
    return {
        "id": step.id,
        "level": step.rank,
        "clock": clock,
        "planned_at": iso(step.planned_at),
        "fired_at": iso(step.fired_at),
        "result": step.result or "",
        "acknowledged_at": iso(acknowledged.at) if acknowledged else None,
        "instruction": acknowledged.instruction if acknowledged else None,
        **attempts_view(raised),
    }


def attempts_view(raised: Raised | None) -> dict[str, Any]:
    """`reached` and `attempts` of a fired level; nobody was tried where it told nobody."""
    people = raised.told if raised is not None else ()
    attempts = [_attempt(person, one) for person in people for one in person.attempts]
    return {"reached": raised is not None and raised.is_reached, "attempts": attempts}


def _attempt(person: ToldPerson, one: LevelAttempt) -> dict[str, Any]:
    return {
        "to": person.name,
        "post": person.post,
        "method": one.method.value,
        "state": one.state.value,
        "at": iso(one.last.at),
        "why": one.last.why,
    }
