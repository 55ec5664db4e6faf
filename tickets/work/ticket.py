"""The ticket's row: locking it, and the one table and the one function by which its status changes."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from tickets import timeline
from tickets.audit import entries
from tickets.errors import NotFound, TransitionNotAllowed
from tickets.people.actor import Actor
from tickets.promises import ledger
from tickets.schema import Ticket
from tickets.states import TicketStatus as Status
from tickets.states import TimelineKind
from tickets.work.judged_at import note_locked

REOPENING_WINDOW = timedelta(days=15)

_ASIDE = frozenset({Status.SPAM, Status.WITHDRAWN})
# From where a citizen opens it again.
ANSWERED_OR_ASIDE = frozenset({Status.RESOLVED, Status.CLOSED}) | _ASIDE
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.NEW: frozenset({Status.OPEN}) | _ASIDE,
    Status.OPEN: frozenset({Status.PENDING_CITIZEN, Status.PENDING_THIRD_PARTY, Status.RESOLVED}) | _ASIDE,
    Status.PENDING_CITIZEN: frozenset({Status.OPEN}) | _ASIDE,
    Status.PENDING_THIRD_PARTY: frozenset({Status.OPEN}) | _ASIDE,
    Status.RESOLVED: frozenset({Status.OPEN, Status.CLOSED}) | _ASIDE,
    # Opened again by the citizen alone, who says that it is not solved.
    Status.CLOSED: frozenset({Status.OPEN}) | _ASIDE,
    Status.WITHDRAWN: frozenset({Status.OPEN}),
    Status.SPAM: frozenset({Status.OPEN}),
}
# What the citizen learns of; the rest is how the house works.
_PUBLIC = frozenset(Status) - {Status.NEW, Status.PENDING_THIRD_PARTY}


_LOCKED = select(Ticket).where(Ticket.id == bindparam("ticket_id")).with_for_update(key_share=True).cte("locked")
# The time is read above the lock: beside it, it would be the one at which the waiting began.
_LOCK = select(aliased(Ticket, _LOCKED), func.clock_timestamp())


def lock_ticket(session: Session, ticket_id: int) -> Ticket:
    """The ticket as it stands now, kept from everybody else until the transaction ends; raises NotFound.

    Locks are taken in the order ticket, agent, call.
    """
    options = {"populate_existing": True}
    found = session.execute(_LOCK, {"ticket_id": ticket_id}, execution_options=options).one_or_none()
    if found is None:
        raise NotFound("ticket", ticket_id)
    ticket: Ticket = found[0]
    note_locked(session, ticket_id, found[1])
    return ticket


def may_move(ticket: Ticket, to: Status) -> bool:
    return to in TRANSITIONS[ticket.status]


def move(
    session: Session, ticket: Ticket, *, to: Status, actor: Actor, reason: str = "", joined: str = "", now: datetime
) -> None:
    """Change the status of a locked ticket: timeline, audit, clocks and planned steps with it.

    `joined` is the reference of the ticket that goes on in its place. Raises TransitionNotAllowed for what the table
    does not hold.
    """
    before = ticket.status
    if not may_move(ticket, to):
        raise TransitionNotAllowed(ticket.reference, before, to)
    ticket.status, ticket.updated_at = to, now
    _stamp(ticket, before, to, now=now)
    params = {"from": before.value, "to": to.value} | ({"joined": joined} if joined else {})
    is_public = to in _PUBLIC
    timeline.add(session, ticket.id, TimelineKind.STATUS, actor=actor, is_public=is_public, params=params, now=now)
    if reason:
        # Written for colleagues: the citizen reads what was sent to them.
        timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=reason, now=now)
    record(session, ticket, "ticket.moved", actor=actor, params=params, now=now)
    _move_clocks(session, ticket, before, to, now=now)
    session.flush()


def record(
    session: Session,
    ticket: Ticket,
    action: str,
    *,
    actor: Actor,
    params: Mapping[str, object] | None = None,
    now: datetime,
) -> None:
    """The audit row of a change to this ticket."""
    entries.record(
        session,
        actor=actor,
        action=action,
        subject_kind="ticket",
        subject_id=ticket.id,
        ticket_id=ticket.id,
        params=params,
        now=now,
    )


def _stamp(ticket: Ticket, before: Status, to: Status, *, now: datetime) -> None:
    if before is Status.PENDING_CITIZEN or before is Status.PENDING_THIRD_PARTY:
        ticket.wake_at = None
    if to is Status.RESOLVED:
        ticket.resolved_at, ticket.reopen_until = now, now + REOPENING_WINDOW
    elif to is Status.CLOSED:
        ticket.closed_at = now
    elif before in ANSWERED_OR_ASIDE:
        ticket.resolved_at = ticket.reopen_until = ticket.closed_at = ticket.disposition = None
        ticket.expected_at = None
    if to in _ASIDE:
        ticket.closed_at, ticket.reopen_until = now, now + REOPENING_WINDOW


def _move_clocks(session: Session, ticket: Ticket, before: Status, to: Status, *, now: datetime) -> None:
    if to in _ASIDE:
        ledger.on_cancelled(session, ticket, reason=to.value, now=now)
    elif to is Status.RESOLVED:
        ledger.on_resolved(session, ticket, now=now)
    elif before in ANSWERED_OR_ASIDE and to is Status.OPEN:
        ledger.on_reopened(session, ticket, now=now)
    elif before is Status.NEW:
        ledger.on_accepted(session, ticket, now=now)
    elif to is not Status.CLOSED:
        ledger.on_status(session, ticket, now=now)
