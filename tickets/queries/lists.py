"""The lists people work from: mine, my queues, all I may see; sorted by what is due first, paged by key."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    bindparam,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from tickets.errors import InvalidInput
from tickets.people.forms import KEPT, NOW, form_of, given, values_of
from tickets.people.roles import SEEING, Viewer
from tickets.queries.list_stretches import ListView, WantedList, first_ids, order_of
from tickets.schema import Category, Citizen, Staff, Ticket, TicketAccess, Unit
from tickets.states import Channel, Priority, TicketStatus

MOST_LISTED = 200
_EMERGENCIES = 5


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
    is_praise: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a list and where the next page begins; None on the last one."""

    items: tuple[Listed, ...]
    next: str | None


_Assignee = aliased(Staff)
_COLUMNS = (
    Ticket.id, Ticket.reference, Ticket.subject, Ticket.status, Ticket.priority, Ticket.channel,
    Ticket.unit_id, Unit.name.label("unit_name"), Unit.name_en.label("unit_name_en"),
    Ticket.queue_id, Ticket.assignee_id, _Assignee.name.label("assignee_name"),
    Category.name.label("category_name"), Category.name_en.label("category_name_en"),
    Citizen.name.label("citizen_name"), Ticket.dossier_number, Ticket.is_restricted,
    Ticket.opened_at, Ticket.updated_at, Ticket.next_due_at, Ticket.next_due_kind, Ticket.wake_at,
    Ticket.escalation_level, Ticket.place_outcome, Ticket.is_praise,
)  # fmt: skip


def work_list(
    session: Session,
    viewer: Viewer,
    *,
    view: ListView = ListView.QUEUES,
    queue_id: int | None = None,
    status: TicketStatus | None = None,
    after: str | None = None,
    limit: int = 50,
    now: datetime,
) -> Page:
    """Tickets this person may see, what is due first on top; one or two statements whatever the number of tickets.

    `after` is `Page.next` of the page before. Raises InvalidInput for a cursor that is none of ours.
    """
    size = max(1, min(limit, MOST_LISTED))
    wanted = WantedList(view, queue_id, status)
    key, last_id = _cursor(after)
    if wanted.is_impossible:
        return Page((), None)
    found: list[Row[Any]] = []
    alike = replace(wanted, queue_id=_QUEUE if queue_id is not None else None)
    for begin in _from(wanted, is_later=after is not None, has_key=key is not None):
        if len(found) <= size:
            asked = {"queue_id": queue_id, "key": key, "last_id": last_id, "most": size + 1 - len(found)}
            found += session.execute(_listed(form_of(viewer), alike, begin), values_of(viewer, now=now, **asked)).all()
    return _page(found, size, by="opened_at" if wanted.is_finished else "next_due_at")


def emergencies_untaken(session: Session, viewer: Viewer, *, now: datetime) -> list[Listed]:
    """Emergencies at the units where this person works that nobody has taken, what is due first on top; a few at most.

    In a list they stand behind whatever has been overdue for longer, and nobody looks for them there.
    """
    return [_line(row) for row in session.execute(_untaken(form_of(viewer)), values_of(viewer, now=now))]


def doubts_untaken(session: Session, viewer: Viewer, *, now: datetime) -> list[Listed]:
    """Tickets whose words may mean danger and at which nobody has looked, where this person works; a few at most."""
    return [_line(row) for row in session.execute(_doubted(form_of(viewer)), values_of(viewer, now=now))]


def listed(session: Session, ids: Sequence[int]) -> list[Listed]:
    """The lines of these tickets, in this order; the caller has checked who may see them."""
    rows = {row.id: _line(row) for row in session.execute(_lines().where(Ticket.id.in_(ids)))} if ids else {}
    return [rows[i] for i in ids if i in rows]


def reach(session: Session, viewer: Viewer) -> list[ColumnElement[bool]]:
    """What the scope says already, in a form indexes can answer: the units of a person and what is named to them."""
    if viewer.covers_city(*SEEING):
        return []
    units = viewer.unit_ids(*SEEING)
    named = session.scalars(select(TicketAccess.ticket_id).where(TicketAccess.staff_id == viewer.staff_id)).all()
    return [or_(Ticket.unit_id.in_(units), Ticket.coordinating_unit_id.in_(units), Ticket.id.in_(named))]


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Unit, Unit.id == Ticket.unit_id)
        .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Citizen, Citizen.id == Ticket.citizen_id)
    )


class _Begin(Enum):
    """Where a page begins, as ranges an index can answer: behind a due date come later ones, then those without."""

    AT_THE_TOP = auto()
    BEHIND_A_LINE = auto()
    WITHOUT_A_DATE = auto()
    BEHIND_ONE_WITHOUT = auto()


def _from(wanted: WantedList, *, is_later: bool, has_key: bool) -> list[_Begin]:
    if not is_later:
        return [_Begin.AT_THE_TOP]
    if not has_key:
        return [_Begin.BEHIND_ONE_WITHOUT]
    return [_Begin.BEHIND_A_LINE] if wanted.is_finished else [_Begin.BEHIND_A_LINE, _Begin.WITHOUT_A_DATE]


# What the statements of all lists are sent with.
_QUEUE, _LAST_ID = given("queue_id"), given("last_id")
_KEY, _MOST = bindparam("key", type_=DateTime(timezone=True)), bindparam("most", type_=Integer)


@lru_cache(KEPT)
def _listed(viewer: Viewer, wanted: WantedList, begin: _Begin) -> Select[*tuple[Any, ...]]:
    first = first_ids(viewer, wanted, *_range(wanted, begin), limit=_MOST, now=NOW)
    return _lines().join(first, first.c.id == Ticket.id).order_by(*order_of(wanted))


def _range(wanted: WantedList, begin: _Begin) -> list[ColumnElement[bool]]:
    column = Ticket.opened_at if wanted.is_finished else Ticket.next_due_at
    here, last = tuple_(column, Ticket.id), tuple_(_KEY, _LAST_ID)
    ranges: dict[_Begin, list[ColumnElement[bool]]] = {
        _Begin.AT_THE_TOP: [],
        _Begin.BEHIND_A_LINE: [here < last if wanted.is_finished else here > last],
        _Begin.WITHOUT_A_DATE: [column.is_(None)],
        _Begin.BEHIND_ONE_WITHOUT: [column.is_(None), Ticket.id > _LAST_ID],
    }
    return ranges[begin]


@lru_cache(KEPT)
def _untaken(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    # Written out as in the partial indexes, which the planner then recognises.
    is_emergency: ColumnElement[bool] = literal_column("ticket.priority = 'emergency'", Boolean())
    first = first_ids(viewer, WantedList(ListView.UNASSIGNED), is_emergency, limit=_EMERGENCIES, now=NOW)
    return _lines().join(first, first.c.id == Ticket.id).order_by(Ticket.next_due_at, Ticket.id)


@lru_cache(KEPT)
def _doubted(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    is_doubted: ColumnElement[bool] = literal_column("ticket.is_doubted", Boolean())
    first = first_ids(viewer, WantedList(ListView.UNASSIGNED), is_doubted, limit=_EMERGENCIES, now=NOW)
    return _lines().join(first, first.c.id == Ticket.id).order_by(Ticket.next_due_at, Ticket.id)


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
