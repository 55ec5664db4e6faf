"""The group a ticket belongs to, and tickets that may be the same matter: as far as somebody may see them (R10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.queries.similar import similar_open
from tickets.schema import Ticket
from tickets.states import UNFINISHED, TicketStatus

_LOOKED_BACK = timedelta(days=30)
_SHOWN_ALIKE = 6
# A storm brings hundreds; who reads the page needs to see that they are many, and the newest.
SHOWN_DUPLICATES = 50


class Likeness(StrEnum):
    """Why a ticket may be about the same matter."""

    PHONE = "phone"
    PLACE = "place"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A ticket as a line of the group; `why` is set where it only looks alike."""

    reference: str
    subject: str
    status: TicketStatus
    opened_at: datetime
    next_due_at: datetime | None
    why: Likeness | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`count`: all duplicates, also those that this person may not see or that are not shown."""

    master: GroupLine | None = None
    duplicates: tuple[GroupLine, ...] = ()
    count: int = 0
    waiting: int = 0

    @property
    def hidden(self) -> int:
        return self.count - len(self.duplicates)


NO_GROUP = Group()
_COLUMNS = (Ticket.reference, Ticket.subject, Ticket.status, Ticket.opened_at, Ticket.next_due_at)


def group_of(session: Session, viewer: Viewer, ticket: Ticket) -> Group:
    """What stands with a ticket that this person sees: its master, or its duplicates, whoever wrote again first."""
    seen = visible_tickets(viewer)
    if ticket.master_id is not None:
        rows = session.execute(select(*_COLUMNS).where(Ticket.id == ticket.master_id, seen)).all()
        return Group(master=next((_line(row) for row in rows), None))
    of_master = Ticket.master_id == ticket.id
    counted = func.count().filter(Ticket.status.in_(UNFINISHED))
    count, waiting = session.execute(select(func.count(), counted).select_from(Ticket).where(of_master)).one()
    if not count:
        return NO_GROUP
    newest = select(*_COLUMNS).where(of_master, seen).order_by(Ticket.next_due_at, Ticket.id.desc())
    rows = session.execute(newest.limit(SHOWN_DUPLICATES)).all()
    return Group(duplicates=tuple(_line(row) for row in rows), count=count, waiting=waiting)


def look_alikes(session: Session, viewer: Viewer, ticket: Ticket, *, now: datetime) -> Sequence[GroupLine]:
    """Open tickets that this one may be a duplicate of: from the same phone, of the same place, in the same words."""
    found = {line.reference: line for line in _of_phone_or_place(session, viewer, ticket, now=now)}
    for other in similar_open(
        session,
        unit_id=ticket.unit_id,
        category_id=ticket.category_id,
        said=f"{ticket.subject} {ticket.body}",
        but_not=ticket.id,
        viewer=viewer,
        now=now,
    ):
        line = GroupLine(other.reference, other.subject, other.status, other.opened_at, None, Likeness.WORDS)
        found.setdefault(other.reference, line)
    seen = select(Ticket.reference).where(Ticket.reference.in_(found), Ticket.master_id.is_(None))
    allowed = (
        set(session.scalars(seen.where(visible_tickets(viewer), Ticket.is_restricted.is_(False)))) if found else ()
    )
    return [line for line in found.values() if line.reference in allowed][:_SHOWN_ALIKE]


def _of_phone_or_place(session: Session, viewer: Viewer, ticket: Ticket, *, now: datetime) -> list[GroupLine]:
    by_phone: ColumnElement[bool] = Ticket.reply_phone == ticket.reply_phone if ticket.reply_phone else false()
    place = ticket.place_text.strip().lower()
    by_place = (Ticket.unit_id == ticket.unit_id) & (func.lower(Ticket.place_text) == place) if place else false()
    rows = session.execute(
        select(*_COLUMNS, by_phone.label("is_phone"))
        .where(
            or_(by_phone, by_place),
            Ticket.id != ticket.id,
            Ticket.status.in_(UNFINISHED),
            Ticket.opened_at > now - _LOOKED_BACK,
            visible_tickets(viewer),
        )
        .order_by(Ticket.id.desc())
        .limit(_SHOWN_ALIKE)
    ).all()
    return [_line(row, why=Likeness.PHONE if row.is_phone else Likeness.PLACE) for row in rows]


def _line(row: Any, why: Likeness | None = None) -> GroupLine:
    return GroupLine(row.reference, row.subject, row.status, row.opened_at, row.next_due_at, why)
