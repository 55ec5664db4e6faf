"""The numbers beside the lists: what waits in each queue and in each view, counted up to a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from tickets.people.roles import WORKING_ROLES, Viewer, visible_tickets
from tickets.queries.list_stretches import ListView, WantedList, first_ids, waiting
from tickets.schema import Queue, Ticket, Unit
from tickets.states import QueueKind

# More than this is said as "99+": the exact number would help nobody and cost everybody.
COUNTED_UP_TO = 99


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
    unit_ids = viewer.unit_ids(*WORKING_ROLES)
    if not unit_ids:
        return []
    counted = _counted(viewer, now)
    rows = session.execute(
        select(Queue.id, Queue.name, Queue.name_en, Queue.kind, Queue.unit_id, counted.c.waiting, counted.c.overdue)
        .join(Unit, Unit.id == Queue.unit_id)
        .join(counted, true())
        .where(Queue.unit_id.in_(unit_ids), Unit.valid_to.is_(None))
        .order_by(Queue.kind == QueueKind.WORK, Unit.sort_key, Queue.id)
    )
    return [QueueCount(*row) for row in rows]


def _counted(viewer: Viewer, now: datetime) -> LateralFromClause:
    """Of each queue how much waits and is late, by the scope that also decides what its list shows.

    What is due first is counted first: as long as anything overdue is left out, all that was counted is overdue.
    """
    first = (
        select(Ticket.next_due_at)
        .where(Ticket.queue_id == Queue.id, waiting(), visible_tickets(viewer, row_by_row=True))
        .order_by(Ticket.next_due_at)
        .limit(COUNTED_UP_TO + 1)
        .correlate(Queue)
        .subquery("first_ones")
    )
    overdue = func.count().filter(first.c.next_due_at < now)
    numbers = select(func.count().label("waiting"), overdue.label("overdue")).select_from(first)
    return numbers.correlate(Queue).lateral("counted")


def view_counts(session: Session, viewer: Viewer, views: Sequence[ListView], *, now: datetime) -> dict[ListView, int]:
    """How many tickets stand in these views; above COUNTED_UP_TO: more than that. One statement."""
    each = [
        select(func.count())
        .select_from(first_ids(viewer, WantedList(view), limit=COUNTED_UP_TO + 1, now=now))
        .scalar_subquery()
        for view in views
    ]
    return dict(zip(views, session.execute(select(*each)).one(), strict=True))
