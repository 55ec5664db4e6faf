"""What a supervisor sees of the tickets of their units: what waits at each of them, and what is about to be late."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.promises import waiting_counts
from tickets.queries.list_stretches import DUE_SOON, OPEN_TO_ALL_THERE, city_stretches
from tickets.queries.lists import Listed, listed
from tickets.queries.named_tickets import named_and_open
from tickets.schema import Clock, MovedSinceLevel, PlannedStep, Ticket, Unit
from tickets.schema.promise import WARNED_LEAD
from tickets.schema.ticket import IS_UNFINISHED

MOST_AT_RISK = 50
# Warnings that a ticket's running promises may have had, so that the first of them make a full list.
_STEPS_A_TICKET = 4
# As in their partial indexes.
_RUNS: ColumnElement[bool] = literal_column("clock.status = 'running'", Boolean())
_WARNED: ColumnElement[bool] = literal_column(f"planned_step.{WARNED_LEAD}", Boolean())


class Risk(StrEnum):
    """Which tickets a supervisor looks at to give them to somebody."""

    SOON = "soon"
    OVERDUE = "overdue"
    UNTAKEN = "untaken"


@dataclass(frozen=True, slots=True)
class UnitNow:
    """What waits at a unit."""

    unit_id: int
    name: str
    name_en: str
    waiting: int
    unassigned: int
    overdue: int
    soon: int
    oldest_at: datetime


def units_now(
    session: Session, viewer: Viewer, unit_ids: Sequence[int] | None, *, now: datetime, limit: int = 200
) -> list[UnitNow]:
    """Units where something waits, the most overdue first; `unit_ids` None is the whole city. One statement.

    What is open to everybody there is kept as numbers, but for what became late this hour; what is named to this
    person is counted beside it.
    """
    parts = union_all(*_open_counts(unit_ids, now=now), _named_counts(viewer, unit_ids, now=now)).subquery("parts")
    part = parts.c
    sums = (cast(func.sum(one), BigInteger) for one in (part.waiting, part.unassigned, part.overdue, part.soon))
    waiting, unassigned, overdue, soon = sums
    oldest_at = func.least(_oldest_open(), func.min(part.oldest_at))
    rows = session.execute(
        select(Unit.id, Unit.name, Unit.name_en, waiting, unassigned, overdue, soon, oldest_at)
        .join(parts, part.unit_id == Unit.id)
        .group_by(Unit.id)
        .having(waiting > 0)
        .order_by(overdue.desc(), waiting.desc(), Unit.sort_key)
        .limit(limit)
    )
    return [UnitNow(*row) for row in rows]


_COUNTED = ("waiting", "unassigned", "overdue", "soon")


def _conditions(ticket: Any, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What _COUNTED count, in their order; `ticket` has the columns of one."""
    return true(), ticket.assignee_id.is_(None), ticket.next_due_at < now, _in_hours(ticket, now)


def _open_counts(unit_ids: Sequence[int] | None, *, now: datetime) -> Iterator[Select[*tuple[Any, ...]]]:
    """Of each unit what is neither restricted nor the canary: the kept numbers, and from an index what is due of this
    hour and of the next ones."""
    nobody: ColumnElement[datetime] = null().cast(Ticket.opened_at.type)
    kept = waiting_counts.by_unit(unit_ids, now=now)
    yield kept.add_columns(literal_column("0").label("soon"), nobody.label("oldest_at"))
    at_these = [] if unit_ids is None else [Ticket.unit_id.in_(unit_ids)]
    late_lately = (Ticket.next_due_at >= waiting_counts.begin_of_hour(now)) & (Ticket.next_due_at < now)
    for name, condition in (("overdue", late_lately), ("soon", _in_hours(Ticket, now))):
        numbers = (func.count() if column == name else literal_column("0") for column in _COUNTED)
        labelled = (number.label(column) for number, column in zip(numbers, _COUNTED, strict=True))
        statement = select(Ticket.unit_id, *labelled, nobody.label("oldest_at"))
        yield statement.where(OPEN_TO_ALL_THERE, condition, *at_these).group_by(Ticket.unit_id)


def _named_counts(viewer: Viewer, unit_ids: Sequence[int] | None, *, now: datetime) -> Select[*tuple[Any, ...]]:
    """The same of the restricted tickets this person may know of, and when the oldest was opened."""
    named = named_and_open(viewer, unit_ids).c
    numbers = (
        func.count().filter(condition).label(name)
        for name, condition in zip(_COUNTED, _conditions(named, now), strict=True)
    )
    return select(named.unit_id, *numbers, func.min(named.opened_at).label("oldest_at")).group_by(named.unit_id)


def _oldest_open() -> ScalarSelect[datetime]:
    at_the_unit = select(func.min(Ticket.opened_at)).where(OPEN_TO_ALL_THERE, Ticket.unit_id == Unit.id)
    return at_the_unit.correlate(Unit).scalar_subquery()


def at_risk(
    session: Session,
    viewer: Viewer,
    unit_ids: Sequence[int] | None,
    *,
    risk: Risk = Risk.SOON,
    limit: int = MOST_AT_RISK,
    now: datetime,
) -> list[Listed]:
    """Tickets to look at, what is due first on top. Two statements."""
    waiting = _waiting(viewer, unit_ids)
    if risk is Risk.SOON:
        steps = _warned_steps(waiting, unit_ids, limit=limit * _STEPS_A_TICKET, now=now)
        first = _soon(waiting, steps, limit=limit, now=now)
    elif unit_ids is None:
        parts = (_first([*waiting, *part], _risk(risk, now), limit=limit).subquery() for part in city_stretches(viewer))
        either = union_all(*(select(part.c.id) for part in parts)).subquery("either")
        first = _first([Ticket.id.in_(select(either.c.id))], true(), limit=limit)
    else:
        first = _first(waiting, _risk(risk, now), limit=limit)
    return listed(session, session.scalars(first).all())


def _first(waiting: Sequence[ColumnElement[bool]], risk: ColumnElement[bool], *, limit: int) -> Select[int]:
    due_first = (Ticket.next_due_at.asc().nulls_last(), Ticket.id)
    return select(Ticket.id).where(*waiting, risk).order_by(*due_first).limit(limit)


def _soon(waiting: Sequence[ColumnElement[bool]], steps: Subquery, *, limit: int, now: datetime) -> Select[int]:
    """Due within hours, or with a promise that still runs and was warned of to whoever leads the unit.

    From the beginning of two indexes: all that was ever warned of in a city is too much.
    """
    in_hours = _first(waiting, _in_hours(Ticket, now), limit=limit).add_columns(Ticket.next_due_at).subquery()
    either = union(select(in_hours), select(steps)).subquery()
    return select(either.c.id).order_by(either.c.next_due_at, either.c.id).limit(limit)


def _waiting(viewer: Viewer, unit_ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    unfinished: ColumnElement[bool] = literal_column(f"ticket.{IS_UNFINISHED}")
    conditions = [unfinished, visible_tickets(viewer)]
    if unit_ids is not None:
        conditions.append(Ticket.unit_id.in_(unit_ids))
    return conditions


def _risk(risk: Risk, now: datetime) -> ColumnElement[bool]:
    return Ticket.next_due_at < now if risk is Risk.OVERDUE else Ticket.assignee_id.is_(None)


def _in_hours(ticket: Any, now: datetime) -> ColumnElement[bool]:
    in_hours: ColumnElement[bool] = (ticket.next_due_at >= now) & (ticket.next_due_at < now + DUE_SOON)
    return in_hours


def _warned_steps(
    waiting: Sequence[ColumnElement[bool]], unit_ids: Sequence[int] | None, *, limit: int, now: datetime
) -> Subquery:
    """Tickets of the next to be due of the city, or of these units: of those that fired there, and of what came there
    since.

    What was done in time, went elsewhere or is known to others alone is left out before it is cut: it may be more than
    the whole list.
    """
    step, found = PlannedStep, (Ticket.id, Ticket.next_due_at)
    warned = select(step.ticket_id, step.clock_id, step.due_at).where(_WARNED, step.due_at >= now)
    ahead = [*waiting, Ticket.next_due_at >= now]
    if unit_ids is None:
        return _still_ahead(warned, ahead, limit=limit).subquery()
    parts = [_still_ahead(warned.where(step.unit_id == one), ahead, limit=limit).subquery() for one in unit_ids]
    came = select(MovedSinceLevel.ticket_id).where(MovedSinceLevel.unit_id.in_(unit_ids))
    fired_elsewhere = (
        select(*found)
        .join(Clock, Clock.ticket_id == Ticket.id)
        .join(step, (step.ticket_id == Ticket.id) & (step.clock_id == Clock.id))
        .where(_WARNED, step.due_at >= now, step.unit_id.not_in(unit_ids), step.ticket_id.in_(came))
        .where(Clock.due_at == step.due_at, _RUNS, *ahead)
        .order_by(step.due_at)
        .limit(limit)
    )
    return union_all(*(select(part) for part in (*parts, fired_elsewhere.subquery()))).subquery()


def _still_ahead(
    warned: Select[int, int, datetime], waiting: Sequence[ColumnElement[bool]], *, limit: int
) -> Select[int, datetime | None]:
    """The tickets of the first of these steps whose promise still runs, looked at one by one in the order of an index
    until there are enough: from all that waits, or runs, PostgreSQL may come to as many by looking through everything.
    """
    step = warned.order_by(PlannedStep.due_at).offset(0).subquery()
    ticket = select(Ticket.id, Ticket.next_due_at).where(Ticket.id == step.c.ticket_id, *waiting).limit(1).lateral()
    # By way of the ticket: most of what was warned of is done, or late by another promise.
    of_step = (Clock.ticket_id == ticket.c.id) & (Clock.id == step.c.clock_id) & (Clock.due_at == step.c.due_at)
    clock = select(Clock.id).where(of_step, _RUNS).limit(1).lateral()
    found = select(ticket.c.id, ticket.c.next_due_at).select_from(step.join(ticket, true()).join(clock, true()))
    return found.order_by(step.c.due_at).limit(limit)
