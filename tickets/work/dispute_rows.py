"""Units that send a matter back and forth: the dispute's clock, who reads along, who is called to decide (R8)."""

from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from tickets.errors import InDispute
from tickets.outbox import posting
from tickets.people.actor import Actor
from tickets.people.roles import WORKING_ROLES, Viewer, load_viewer
from tickets.promises import ledger
from tickets.schema import Clock, RoleAssignment, Staff, Ticket
from tickets.states import ActorKind, ClockKind, ClockStatus, Role
from tickets.work.named_people import name_people

_CALLED = 20


def is_arbiter(viewer: Viewer) -> bool:
    """The City Office, for every unit."""
    return viewer.covers_city(Role.CITY_OFFICE)


def is_disputed(session: Session, ticket_id: int) -> bool:
    """Whether the arbiter has still to decide."""
    live = select(Clock.id).where(
        Clock.ticket_id == ticket_id, Clock.kind == ClockKind.DISPUTE, Clock.status == ClockStatus.RUNNING
    )
    return bool(session.scalar(select(live.exists())))


def _was_disputed(session: Session, ticket_id: int) -> bool:
    found = select(Clock.id).where(Clock.ticket_id == ticket_id, Clock.kind == ClockKind.DISPUTE)
    return bool(session.scalar(select(found.exists())))


def require_undisputed(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Raise InDispute for whoever would send it on while the arbiter decides, or against what was decided."""
    if actor.kind is ActorKind.SYSTEM or not _was_disputed(session, ticket.id):
        return
    viewer = load_viewer(session, actor.staff_id, now=now) if actor.staff_id is not None else None
    if is_disputed(session, ticket.id) or viewer is None or not is_arbiter(viewer):
        raise InDispute(ticket.reference)


def open_dispute(session: Session, ticket: Ticket, *, from_unit_id: int, now: datetime) -> None:
    """A locked ticket came back, or went on once too often: both units read along, the City Office is called.

    Once: what was decided is not disputed again.
    """
    if _was_disputed(session, ticket.id):
        return
    ledger.on_disputed(session, ticket, now=now)
    if not ticket.is_restricted:
        there = RoleAssignment.unit_id == from_unit_id
        reading = session.scalars(_holders(now).where(there, RoleAssignment.role.in_(WORKING_ROLES)))
        name_people(session, [(ticket.id, staff_id) for staff_id in reading], reason="dispute", now=now)
    deciding = _holders(now).where(RoleAssignment.role == Role.CITY_OFFICE).limit(_CALLED)
    for person in session.scalars(select(Staff).where(Staff.id.in_(deciding), Staff.disabled_at.is_(None))):
        posting.post_screen(
            session,
            staff_id=person.id,
            template="ticket_disputed",
            params={"reference": ticket.reference},
            locale=person.locale,
            dedup_key=f"disputed:{ticket.id}:{ticket.hop_count}:{person.id}",
            ticket_id=ticket.id,
            now=now,
        )
    session.flush()


def _holders(now: datetime) -> Select[int]:
    return select(RoleAssignment.staff_id).where(
        RoleAssignment.valid_from <= now, or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now)
    )
