"""What comes at once where a level is passed up: up to the first level of its chain that tells somebody else (R20)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.next_level import NextLevel
from escalation.acknowledging.right import told_together_now
from tickets.schema import Clock, PlannedStep
from tickets.states import StepKind, StepResult


def levels_above(
    session: Session, step_ids: Collection[int], *, staff_id: int | None, now: datetime
) -> Mapping[int, Sequence[NextLevel]]:
    """By level, the ones that this person brings forward by passing it up, in order; the last of them is told.

    Whoever stands on the next one too, or is reached there for want of others, has heard: it is passed over. A level
    of which nobody would hear stays one: that nobody is there is told. Nothing above: it is not in the answer.
    """
    ahead = _to_come(session, step_ids)
    all_of_them = {one.step_id for levels in ahead.values() for one in levels}
    told = told_together_now(session, all_of_them, now=now) if staff_id is not None else {}

    def tells_only_them(one: NextLevel) -> bool:
        return {who.person.staff_id for who in told.get(one.step_id, ())} == {staff_id}

    found: dict[int, Sequence[NextLevel]] = {}
    for step_id, levels in ahead.items():
        at = next((place for place, one in enumerate(levels) if not tells_only_them(one)), None)
        if at is not None:
            found[step_id] = levels[: at + 1]
    return found


def passes_up_to(
    session: Session, step_ids: Collection[int], *, staff_id: int | None, now: datetime
) -> Mapping[int, int]:
    """By level, the one that would be told now; not in it at the end of the chain, and where one above has come."""
    above = levels_above(session, step_ids, staff_id=staff_id, now=now)
    come = come_above(session, list(above))
    return {step_id: levels[-1].level for step_id, levels in above.items() if step_id not in come}


def come_above(session: Session, step_ids: Collection[int]) -> Mapping[int, int]:
    """By level, the highest above it that has come for the date the promise has now; none: not in the answer."""
    if not step_ids:
        return {}
    below, come = aliased(PlannedStep), aliased(PlannedStep)
    rows = session.execute(
        select(below.id, func.max(come.rank))
        .join(Clock, Clock.id == below.clock_id)
        .join(come, come.clock_id == below.clock_id)
        .where(
            below.id.in_(step_ids),
            come.kind == StepKind.LEVEL,
            come.rank > below.rank,
            come.due_at == Clock.due_at,
            come.fired_at.is_not(None),
            come.result != StepResult.VOID,
        )
        .group_by(below.id)
    )
    return {step_id: rank for step_id, rank in rows}


def _to_come(session: Session, step_ids: Collection[int]) -> dict[int, list[NextLevel]]:
    """All levels above each that have not come yet, from the lowest on."""
    if not step_ids:
        return {}
    below, ahead = aliased(PlannedStep), aliased(PlannedStep)
    rows = session.execute(
        select(below.id, ahead.id, ahead.rank, ahead.planned_at)
        .join(ahead, ahead.clock_id == below.clock_id)
        .where(
            below.id.in_(step_ids),
            ahead.kind == StepKind.LEVEL,
            ahead.rank > below.rank,
            ahead.fired_at.is_(None),
        )
        .order_by(below.id, ahead.rank)
    )
    found: dict[int, list[NextLevel]] = {}
    for step_id, ahead_id, rank, at in rows:
        found.setdefault(step_id, []).append(NextLevel(ahead_id, rank, at))
    return found
