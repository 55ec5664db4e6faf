"""What comes at once where a level is passed up: up to the first level of its chain that tells somebody else (R20)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.next_level import NextLevel
from escalation.acknowledging.right import AskedLevel, KnownStanding, told_together
from tickets.schema import Category, ChainStep, Clock, PlannedStep, Ticket
from tickets.states import Priority, StepKind, StepResult


@dataclass(slots=True)
class _Ahead:
    """The levels above one that have not come yet, from the lowest on, with what it depends on who stands there.

    `come`: the highest above it that has come for the date the promise has now; None: none has.
    """

    come: int | None
    levels: list[NextLevel] = field(default_factory=list)
    asked: dict[int, AskedLevel] = field(default_factory=dict)


def levels_above(
    session: Session, step_ids: Collection[int], *, staff_id: int | None, now: datetime
) -> Mapping[int, Sequence[NextLevel]]:
    """By level, the ones that this person brings forward by passing it up, in order; the last of them is told.

    Whoever stands on the next one too, or is reached there for want of others, has heard: it is passed over. A level
    of which nobody would hear stays one: that nobody is there is told. Nothing above: it is not in the answer.
    """
    return _tells_somebody_else(session, _to_come(session, step_ids), KnownStanding(now=now), staff_id=staff_id)


def passes_up_to(
    session: Session,
    step_ids: Collection[int],
    *,
    staff_id: int | None,
    now: datetime,
    known: KnownStanding | None = None,
) -> Mapping[int, int]:
    """By level, the one that would be told now; not in it at the end of the chain, and where one above has come.

    One statement for a list of which it is `known` who stands there, however many levels it shows.
    """
    ahead = {step_id: one for step_id, one in _to_come(session, step_ids).items() if one.come is None}
    above = _tells_somebody_else(session, ahead, known or KnownStanding(now=now), staff_id=staff_id)
    return {step_id: levels[-1].level for step_id, levels in above.items()}


def _tells_somebody_else(
    session: Session, ahead: Mapping[int, _Ahead], known: KnownStanding, *, staff_id: int | None
) -> Mapping[int, Sequence[NextLevel]]:
    asked = {step_id: one for levels in ahead.values() for step_id, one in levels.asked.items()}
    told = told_together(session, asked, now=known.now, known=known) if staff_id is not None else {}

    def tells_only_them(one: NextLevel) -> bool:
        return {who.person.staff_id for who in told.get(one.step_id, ())} == {staff_id}

    found: dict[int, Sequence[NextLevel]] = {}
    for step_id, one in ahead.items():
        at = next((place for place, level in enumerate(one.levels) if not tells_only_them(level)), None)
        if at is not None:
            found[step_id] = one.levels[: at + 1]
    return found


_Below, _Come = aliased(PlannedStep), aliased(PlannedStep)


def come_above(session: Session, step_ids: Collection[int]) -> Mapping[int, int]:
    """By level, the highest above it that has come for the date the promise has now; none: not in the answer."""
    if not step_ids:
        return {}
    rows = session.execute(
        select(_Below.id, _highest_come()).join(Clock, Clock.id == _Below.clock_id).where(_Below.id.in_(step_ids))
    )
    return {step_id: rank for step_id, rank in rows if rank is not None}


def _highest_come() -> ScalarSelect[int]:
    """Of `_Below` and its clock."""
    return (
        select(func.max(_Come.rank))
        .where(
            _Come.clock_id == _Below.clock_id,
            _Come.kind == StepKind.LEVEL,
            _Come.rank > _Below.rank,
            _Come.due_at == Clock.due_at,
            _Come.fired_at.is_not(None),
            _Come.result != StepResult.VOID,
        )
        .correlate(_Below, Clock)
        .scalar_subquery()
    )


def _to_come(session: Session, step_ids: Collection[int]) -> dict[int, _Ahead]:
    """Of the levels above which others are still to come. One statement."""
    if not step_ids:
        return {}
    ahead = aliased(PlannedStep)
    rows = session.execute(
        select(
            _Below.id, _highest_come(), ahead.id, ahead.rank, ahead.planned_at, Ticket.unit_id, Ticket.procedure_id,
            Ticket.priority == Priority.EMERGENCY, func.coalesce(Category.field, ""), ChainStep.chain_version_id,
        )
        .join(Clock, Clock.id == _Below.clock_id)
        .join(ahead, ahead.clock_id == _Below.clock_id)
        .join(Ticket, Ticket.id == ahead.ticket_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(ChainStep, ChainStep.id == ahead.chain_step_id)
        .where(
            _Below.id.in_(step_ids),
            ahead.kind == StepKind.LEVEL,
            ahead.rank > _Below.rank,
            ahead.fired_at.is_(None),
        )
        .order_by(_Below.id, ahead.rank)
    )  # fmt: skip
    found: dict[int, _Ahead] = {}
    for below_id, come, ahead_id, rank, at, unit_id, procedure_id, is_emergency, of_field, chain_version_id in rows:
        one = found.setdefault(below_id, _Ahead(come))
        one.levels.append(NextLevel(ahead_id, rank, at))
        # Nobody was told of what has not come.
        one.asked[ahead_id] = AskedLevel(rank, unit_id, procedure_id, is_emergency, of_field, chain_version_id, None)
    return found
