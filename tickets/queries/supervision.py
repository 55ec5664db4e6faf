"""What a supervisor sees of the tickets of their units: what waits at each of them, and what is about to be late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, literal_column, select, union
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.queries.list_stretches import DUE_SOON
from tickets.queries.lists import Listed, listed
from tickets.schema import Clock, PlannedStep, Ticket, Unit
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import ClockStatus

# From this share of the target on, the warning goes to whoever leads the unit too (R11).
WARNED_FROM = 75
MOST_AT_RISK = 100
# Warnings that a ticket's promises may have had, so that the first of them make a full list.
_STEPS_A_TICKET = 2
# Written out as in the partial indexes, which the planner then recognises.
_WARNED = "planned_step.kind = 'warning' and planned_step.fired_at is not null"


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
    """Units where something waits, the most overdue first; `unit_ids` None is the whole city. One statement."""
    overdue = func.count().filter(Ticket.next_due_at < now)
    # Counted before the units are looked up: the index alone answers, ticket by ticket would take ten times as long.
    at_unit = (
        select(
            Ticket.unit_id,
            func.count().label("waiting"),
            func.count().filter(Ticket.assignee_id.is_(None)).label("unassigned"),
            overdue.label("overdue"),
            func.count().filter(Ticket.next_due_at >= now, Ticket.next_due_at < now + DUE_SOON).label("soon"),
            func.min(Ticket.opened_at).label("oldest_at"),
        )
        .where(*_waiting(viewer, unit_ids))
        .group_by(Ticket.unit_id)
        .subquery("at_unit")
    )
    found = at_unit.c
    rows = session.execute(
        select(
            Unit.id,
            Unit.name,
            Unit.name_en,
            found.waiting,
            found.unassigned,
            found.overdue,
            found.soon,
            found.oldest_at,
        )
        .join(Unit, Unit.id == found.unit_id)
        .order_by(found.overdue.desc(), found.waiting.desc(), Unit.sort_key)
        .limit(limit)
    )
    return [UnitNow(*row) for row in rows]


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
    if risk is Risk.SOON and unit_ids is None:
        first = _soon_in_the_city(waiting, limit, now)
    else:
        first = _first(waiting, _risk(risk, now), limit=limit)
    return listed(session, session.scalars(first).all())


def _first(waiting: Sequence[ColumnElement[bool]], risk: ColumnElement[bool], *, limit: int) -> Select[int]:
    due_first = (Ticket.next_due_at.asc().nulls_last(), Ticket.id)
    return select(Ticket.id).where(*waiting, risk).order_by(*due_first).limit(limit)


def _soon_in_the_city(waiting: Sequence[ColumnElement[bool]], limit: int, now: datetime) -> Select[int]:
    """As `_risk` says it, from the beginning of two indexes: all that was ever warned of in a city is too much."""
    in_hours = _first(waiting, _in_hours(now), limit=limit).subquery()
    steps = _warned_steps(now).order_by(PlannedStep.due_at).limit(limit * _STEPS_A_TICKET).subquery()
    warned = (
        select(Ticket.id)
        .join(steps, steps.c.ticket_id == Ticket.id)
        .join(Clock, Clock.id == steps.c.clock_id)
        .where(*waiting, Ticket.next_due_at >= now, Clock.status == ClockStatus.RUNNING, Clock.due_at == steps.c.due_at)
        .subquery()
    )
    either = union(select(in_hours.c.id), select(warned.c.id)).subquery()
    found = select(Ticket.id).join(either, either.c.id == Ticket.id)
    return found.order_by(Ticket.next_due_at, Ticket.id).limit(limit)


def _waiting(viewer: Viewer, unit_ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    unfinished: ColumnElement[bool] = literal_column(f"ticket.{IS_UNFINISHED}")
    conditions = [unfinished, visible_tickets(viewer)]
    if unit_ids is not None:
        conditions.append(Ticket.unit_id.in_(unit_ids))
    return conditions


def _risk(risk: Risk, now: datetime) -> ColumnElement[bool]:
    if risk is Risk.OVERDUE:
        return Ticket.next_due_at < now
    if risk is Risk.UNTAKEN:
        return Ticket.assignee_id.is_(None)
    return (Ticket.next_due_at >= now) & (_in_hours(now) | Ticket.id.in_(_warned(now)))


def _in_hours(now: datetime) -> ColumnElement[bool]:
    return (Ticket.next_due_at >= now) & (Ticket.next_due_at < now + DUE_SOON)


def _warned(now: datetime) -> Select[int]:
    """Tickets with a promise that still runs and was warned of to whoever leads the unit."""
    steps = _warned_steps(now).subquery()
    runs = (Clock.status == ClockStatus.RUNNING) & (Clock.due_at == steps.c.due_at)
    return select(steps.c.ticket_id).join(Clock, Clock.id == steps.c.clock_id).where(runs)


def _warned_steps(now: datetime) -> Select[int, int, datetime]:
    return select(PlannedStep.ticket_id, PlannedStep.clock_id, PlannedStep.due_at).where(
        literal_column(_WARNED), PlannedStep.rank >= WARNED_FROM, PlannedStep.due_at >= now
    )
