"""What comes after a level if nothing happens: the next one of its chain that has not come yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from tickets.schema import PlannedStep
from tickets.states import StepKind


@dataclass(frozen=True, slots=True)
class NextLevel:
    """A level that is planned, and for when."""

    step_id: int
    level: int
    at: datetime


def next_level(session: Session, step_id: int) -> NextLevel | None:
    """None at the end of a chain, or where whatever comes next has come."""
    answered, ahead = aliased(PlannedStep), aliased(PlannedStep)
    row = session.execute(
        select(ahead.id, ahead.rank, ahead.planned_at)
        .join(answered, answered.clock_id == ahead.clock_id)
        .where(
            answered.id == step_id,
            ahead.kind == StepKind.LEVEL,
            ahead.rank > answered.rank,
            ahead.fired_at.is_(None),
        )
        .order_by(ahead.rank)
        .limit(1)
    ).one_or_none()
    return NextLevel(*row) if row is not None else None
