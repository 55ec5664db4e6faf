"""What a supervisor sees of the tickets of their units: what waits at each of them, and what is about to be late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, literal_column, select
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
    ids = session.scalars(
        select(Ticket.id)
        .where(*_waiting(viewer, unit_ids), _risk(risk, now))
        .order_by(Ticket.next_due_at.asc().nulls_last(), Ticket.id)
        .limit(limit)
    ).all()
    return listed(session, ids)


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
    warned = (
        select(PlannedStep.ticket_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(
            Clock.status == ClockStatus.RUNNING,
            literal_column(_WARNED),
            PlannedStep.rank >= WARNED_FROM,
            PlannedStep.due_at >= now,
            PlannedStep.due_at == Clock.due_at,
        )
    )
    return (Ticket.next_due_at >= now) & ((Ticket.next_due_at < now + DUE_SOON) | Ticket.id.in_(warned))
