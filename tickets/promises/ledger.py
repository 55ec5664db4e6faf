"""What each event in a ticket's life does to its clocks; the caller has locked the ticket (R2 to R9, R13, R17)."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.promises import recompute
from tickets.promises.arithmetic import pauses
from tickets.promises.breaches import note_breaches
from tickets.promises.clock_moves import PROMISED, follow_status, start, stop
from tickets.promises.clocks import keep_next_due, open_book, store
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.promises.taken_up_again import TAKEN_UP_AGAIN
from tickets.schema import Ticket
from tickets.states import UNFINISHED, ClockKind, ClockStatus, TicketStatus


def on_accepted(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The unit took the ticket: `accept` is met or missed."""
    book = open_book(session, ticket)
    stop(session, book, ClockKind.ACCEPT, now=now)
    keep_next_due(book)


def on_human_contact(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """A person told the citizen something the citizen can see, or talked with them for ten seconds (R3).

    Stops `first` and `next`; the silence that `update` limits begins anew.
    """
    book = open_book(session, ticket)
    if ticket.first_answered_at is None:
        ticket.first_answered_at = now
    stop(session, book, ClockKind.FIRST, ClockKind.NEXT, ClockKind.UPDATE, now=now)
    if ticket.status in UNFINISHED and not is_duplicate(ticket):
        start(session, book, ClockKind.UPDATE, started_at=now, now=now)
        follow_status(session, book, now=now)
    keep_next_due(book)


def on_citizen_contact(session: Session, ticket: Ticket, *, arrived_at: datetime, now: datetime) -> None:
    """Start `next` at the oldest contact nobody has answered yet (R4).

    While `first` is not met that promise covers the waiting, and while `next` runs a further contact does not restart
    it. A contact that arrived before the last answer is answered already. A duplicate has no `first` any more: whoever
    writes again on one is owed an answer of their own.
    """
    first = ticket.first_answered_at
    if (first is None and not is_duplicate(ticket)) or (first is not None and arrived_at <= first):
        return
    book = open_book(session, ticket)
    last = book.latest(ClockKind.NEXT)
    if last is not None and last.state.stopped_at is None and last.state.status in recompute.UNENDED:
        return
    if last is not None and last.state.stopped_at is not None and arrived_at <= last.state.stopped_at:
        return
    start(session, book, ClockKind.NEXT, started_at=arrived_at, now=now)
    keep_next_due(book)


def note_broken(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Somebody else gets the ticket: what is broken by now was broken by whoever has it (R23)."""
    note_breaches(session, [ticket.id], now=now)


def on_status(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Pause or resume what the ticket's present status says (R6)."""
    book = open_book(session, ticket)
    follow_status(session, book, now=now)
    keep_next_due(book)


def on_resolved(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Everything that runs stops, and is judged there and then (R5, R17)."""
    book = open_book(session, ticket)
    # Answered all the same, it is nobody's any more.
    stop(session, book, *PROMISED, ClockKind.DISPUTE, now=now)
    keep_next_due(book)


def on_cancelled(session: Session, ticket: Ticket, *, reason: str, now: datetime) -> None:
    """Withdrawn, not valid: what runs becomes neither met nor missed; what was decided stays decided."""
    book = open_book(session, ticket)
    for held in book.live():
        store(session, book, held, recompute.cancel(held.state, held.calendar, reason=reason, now=now), now=now)
    keep_next_due(book)


def on_reopened(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The same `resolve` cycle goes on with what it had consumed (R9).

    What a setting aside had cancelled, and nobody had decided yet, goes on too: a first answer is still owed.
    """
    book = open_book(session, ticket)
    for kind in (ClockKind.FIRST, ClockKind.RESOLVE, ClockKind.APPEAL):
        held = book.latest(kind)
        if held is not None and held.state.status is ClockStatus.CANCELLED:
            restored = recompute.restore(held.state, held.calendar, now=now)
            store(session, book, held, restored, cause=TAKEN_UP_AGAIN, now=now)
        elif held is not None and kind is not ClockKind.FIRST:
            reopened = recompute.reopen(held.state, held.calendar, now=now)
            store(session, book, held, reopened, cause=TAKEN_UP_AGAIN, now=now)
    start(session, book, ClockKind.UPDATE, started_at=now, now=now)
    keep_next_due(book)


def on_disputed(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The arbiter's own time begins; every promise to the citizen goes on (R8)."""
    book = open_book(session, ticket)
    if not book.live(ClockKind.DISPUTE):
        start(session, book, ClockKind.DISPUTE, started_at=now, now=now)
    keep_next_due(book)


def on_arbitrated(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Decided: the arbiter's time is judged."""
    book = open_book(session, ticket)
    stop(session, book, ClockKind.DISPUTE, now=now)
    keep_next_due(book)


def on_hop(session: Session, ticket: Ticket, *, from_unit_id: int, now: datetime) -> None:
    """A transfer: `accept` stops and starts anew for the receiver; the promise to the citizen never restarts (R8).

    Whatever is overdue by now broke at the unit that gives the ticket away: `note_broken` before it does.
    """
    book = open_book(session, ticket)
    stop(session, book, ClockKind.ACCEPT, now=now, unit_id=from_unit_id)
    start(session, book, ClockKind.ACCEPT, started_at=now, now=now)
    follow_status(session, book, now=now)
    keep_next_due(book)


def pause_left(session: Session, ticket: Ticket, *, now: datetime) -> datetime | None:
    """When the clocks of a ticket put on hold now would run again by themselves: the first pause to be used up (R6)."""
    book = open_book(session, ticket)
    latest = [recompute.latest_wake_at(h.state, h.calendar) for h in book.live()]
    return min((at for at in latest if at is not None), default=None)


def would_pause(session: Session, ticket: Ticket, status: TicketStatus) -> bool:
    """Whether a promise of the ticket that runs now would stand still in this status."""
    book = open_book(session, ticket)
    rows = book.rulebook.rows
    return any(
        held.state.status is ClockStatus.RUNNING
        and pauses(
            held.state.kind,
            in_status=status,
            third_party_pauses=rows[held.clock.policy_row_id].row.pauses_for_third_party,
        )
        for held in book.live()
    )
