"""A leader's answer holds the next level (R20); a plan that is made anew must keep every hold there was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session, aliased

from tickets.schema import Acknowledgement, Instruction, PlannedStep
from tickets.states import StepKind


def keep_holds(session: Session, clock_id: int, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All planned rows of a clock, as late as its answers made them, one after the other.

    `rows` are those that fired too: a hold that is long over has moved the level it held, and with it those above,
    which keep their distance although the held one is planned no more.
    """
    for answer in session.execute(_answers(clock_id)):
        rows = _held_rows(rows, answer.raised_then, step_id=answer.id, rank=answer.rank, until=answer.holds_until)
    return rows


def _answers(clock_id: int) -> Any:
    """Each answer in order, with the levels that had been raised when it was given: the first, or a later date."""
    other = aliased(PlannedStep)
    first = select(PlannedStep.id, PlannedStep.rank, Acknowledgement.at, Acknowledgement.holds_until).join(
        Acknowledgement, Acknowledgement.step_id == PlannedStep.id
    )
    dated = (
        select(PlannedStep.id, PlannedStep.rank, Instruction.given_at, Instruction.holds_until)
        .join(Instruction, (Instruction.step_id == PlannedStep.id) & (Instruction.ticket_id == PlannedStep.ticket_id))
        .where(Instruction.holds_until.is_not(None))
    )
    given = union_all(*(one.where(PlannedStep.clock_id == clock_id) for one in (first, dated))).subquery("given")
    raised_then = (
        select(other.rank)
        .where(other.clock_id == clock_id, other.kind == StepKind.LEVEL, other.fired_at <= given.c.at)
        .correlate(given)
    )
    return select(
        given.c.id,
        given.c.rank,
        given.c.holds_until,
        func.array(raised_then.scalar_subquery()).label("raised_then"),
    ).order_by(given.c.at, given.c.id)


def _held_rows(
    rows: Sequence[dict[str, Any]], raised_then: Sequence[int], *, step_id: int, rank: int, until: datetime
) -> list[dict[str, Any]]:
    """The level that was next then waits until then, and those above keep their distance; warnings are not held."""
    ahead = [row for row in rows if _is_above(row, rank) and row["rank"] not in raised_then]
    held = min(ahead, key=lambda row: int(row["rank"]), default=None)
    if held is None or held["planned_at"] >= until:
        return list(rows)
    delay, lowest = until - held["planned_at"], held["rank"]

    def moved(row: dict[str, Any]) -> dict[str, Any]:
        if not _is_above(row, lowest - 1):
            return row
        since = {"held_from": row["planned_at"].isoformat(), "held_by_step": step_id}
        return {**row, "planned_at": row["planned_at"] + delay, "detail": {**row["detail"], **since}}

    return [moved(row) for row in rows]


def _is_above(row: dict[str, Any], rank: int) -> bool:
    return row["kind"] is StepKind.LEVEL and row["rank"] > rank
