"""Levels still to come that an answer moves: later, because somebody has the matter, or to now."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import PlannedStep
from tickets.states import StepKind

_HELD = ("held_from", "held_by_step")


def hold_next_levels(session: Session, step: PlannedStep, *, until: datetime) -> None:
    """The next level waits until then, and those above keep their distance from it."""
    ahead = session.scalars(
        select(PlannedStep)
        .where(
            PlannedStep.clock_id == step.clock_id,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.rank > step.rank,
            PlannedStep.fired_at.is_(None),
        )
        .order_by(PlannedStep.rank)
    ).all()
    if not ahead or ahead[0].planned_at >= until:
        return
    delay = until - ahead[0].planned_at
    for later in ahead:
        later.detail = {**later.detail, "held_from": later.planned_at.isoformat(), "held_by_step": step.id}
        later.planned_at += delay


def bring_forward(session: Session, step_id: int, *, by: PlannedStep, now: datetime) -> None:
    """This level is due now, whatever held it; those above keep their time."""
    ahead: PlannedStep = session.get_one(PlannedStep, step_id)
    known = {name: value for name, value in ahead.detail.items() if name not in _HELD}
    ahead.detail = {**known, "passed_up_by_step": by.id, "passed_up_from": ahead.planned_at.isoformat()}
    ahead.planned_at = min(ahead.planned_at, now)
    session.flush()
