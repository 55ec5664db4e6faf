"""A leader's answer holds the next level or lets it come at once (R20); a plan that is made anew must keep both."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, true, union_all
from sqlalchemy.orm import Session, aliased

from tickets.schema import Acknowledgement, Instruction, PlannedStep, TimelineEntry
from tickets.states import StepKind, TimelineKind


def keep_holds(
    session: Session, clock_id: int, rows: list[dict[str, Any]], *, since: datetime | None
) -> list[dict[str, Any]]:
    """All planned rows of a clock, as late as its answers made them, one after the other.

    Answers to what was raised before the matter was taken up again, `since` then, hold and call up nothing any more.

    `rows` are those that fired too: a hold that is long over has moved the level it held, and with it those above,
    which keep their distance although the held one is planned no more.
    """
    for answer in session.execute(_answers(clock_id, since)):
        if answer.is_date:
            rows = [_let_go(row, answer.raised_then) for row in rows]
        rows = _held_rows(
            rows, answer.raised_then, step_id=answer.id, rank=answer.rank, until=answer.holds_until,
            is_date=answer.is_date,
        )  # fmt: skip
    for passed in session.execute(_passed_up(clock_id, since)):
        rows = [_come(row, passed.at, by=passed.step_id) if _is_level(row, passed.level) else row for row in rows]
    return rows


def _answers(clock_id: int, since: datetime | None) -> Any:
    """Each answer in order, with the levels that had been raised when it was given: the first, or a later date."""
    other = aliased(PlannedStep)
    # A first answer that gave a date from above left an instruction with it.
    with_date = exists().where(
        Instruction.step_id == Acknowledgement.step_id,
        Instruction.given_at == Acknowledgement.at,
        Instruction.holds_until.is_not(None),
    )
    first = select(
        PlannedStep.id, PlannedStep.rank, Acknowledgement.at, Acknowledgement.holds_until, with_date.label("is_date")
    ).join(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
    dated = (
        select(PlannedStep.id, PlannedStep.rank, Instruction.given_at, Instruction.holds_until, true())
        .join(Instruction, (Instruction.step_id == PlannedStep.id) & (Instruction.ticket_id == PlannedStep.ticket_id))
        .where(Instruction.holds_until.is_not(None))
    )
    counts = PlannedStep.clock_id == clock_id, _raised_after(PlannedStep.fired_at, since)
    given = union_all(*(one.where(*counts) for one in (first, dated))).subquery("given")
    raised_then = (
        select(other.rank)
        .where(other.clock_id == clock_id, other.kind == StepKind.LEVEL, other.fired_at <= given.c.at)
        .correlate(given)
    )
    return select(
        given.c.id,
        given.c.rank,
        given.c.holds_until,
        given.c.is_date,
        func.array(raised_then.scalar_subquery()).label("raised_then"),
    ).order_by(given.c.at, given.c.id, given.c.is_date)


def _passed_up(clock_id: int, since: datetime | None) -> Any:
    """Levels that were called up and have not come since: by which level's answer, and when."""
    said = TimelineEntry.params
    level, step_id = said["passed_to"].as_integer(), said["step_id"].as_integer()
    passed, come = aliased(PlannedStep), aliased(PlannedStep)
    has_come = (
        exists()
        .where(come.clock_id == clock_id, come.kind == StepKind.LEVEL, come.rank == level)
        .where(come.fired_at >= TimelineEntry.at)
    )
    return (
        select(level.label("level"), step_id.label("step_id"), TimelineEntry.at)
        .join(passed, passed.ticket_id == TimelineEntry.ticket_id)
        .where(
            passed.clock_id == clock_id,
            passed.id == step_id,
            _raised_after(passed.fired_at, since),
            TimelineEntry.kind == TimelineKind.ACKNOWLEDGED,
            said.has_key("passed_to"),
            ~has_come,
        )
        .order_by(TimelineEntry.id)
    )


def _raised_after(fired_at: Any, since: datetime | None) -> ColumnElement[bool]:
    return fired_at > since if since is not None else true()


def _held_rows(
    rows: Sequence[dict[str, Any]],
    raised_then: Sequence[int],
    *,
    step_id: int,
    rank: int,
    until: datetime,
    is_date: bool,
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
        since = {"held_from": row["planned_at"].isoformat(), "held_by_step": step_id, "held_to_date": is_date}
        return {**row, "planned_at": row["planned_at"] + delay, "detail": {**row["detail"], **since}}

    return [moved(row) for row in rows]


def _is_above(row: dict[str, Any], rank: int) -> bool:
    return row["kind"] is StepKind.LEVEL and row["rank"] > rank


def _let_go(row: dict[str, Any], raised_then: Sequence[int]) -> dict[str, Any]:
    """A date takes the place of the one before for whatever had not come by then."""
    if not row["detail"].get("held_to_date") or row["rank"] in raised_then:
        return row
    return _without_hold(row, datetime.fromisoformat(row["detail"]["held_from"]))


def _come(row: dict[str, Any], at: datetime, *, by: int) -> dict[str, Any]:
    """Whoever passed it up asked for it then: nothing that is planned anew takes that back."""
    passed = {"passed_up_by_step": by, "passed_up_from": row["planned_at"].isoformat()}
    let_go = _without_hold(row, min(row["planned_at"], at))
    return {**let_go, "detail": {**let_go["detail"], **passed}}


def _without_hold(row: dict[str, Any], planned_at: datetime) -> dict[str, Any]:
    detail = {name: value for name, value in row["detail"].items() if not name.startswith("held_")}
    return {**row, "planned_at": planned_at, "detail": detail}


def _is_level(row: dict[str, Any], rank: int) -> bool:
    return row["kind"] is StepKind.LEVEL and row["rank"] == rank
