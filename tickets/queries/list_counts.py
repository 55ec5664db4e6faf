"""The numbers beside the lists: what waits in each queue and in each view, counted up to a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tickets.people.roles import WORKING_ROLES, Viewer
from tickets.queries.list_stretches import ListView, WantedList, first_ids
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
    """What waits in the queues of the units where this person works. One statement."""
    unit_ids = viewer.unit_ids(*WORKING_ROLES)
    if not unit_ids:
        return []
    values = {"now": now, "staff_id": viewer.staff_id, "most": COUNTED_UP_TO + 1, "units": list(unit_ids)}
    rows = session.execute(_QUEUES, values)
    return [QueueCount(row[0], row[1], row[2], QueueKind(row[3]), *row[4:]) for row in rows]


# What is due first is counted first: as long as anything overdue is left out, all that was counted is overdue.
_QUEUES = text(
    """
    select q.id, q.name, q.name_en, q.kind, q.unit_id, n.waiting, n.overdue
    from queue q join unit u on u.id = q.unit_id
    cross join lateral (
        select count(*) as waiting, count(*) filter (where t.next_due_at < :now) as overdue
        from (
            select next_due_at from ticket
            where queue_id = q.id and status in ('new', 'open', 'pending_citizen', 'pending_third_party')
              and not is_canary
              and (not is_restricted or coalesce(
                   (select true from ticket_access a where a.ticket_id = ticket.id and a.staff_id = :staff_id), false))
            order by next_due_at limit :most
        ) t
    ) n
    where q.unit_id = any(:units) and u.valid_to is null
    order by q.kind = 'work', u.sort_key, q.id
    """
)


def view_counts(session: Session, viewer: Viewer, views: Sequence[ListView], *, now: datetime) -> dict[ListView, int]:
    """How many tickets stand in these views; above COUNTED_UP_TO: more than that. One statement."""
    each = [
        select(func.count())
        .select_from(first_ids(viewer, WantedList(view), limit=COUNTED_UP_TO + 1, now=now))
        .scalar_subquery()
        for view in views
    ]
    return dict(zip(views, session.execute(select(*each)).one(), strict=True))
