"""Reading the audit trail: who did what to what, filtered, newest first, with the mark of what is sealed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import AuditEntry, AuditSeal, Staff, Ticket

ENTRIES_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What to list; None and '' are everything. Instants are of the action, the second one exclusive."""

    who: str = ""
    action: str = ""
    reference: str = ""
    request_id: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One entry; `number` is its place in the sealed chain, None until a job has linked it."""

    id: int
    at: datetime
    actor_kind: str
    name: str | None
    action: str
    subject_kind: str
    subject_id: int | None
    reference: str | None
    request_id: str
    params: dict[str, Any]
    number: int | None
    is_hidden: bool


def trail(
    session: Session,
    viewer: Viewer,
    wanted: TrailFilter,
    *,
    before_id: int | None = None,
    limit: int = ENTRIES_PER_PAGE,
) -> tuple[list[TrailLine], int | None]:
    """The entries and, when there are more, the id to go on before. One statement.

    Of a restricted ticket hidden from the viewer: that something was done and by whom, but neither which nor its words.
    """
    is_hidden = and_(func.coalesce(Ticket.is_restricted, false()), not_(visible_tickets(viewer)))
    statement = (
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.actor_kind,
            Staff.name,
            AuditEntry.action,
            AuditEntry.subject_kind,
            AuditEntry.subject_id,
            case((not_(is_hidden), Ticket.reference)),
            AuditEntry.request_id,
            case((not_(is_hidden), AuditEntry.params), else_=literal({}, JSONB)),
            AuditSeal.number,
            is_hidden,
        )
        .outerjoin(Staff, Staff.id == AuditEntry.staff_id)
        .outerjoin(Ticket, Ticket.id == AuditEntry.ticket_id)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(*_narrowed(wanted, is_hidden))
        .order_by(AuditEntry.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        statement = statement.where(AuditEntry.id < before_id)
    lines = [TrailLine(*row) for row in session.execute(statement)]
    return lines[:limit], lines[limit - 1].id if len(lines) > limit else None


def _narrowed(wanted: TrailFilter, is_hidden: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.who:
        people = select(Staff.id).where(
            or_(
                Staff.name.icontains(wanted.who, autoescape=True),
                func.lower(Staff.email) == wanted.who.lower(),
            )
        )
        conditions.append(AuditEntry.staff_id.in_(people))
    if wanted.action:
        conditions.append(AuditEntry.action.startswith(wanted.action, autoescape=True))
    if wanted.reference:
        # As if there were none: whether there is such a ticket is not told either.
        conditions += [Ticket.reference == wanted.reference, not_(is_hidden)]
    if wanted.request_id:
        conditions.append(AuditEntry.request_id == wanted.request_id)
    if wanted.from_at is not None:
        conditions.append(AuditEntry.at >= wanted.from_at)
    if wanted.to_at is not None:
        conditions.append(AuditEntry.at < wanted.to_at)
    return conditions
