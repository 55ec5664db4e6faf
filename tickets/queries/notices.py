"""Notices on a person's screens: what they were told there and may still know of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, and_, exists, false, func, or_, select, text
from sqlalchemy.orm import Session

from tickets.people.forms import KEPT, NOW, form_of, values_of
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import OutboundMessage, RoleAssignment, Ticket
from tickets.states import OutboundState, Role

# Told to administrators as such, who see no ticket: of a post without anybody, of codes that are guessed at, of money.
_TO_ADMINISTRATORS = ("nobody_reachable", "codes_locked", "budget_used_up")
# What was withdrawn or set aside is no notice.
_NEVER_SAID = (OutboundState.SUPPRESSED, OutboundState.FAILED)
_ON_SCREEN = text("outbound_message.channel = 'screen'")
_UNREAD = text("outbound_message.read_at is null")


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, to be said in the words of the moment; `reference` is its ticket, if its reader may open that."""

    id: int
    template: str
    params: Mapping[str, Any]
    told_at: datetime
    is_urgent: bool
    is_read: bool
    reference: str | None


def notices_of(
    session: Session, viewer: Viewer, *, before_id: int | None = None, limit: int = 50, now: datetime
) -> Sequence[Notice]:
    """The newest first, read ones too; those before `before_id`."""
    message = OutboundMessage
    wanted = (
        select(
            message.id,
            message.template,
            message.params,
            message.created_at,
            message.is_urgent,
            message.read_at,
            Ticket.reference,
        )
        .outerjoin(Ticket, and_(Ticket.id == message.ticket_id, visible_tickets(viewer, row_by_row=True)))
        .where(*_told_to(viewer, now=now))
        .order_by(message.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        wanted = wanted.where(message.id < before_id)
    return [
        Notice(row.id, row.template, row.params, row.created_at, row.is_urgent, row.read_at is not None, row.reference)
        for row in session.execute(wanted)
    ]


def unread_count(session: Session, viewer: Viewer, *, most: int, now: datetime) -> int:
    """How many wait unread, counted no further than `most`."""
    return session.execute(_unread(form_of(viewer), most), values_of(viewer, now=now)).scalar_one()


@lru_cache(KEPT)
def _unread(viewer: Viewer, most: int) -> Select[int]:
    unread = (
        select(OutboundMessage.id)
        .outerjoin(Ticket, and_(Ticket.id == OutboundMessage.ticket_id, visible_tickets(viewer, row_by_row=True)))
        .where(*_told_to(viewer, now=NOW), _UNREAD)
        .limit(most)
    )
    return select(func.count()).select_from(unread.subquery())


def _told_to(viewer: Viewer, *, now: datetime) -> Sequence[ColumnElement[bool] | TextClause]:
    """Whoever has moved since sees no more of a notice than of the ticket it speaks of.

    A list of many tickets, which names none by its row, goes with any role that has ended since it was written.
    """
    message = OutboundMessage
    to_administrators = message.template.in_(_TO_ADMINISTRATORS)
    ended_since = exists().where(
        RoleAssignment.staff_id == viewer.staff_id,
        RoleAssignment.valid_to > message.created_at,
        RoleAssignment.valid_to <= now,
    )
    may_know = or_(
        to_administrators if viewer.holds(Role.ADMINISTRATOR) else false(),
        and_(~to_administrators, Ticket.id.is_not(None)),
        and_(~to_administrators, message.ticket_id.is_(None), ~ended_since),
    )
    return message.staff_id == viewer.staff_id, _ON_SCREEN, message.state.not_in(_NEVER_SAID), may_know
