"""What linking two tickets does to the clocks of both, and parting them (R10); the caller has locked them."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.people.actor import Actor
from tickets.promises import recompute
from tickets.promises.breaches import note_breaches
from tickets.promises.clock_moves import follow_status, stop, tell_due
from tickets.promises.clocks import keep_next_due, open_book, store
from tickets.schema import Ticket
from tickets.states import UNFINISHED, ClockKind, TicketStatus

# Why one was cancelled, and why another is due sooner: both citizens get one answer.
DUPLICATE = "duplicate"


def is_duplicate(ticket: Ticket) -> bool:
    """Whether another ticket, its master, carries its promise; one that has ended is itself again."""
    return ticket.master_id is not None and ticket.status in UNFINISHED


def on_linked(session: Session, ticket: Ticket, *, now: datetime) -> datetime | None:
    """A duplicate's clocks are neither met nor missed (R10); what broke stays broken. When it was to be solved."""
    note_breaches(session, [ticket.id], now=now)
    book = open_book(session, ticket)
    due_ats = [held.state.due_at for held in book.live(ClockKind.RESOLVE)]
    for held in book.live():
        store(session, book, held, recompute.cancel(held.state, held.calendar, reason=DUPLICATE, now=now), now=now)
    keep_next_due(book)
    return next(iter(due_ats), None)


def on_unlinked(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """No duplicate after all: its clocks go on with what they had consumed (R10).

    Taken it is by whoever linked it, and answered perhaps as well: those are judged now, by the time they had run.
    """
    book = open_book(session, ticket)
    for held in book.held:
        if held.state.cancel_reason == DUPLICATE:
            restored = recompute.restore(held.state, held.calendar, now=now)
            store(session, book, held, restored, cause="unlinked", now=now)
    if ticket.status is not TicketStatus.NEW:
        stop(session, book, ClockKind.ACCEPT, now=now)
    if ticket.first_answered_at is not None:
        stop(session, book, ClockKind.FIRST, now=now)
    follow_status(session, book, now=now)
    keep_next_due(book)


def share_promise(session: Session, master: Ticket, due_at: datetime, *, actor: Actor, now: datetime) -> int:
    """The master is to be solved no later than its duplicate was (R10). The open seconds that this took from it."""
    book = open_book(session, master)
    taken = 0
    for held in book.live(ClockKind.RESOLVE):
        due_before, granted = held.state.due_at, held.state.granted_seconds
        state = recompute.bring_forward(held.state, held.calendar, due_at=due_at, now=now)
        store(session, book, held, state, cause=DUPLICATE, staff_id=actor.staff_id, now=now)
        tell_due(session, held, due_before, cause=DUPLICATE, actor=actor, now=now)
        taken = granted - state.granted_seconds
    keep_next_due(book)
    return taken


def unshare_promise(session: Session, master: Ticket, seconds: int, *, actor: Actor, now: datetime) -> None:
    """What a duplicate had taken is given back, while the promise is not broken."""
    book = open_book(session, master)
    for held in book.live(ClockKind.RESOLVE):
        due_before = held.state.due_at
        state = recompute.give_back(held.state, held.calendar, seconds=seconds, now=now)
        store(session, book, held, state, cause="unlinked", staff_id=actor.staff_id, now=now)
        tell_due(session, held, due_before, cause="unlinked", actor=actor, now=now)
    keep_next_due(book)
