"""A leader's answer holds the next level (R20); a plan made anew while it holds must keep that."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import Acknowledgement, PlannedStep
from tickets.states import StepKind


def keep_holds(session: Session, clock_id: int, rows: list[dict[str, Any]], *, now: datetime) -> list[dict[str, Any]]:
    """The planned rows of a clock, with those after an answered level as late as the answer still holds them."""
    answer = session.execute(
        select(PlannedStep.id, PlannedStep.rank, Acknowledgement.holds_until)
        .join(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(PlannedStep.clock_id == clock_id, Acknowledgement.holds_until > now)
        .order_by(PlannedStep.rank.desc())
        .limit(1)
    ).one_or_none()
    return rows if answer is None else held_rows(rows, step_id=answer.id, rank=answer.rank, until=answer.holds_until)


def held_rows(rows: Sequence[dict[str, Any]], *, step_id: int, rank: int, until: datetime) -> list[dict[str, Any]]:
    """The next level waits until then, and those above keep their distance from it; warnings are not held."""
    ahead = [row["planned_at"] for row in rows if row["kind"] is StepKind.LEVEL and row["rank"] > rank]
    if not ahead or min(ahead) >= until:
        return list(rows)
    delay = until - min(ahead)

    def moved(row: dict[str, Any]) -> dict[str, Any]:
        if row["kind"] is not StepKind.LEVEL or row["rank"] <= rank:
            return row
        held = {"held_from": row["planned_at"].isoformat(), "held_by_step": step_id}
        return {**row, "planned_at": row["planned_at"] + delay, "detail": {**row["detail"], **held}}

    return [moved(row) for row in rows]
