"""The lists people work from: mine, my queues, all I may see; sorted by what is due first, paged by key."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from tickets.errors import InvalidInput
from tickets.roles import SEEING, Viewer, visible_tickets
from tickets.schema import Category, Citizen, Staff, Ticket, TicketAccess, Unit
from tickets.states import UNFINISHED, Channel, Priority, QueueKind, Role, TicketStatus

MOST_ROWS = 200
# A queue is counted up to here: beyond, the exact number helps nobody and costs everybody.
COUNTED_UP_TO = 1000
_WORKING = (Role.AGENT, Role.SUPERVISOR, Role.CITY_OFFICE)
_FINISHED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


class View(StrEnum):
    """Which of the tickets I may see."""

    MINE = "mine"
    QUEUES = "queues"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    AT_RISK = "at_risk"
    ON_HOLD = "on_hold"
    ALL = "all"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Listed:
    """A ticket as a line of a list."""

    id: int
    reference: str
    subject: str
    status: TicketStatus
    priority: Priority
    channel: Channel
    unit_id: int
    unit_name: str
    unit_name_en: str
    queue_id: int
    assignee_id: int | None
    assignee_name: str | None
    category_name: str | None
    category_name_en: str | None
    citizen_name: str | None
    dossier_number: str | None
    is_restricted: bool
    opened_at: datetime
    updated_at: datetime
    next_due_at: datetime | None
    next_due_kind: str | None
    wake_at: datetime | None
    escalation_level: int
    place_outcome: str


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a list and where the next page begins; None on the last one."""

    items: tuple[Listed, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class QueueCount:
    """What waits in a queue; each number stops at COUNTED_UP_TO."""

    queue_id: int
    name: str
    name_en: str
    kind: QueueKind
    unit_id: int
    waiting: int
    unassigned: int
    overdue: int


_Assignee = aliased(Staff)
_COLUMNS = (
    Ticket.id, Ticket.reference, Ticket.subject, Ticket.status, Ticket.priority, Ticket.channel,
    Ticket.unit_id, Unit.name.label("unit_name"), Unit.name_en.label("unit_name_en"),
    Ticket.queue_id, Ticket.assignee_id, _Assignee.name.label("assignee_name"),
    Category.name.label("category_name"), Category.name_en.label("category_name_en"),
    Citizen.name.label("citizen_name"), Ticket.dossier_number, Ticket.is_restricted,
    Ticket.opened_at, Ticket.updated_at, Ticket.next_due_at, Ticket.next_due_kind, Ticket.wake_at,
    Ticket.escalation_level, Ticket.place_outcome,
)  # fmt: skip


def work_list(
    session: Session,
    viewer: Viewer,
    *,
    view: View = View.QUEUES,
    queue_id: int | None = None,
    status: TicketStatus | None = None,
    after: str | None = None,
    limit: int = 50,
    now: datetime,
) -> Page:
    """Tickets this person may see, what is due first on top; one or two statements whatever the number of tickets.

    `after` is `Page.next` of the page before. Raises InvalidInput for a cursor that is none of ours.
    """
    size = max(1, min(limit, MOST_ROWS))
    conditions = [visible_tickets(viewer), *reach(session, viewer), *_view(viewer, view, now)]
    if queue_id is not None:
        conditions.append(Ticket.queue_id == queue_id)
    if status is not None:
        conditions.append(Ticket.status == status)
    if view is View.ANSWERED or status in _FINISHED:
        return _newest_first(session, conditions, after, size)
    return _due_first(session, conditions, after, size)


def listed(session: Session, ids: Sequence[int]) -> list[Listed]:
    """The lines of these tickets, in this order; the caller has checked who may see them."""
    rows = {row.id: _line(row) for row in session.execute(_lines().where(Ticket.id.in_(ids)))} if ids else {}
    return [rows[i] for i in ids if i in rows]


def queue_counts(session: Session, viewer: Viewer, *, now: datetime) -> list[QueueCount]:
    """What waits in the queues of the units where this person works."""
    unit_ids = viewer.unit_ids(*_WORKING)
    if not unit_ids:
        return []
    statement = text(
        """
        select q.id, q.name, q.name_en, q.kind, q.unit_id, n.waiting, n.unassigned, n.overdue
        from queue q join unit u on u.id = q.unit_id
        cross join lateral (
            select count(*) as waiting, count(*) filter (where t.assignee_id is null) as unassigned,
                   count(*) filter (where t.next_due_at < :now) as overdue
            from (
                select assignee_id, next_due_at from ticket
                where queue_id = q.id and status in ('new', 'open', 'pending_citizen', 'pending_third_party')
                  and not is_canary
                  and (not is_restricted
                       or exists (select from ticket_access a where a.ticket_id = ticket.id and a.staff_id = :staff_id))
                order by next_due_at limit :most
            ) t
        ) n
        where q.unit_id = any(:units) and u.valid_to is null
        order by q.kind = 'work', u.sort_key, q.id
        """
    )
    values = {"now": now, "staff_id": viewer.staff_id, "most": COUNTED_UP_TO, "units": list(unit_ids)}
    return [
        QueueCount(row[0], row[1], row[2], QueueKind(row[3]), *row[4:]) for row in session.execute(statement, values)
    ]


def mine_count(session: Session, viewer: Viewer) -> int:
    """How many unfinished tickets this person has."""
    statement = select(func.count()).where(Ticket.assignee_id == viewer.staff_id, Ticket.status.in_(UNFINISHED))
    return session.scalar(statement) or 0


def reach(session: Session, viewer: Viewer) -> list[ColumnElement[bool]]:
    """What the scope says already, in a form indexes can answer: the units of a person and what is named to them."""
    if viewer.covers_city(*SEEING):
        return []
    units = viewer.unit_ids(*SEEING)
    named = session.scalars(select(TicketAccess.ticket_id).where(TicketAccess.staff_id == viewer.staff_id)).all()
    return [or_(Ticket.unit_id.in_(units), Ticket.coordinating_unit_id.in_(units), Ticket.id.in_(named))]


def _view(viewer: Viewer, view: View, now: datetime) -> list[ColumnElement[bool]]:
    unfinished = _unfinished()
    units = viewer.unit_ids(*_WORKING)
    at_my_units = or_(Ticket.unit_id.in_(units), Ticket.coordinating_unit_id.in_(units))
    soon = now + timedelta(hours=2)
    conditions: dict[View, list[ColumnElement[bool]]] = {
        View.MINE: [unfinished, Ticket.assignee_id == viewer.staff_id],
        View.QUEUES: [unfinished, at_my_units],
        View.UNASSIGNED: [unfinished, at_my_units, Ticket.assignee_id.is_(None)],
        View.OVERDUE: [unfinished, Ticket.next_due_at < now],
        View.AT_RISK: [unfinished, Ticket.next_due_at >= now, Ticket.next_due_at < soon],
        View.ON_HOLD: [
            Ticket.wake_at.is_not(None),
            Ticket.status.in_((TicketStatus.PENDING_CITIZEN, TicketStatus.PENDING_THIRD_PARTY)),
        ],
        View.ALL: [unfinished],
        View.ANSWERED: [Ticket.status.in_(_FINISHED)],
    }
    return conditions[view]


def _unfinished() -> ColumnElement[bool]:
    # Written out as in the partial indexes, which the planner then recognises whatever the parameters are.
    return literal_column("ticket.status in ('new', 'open', 'pending_citizen', 'pending_third_party')", Boolean())


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Unit, Unit.id == Ticket.unit_id)
        .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Citizen, Citizen.id == Ticket.citizen_id)
    )


def _due_first(session: Session, conditions: list[ColumnElement[bool]], after: str | None, size: int) -> Page:
    """Those with a due date in its order, then those without, oldest first: each a range of an index."""
    due_at, last_id = _cursor(after)
    found: list[Row[Any]] = []
    if after is None or due_at is not None:
        with_due = _lines().where(*conditions, Ticket.next_due_at.is_not(None))
        if due_at is not None:
            with_due = with_due.where(tuple_(Ticket.next_due_at, Ticket.id) > tuple_(literal(due_at), literal(last_id)))
        found = list(session.execute(with_due.order_by(Ticket.next_due_at, Ticket.id).limit(size + 1)))
    if len(found) <= size:
        without = _lines().where(*conditions, Ticket.next_due_at.is_(None))
        if after is not None and due_at is None:
            without = without.where(Ticket.id > last_id)
        found += session.execute(without.order_by(Ticket.next_due_at, Ticket.id).limit(size + 1 - len(found)))
    return _page(found, size, by="next_due_at")


def _newest_first(session: Session, conditions: list[ColumnElement[bool]], after: str | None, size: int) -> Page:
    opened_at, last_id = _cursor(after)
    wanted = _lines().where(*conditions)
    if opened_at is not None:
        wanted = wanted.where(
            or_(Ticket.opened_at < opened_at, and_(Ticket.opened_at == opened_at, Ticket.id < last_id))
        )
    found = session.execute(wanted.order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(size + 1)).all()
    return _page(found, size, by="opened_at")


def _page(found: Sequence[Row[Any]], size: int, *, by: str) -> Page:
    lines = tuple(_line(row) for row in found[:size])
    if len(found) <= size:
        return Page(lines, None)
    key: datetime | None = getattr(lines[-1], by)
    packed = json.dumps([key.astimezone(UTC).isoformat() if key else None, lines[-1].id])
    return Page(lines, base64.urlsafe_b64encode(packed.encode()).decode().rstrip("="))


def _cursor(after: str | None) -> tuple[datetime | None, int]:
    if after is None:
        return None, 0
    try:
        key, last_id = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        at = datetime.fromisoformat(key) if key is not None else None
        if at is not None and at.tzinfo is None:
            raise ValueError(key)
        if not isinstance(last_id, int) or isinstance(last_id, bool) or not 0 <= last_id < 2**63:
            raise ValueError(last_id)
    except (ValueError, TypeError, binascii.Error) as wrong:
        raise InvalidInput("after", "no_such_page") from wrong
    return at, last_id


def _line(row: Row[Any]) -> Listed:
    return Listed(*tuple(row))
