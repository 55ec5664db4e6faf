"""A fired level as the API tells it: who was tried for it, how, and how far that came (A3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.api.instants import iso
from escalation.queries.raised import Delivered, Raised, ToldPerson, load_raised
from tickets.outbox.overtaken import WITHDRAWN
from tickets.schema import Acknowledgement, Clock, PlannedStep
from tickets.states import OutboundState, StepKind

AttemptState = Literal["planned", "sent", "delivered", "read", "acknowledged", "failed", "suppressed", "withdrawn"]
_ARRIVED: frozenset[AttemptState] = frozenset({"delivered", "read", "acknowledged"})
_STATES: dict[OutboundState, AttemptState] = {
    OutboundState.WAITING: "planned",
    OutboundState.CLAIMED: "planned",
    OutboundState.SENT: "sent",
    OutboundState.UNCERTAIN: "sent",
    OutboundState.DELIVERED: "delivered",
    OutboundState.FAILED: "failed",
    OutboundState.SUPPRESSED: "suppressed",
}


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
    by_id = raised.answered.by_id if raised is not None and raised.answered is not None else None
    answered_at = raised.answered.at if raised is not None and raised.answered is not None else None
    attempts = [one for person in people for one in _of(person, answered_at if person.staff_id == by_id else None)]
    return {"reached": by_id is not None or any(a["state"] in _ARRIVED for a in attempts), "attempts": attempts}


def _of(person: ToldPerson, answered_at: datetime | None) -> list[dict[str, Any]]:
    return [
        {
            "to": person.name,
            "post": person.post,
            "method": message.channel.value,
            "state": state,
            "at": iso(at),
            "why": message.error_code,
        }
        for message in _in_order(person.messages)
        for state, at in [_state(person, message, answered_at)]
    ]


def _in_order(messages: Sequence[Delivered]) -> list[Delivered]:
    return sorted(messages, key=lambda message: message.not_before)


def _state(person: ToldPerson, message: Delivered, answered_at: datetime | None) -> tuple[AttemptState, datetime]:
    state = _STATES[message.state]
    if message.error_code == WITHDRAWN:
        return "withdrawn", message.not_before
    if state in ("failed", "suppressed"):
        return state, message.sent_at or message.not_before
    if answered_at is not None:
        return "acknowledged", answered_at
    if (read_at := message.read_at or person.read_at) is not None:
        return "read", read_at
    return state, message.delivered_at or message.sent_at or message.not_before
