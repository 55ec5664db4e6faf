"""The numbers beside the lists: what waits in each queue and in each view, counted up to a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, exists, func, select, text, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from tickets.people.forms import KEPT, NOW, form_of, values_of
from tickets.people.roles import WORKING_ROLES, Viewer, visible_tickets
from tickets.queries.list_stretches import ListView, WantedList, first_ids, waiting
from tickets.queries.noise import noise_waiting
from tickets.schema import Queue, Ticket, Unit
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import QueueKind

# More than this is said as "99+": the exact number would help nobody and cost everybody.
COUNTED_UP_TO = 99
# As in their partial index, which holds few.
_AN_UNTAKEN = (
    exists()
    .select_from(Ticket)
    .where(text(f"ticket.priority = 'emergency' and ticket.assignee_id is null and ticket.{IS_UNFINISHED}"))
    .where(Ticket.is_canary.is_(False))
)
_A_DOUBTED = (
    exists()
    .select_from(Ticket)
    .where(text(f"ticket.is_doubted and ticket.assignee_id is null and ticket.{IS_UNFINISHED}"))
    .where(Ticket.is_canary.is_(False))
)


@dataclass(frozen=True, slots=True)
class QueueCount:
    """What waits in a queue; a number above COUNTED_UP_TO means more than that."""

    queue_id: int
    name: str
    name_en: str
    kind: QueueKind
    unit_id: int
    waiting: int
    overdue: int


def queue_counts(session: Session, viewer: Viewer, *, now: datetime) -> list[QueueCount]:
    """What waits in the queues of the units where this person works, as far as they may know of it. One statement."""
    if not viewer.holds(*WORKING_ROLES):
        return []
    rows = session.execute(_queues(form_of(viewer)), values_of(viewer, now=now))
    return [QueueCount(*row) for row in rows]


@lru_cache(KEPT)
def _queues(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    counted = _counted(viewer)
    return (
        select(Queue.id, Queue.name, Queue.name_en, Queue.kind, Queue.unit_id, counted.c.waiting, counted.c.overdue)
        .join(Unit, Unit.id == Queue.unit_id)
        .join(counted, true())
        .where(Queue.unit_id.in_(viewer.unit_ids(*WORKING_ROLES)), Unit.valid_to.is_(None))
        .order_by(Queue.kind == QueueKind.WORK, Unit.sort_key, Queue.id)
    )


def _counted(viewer: Viewer) -> LateralFromClause:
    """Of each queue how much waits and is late, by the scope that also decides what its list shows.

    What is due first is counted first: as long as anything overdue is left out, all that was counted is overdue.
    """
    # What was named to somebody at a unit is little, and restricted tickets of others may wait there by the hundred.
    is_named_much = viewer.covers_city(*WORKING_ROLES)
    first = (
        select(Ticket.next_due_at)
        .where(Ticket.queue_id == Queue.id, waiting(), visible_tickets(viewer, row_by_row=is_named_much))
        .order_by(Ticket.next_due_at)
        .limit(COUNTED_UP_TO + 1)
        .correlate(Queue)
        .subquery("first_ones")
    )
    overdue = func.count().filter(first.c.next_due_at < NOW)
    numbers = select(func.count().label("waiting"), overdue.label("overdue")).select_from(first)
    return numbers.correlate(Queue).lateral("counted")


def view_counts(session: Session, viewer: Viewer, views: Sequence[ListView], *, now: datetime) -> dict[ListView, int]:
    """How many tickets stand in these views; above COUNTED_UP_TO: more than that. One statement."""
    return numbers_beside(session, viewer, views, now=now).views


@dataclass(frozen=True, slots=True)
class NumbersBeside:
    """`is_untaken`: an emergency anywhere is in nobody's hands: it is worth asking for mine. `is_doubted`: or a doubt.

    `noise` are contacts to look at.
    """

    views: dict[ListView, int]
    is_untaken: bool
    is_doubted: bool
    noise: int


def numbers_beside(session: Session, viewer: Viewer, views: Sequence[ListView], *, now: datetime) -> NumbersBeside:
    """As `view_counts`, with what else stands beside the lists. One statement."""
    row = session.execute(_numbers(form_of(viewer), tuple(views)), values_of(viewer, now=now)).one()
    *numbers, is_untaken, is_doubted, noise = row
    return NumbersBeside(dict(zip(views, numbers, strict=True)), is_untaken, is_doubted, noise)


@lru_cache(KEPT)
def _numbers(viewer: Viewer, views: tuple[ListView, ...]) -> Select[*tuple[Any, ...]]:
    firsts = [first_ids(viewer, WantedList(view), limit=COUNTED_UP_TO + 1, now=NOW) for view in views]
    counts = [select(func.count()).select_from(first).scalar_subquery() for first in firsts]
    return select(*counts, _AN_UNTAKEN, _A_DOUBTED, noise_waiting(viewer))
