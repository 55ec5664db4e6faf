"""Levels still to come that an answer moves: later, because somebody has the matter, or to now."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import PlannedStep
from tickets.states import StepKind

_HELD = ("held_from", "held_by_step", "held_to_date")


def hold_next_levels(session: Session, step: PlannedStep, *, until: datetime, is_date: bool = False) -> None:
    """The next level waits until then, and those above keep their distance from it.

    `is_date`: until a date that somebody above gave; it takes the place of the one given before, also where it is
    sooner. Told once more by a plan that is made anew: `tickets.promises.holds`.
    """
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
    if is_date:
        for later in ahead:
            _let_go(later)
    if not ahead or ahead[0].planned_at >= until:
        return
    delay = until - ahead[0].planned_at
    for later in ahead:
        held = {"held_from": later.planned_at.isoformat(), "held_by_step": step.id, "held_to_date": is_date}
        later.detail = {**later.detail, **held}
        later.planned_at += delay


def _let_go(later: PlannedStep) -> None:
    """A date that had been given holds it no more."""
    if later.detail.get("held_to_date"):
        later.planned_at = datetime.fromisoformat(later.detail["held_from"])
        later.detail = {name: value for name, value in later.detail.items() if name not in _HELD}


def bring_forward(session: Session, step_id: int, *, by: PlannedStep, now: datetime) -> None:
    """This level is due now, whatever held it; those above keep their time."""
    ahead: PlannedStep = session.get_one(PlannedStep, step_id)
    known = {name: value for name, value in ahead.detail.items() if name not in _HELD}
    ahead.detail = {**known, "passed_up_by_step": by.id, "passed_up_from": ahead.planned_at.isoformat()}
    ahead.planned_at = min(ahead.planned_at, now)
    session.flush()
