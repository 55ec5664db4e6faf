"""Another promise for a ticket: the policy is chosen anew, or a new version of it holds for what is open (R7, R21)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.people.actor import Actor
from tickets.promises import recompute
from tickets.promises.clock_moves import PROMISED, chosen, tell_due
from tickets.promises.clocks import ClockBook, ClockEntry, add_clock, keep_next_due, open_book, store
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.promises.foresight import row_for
from tickets.promises.loading import LoadedRow
from tickets.promises.recompute import ClockState
from tickets.schema import ExclusionCredit, Ticket
from tickets.states import UNFINISHED, ClockKind, Priority, TicketStatus

# Why a clock was cancelled that a later policy of its ticket does not have.
NOT_PROMISED = "not_promised"


def retarget(session: Session, ticket: Ticket, *, cause: str, actor: Actor, now: datetime) -> None:
    """Another priority, category, level or unit: the policy is chosen anew and what runs follows it (R7).

    What the new one does not promise is cancelled, unless it is broken already; what only it promises begins. Of a
    duplicate nothing is promised.
    """
    if is_duplicate(ticket):
        return
    book = open_book(session, ticket)
    rows = chosen(book)
    _begin_promised(session, book, rows, now=now)
    credits = _credits_that_change(session, book, rows)
    for held in book.live(*PROMISED):
        row = rows.get(held.state.kind)
        if row is None:
            _end_unpromised(session, book, held, now=now)
            continue
        due_before = held.state.due_at
        calendar = book.rulebook.calendars[row.calendar_version_id]
        state = recompute.retarget(
            _without_waiting(held.state, credits.get(held.clock.id, 0)),
            calendar,
            target_seconds=row.row.target_seconds,
            pause_cap_factor=row.row.pause_cap_factor,
            now=now,
        )
        store(session, book, held, state, row=row, cause=cause, staff_id=actor.staff_id, now=now)
        tell_due(session, held, due_before, cause=cause, actor=actor, now=now)
    keep_next_due(book)


def _credits_that_change(session: Session, book: ClockBook, rows: Mapping[ClockKind, LoadedRow]) -> dict[int, int]:
    """By clock, the seconds of ours that go: whoever is in danger, or may be, waits for no work of ours (R16).

    Below nothing where they come back, because there was no danger. What is promised tells which it is: a doubt is
    looked at by the promise of an emergency.
    """
    signs = {}
    for held in book.live(*PROMISED):
        before, after = book.rulebook.rows.get(held.clock.policy_row_id), rows.get(held.state.kind)
        if before is not None and after is not None:
            signs[held.clock.id] = _is_for_danger(after) - _is_for_danger(before)
    changing = [clock_id for clock_id, sign in signs.items() if sign]
    if not changing:
        return {}
    given = select(ExclusionCredit.clock_id, func.sum(ExclusionCredit.seconds))
    found = session.execute(given.where(ExclusionCredit.clock_id.in_(changing)).group_by(ExclusionCredit.clock_id))
    return {clock_id: signs[clock_id] * int(seconds) for clock_id, seconds in found}


def _is_for_danger(row: LoadedRow) -> bool:
    return row.row.priority is Priority.EMERGENCY


def _without_waiting(state: ClockState, seconds: int) -> ClockState:
    """A date that somebody has set holds as it was set."""
    return state if state.is_manual else replace(state, granted_seconds=state.granted_seconds - seconds)


@dataclass(frozen=True, slots=True)
class Adopted:
    """How many dates of a ticket's promises new rules have moved, and how many of them are late at once."""

    dates: int
    overdue: int


def adopt(session: Session, ticket: Ticket, *, policies: Collection[str], actor: Actor, now: datetime) -> Adopted:
    """New versions of these policies hold for this open ticket too (R21).

    What runs follows them; what was never promised does not begin. What is broken keeps its date (A1) and climbs on
    by the new chain.
    """
    book = open_book(session, ticket)
    rows = chosen(book)
    dates = overdue = 0
    for held in book.live():
        row = row_for(book.rulebook, rows, held.state.kind, held.clock.policy_row_id, policies)
        if row is None:
            continue
        due_before = held.state.due_at
        state = held.state
        if recompute.with_breach(state, now=now).first_breach_at is None:
            state = recompute.retarget(
                state,
                book.rulebook.calendars[row.calendar_version_id],
                target_seconds=row.row.target_seconds,
                pause_cap_factor=row.row.pause_cap_factor,
                now=now,
            )
        store(session, book, held, state, row=row, cause="policy", staff_id=actor.staff_id, now=now)
        tell_due(session, held, due_before, cause="policy", actor=actor, now=now)
        dates += held.state.due_at != due_before
        overdue += held.state.breach_cause == recompute.CHANGE and held.state.due_at != due_before
    keep_next_due(book)
    return Adopted(dates, overdue)


def _end_unpromised(session: Session, book: ClockBook, held: ClockEntry, *, now: datetime) -> None:
    """A broken promise stays one whatever it is called afterwards (A1); any other is neither kept nor broken."""
    if recompute.with_breach(held.state, now=now).first_breach_at is None:
        ended = recompute.cancel(held.state, held.calendar, reason=NOT_PROMISED, now=now)
        store(session, book, held, ended, now=now)


def _begin_promised(session: Session, book: ClockBook, rows: Mapping[ClockKind, LoadedRow], *, now: datetime) -> None:
    """Clocks that the ticket lacks, each since its own beginning; one that an earlier change had ended goes on."""
    ticket = book.ticket
    if ticket.status not in UNFINISHED:
        return
    # The oldest clock began when the contact arrived (R5).
    arrived_at = min((held.clock.started_at for held in book.held), default=ticket.opened_at)
    begins = {ClockKind.RESOLVE: arrived_at}
    if ticket.first_answered_at is None:
        begins[ClockKind.FIRST] = arrived_at
    else:
        begins[ClockKind.UPDATE] = now
    if ticket.status is TicketStatus.NEW:
        begins[ClockKind.ACCEPT] = arrived_at
    for kind, row in rows.items():
        held = book.latest(kind)
        if held is not None and held.state.cancel_reason == NOT_PROMISED:
            store(session, book, held, recompute.restore(held.state, held.calendar, now=now), now=now)
        elif held is None and kind in begins:
            add_clock(session, book, row, cycle=1, started_at=begins[kind], now=now)
