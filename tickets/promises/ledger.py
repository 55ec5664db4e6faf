"""What each event in a ticket's life does to its clocks; the caller has locked the ticket (R2 to R9, R13, R17)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.people.actor import SYSTEM, Actor
from tickets.promises import recompute
from tickets.promises.arithmetic import pauses
from tickets.promises.breaches import note_breaches
from tickets.promises.clocks import ClockBook, ClockEntry, add_clock, keep_next_due, open_book, store
from tickets.promises.foresight import row_for
from tickets.promises.loading import LoadedRow
from tickets.promises.opening import promised_to
from tickets.schema import Ticket
from tickets.states import UNFINISHED, ClockKind, ClockStatus, TicketStatus, TimelineKind

# Why a clock was cancelled that a later policy of its ticket does not have.
NOT_PROMISED = "not_promised"
# Why one was cancelled, and why another is due sooner: both citizens get one answer (R10).
DUPLICATE = "duplicate"
# What a change of priority, category or policy reaches: everything that still runs (R7).
PROMISED = (
    ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.NEXT, ClockKind.UPDATE, ClockKind.RESOLVE, ClockKind.APPEAL,
)  # fmt: skip


def is_duplicate(ticket: Ticket) -> bool:
    """Whether another ticket, its master, carries its promise; one that has ended is itself again."""
    return ticket.master_id is not None and ticket.status in UNFINISHED


def on_accepted(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The unit took the ticket: `accept` is met or missed."""
    book = open_book(session, ticket)
    _stop(session, book, ClockKind.ACCEPT, now=now)
    keep_next_due(book)


def on_human_contact(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """A person told the citizen something the citizen can see, or talked with them for ten seconds (R3).

    Stops `first` and `next`; the silence that `update` limits begins anew.
    """
    book = open_book(session, ticket)
    if ticket.first_answered_at is None:
        ticket.first_answered_at = now
    _stop(session, book, ClockKind.FIRST, ClockKind.NEXT, ClockKind.UPDATE, now=now)
    if ticket.status in UNFINISHED and not is_duplicate(ticket):
        _start(session, book, ClockKind.UPDATE, started_at=now, now=now)
        _follow_status(session, book, now=now)
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
    _start(session, book, ClockKind.NEXT, started_at=arrived_at, now=now)
    keep_next_due(book)


def note_broken(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Somebody else gets the ticket: what is broken by now was broken by whoever has it (R23)."""
    note_breaches(session, [ticket.id], now=now)


def on_status(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Pause or resume what the ticket's present status says (R6)."""
    book = open_book(session, ticket)
    _follow_status(session, book, now=now)
    keep_next_due(book)


def on_resolved(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Everything that runs stops, and is judged there and then (R5, R17)."""
    book = open_book(session, ticket)
    # Answered all the same, it is nobody's any more.
    _stop(session, book, *PROMISED, ClockKind.DISPUTE, now=now)
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
            store(session, book, held, restored, cause="reopened", now=now)
        elif held is not None and kind is not ClockKind.FIRST:
            reopened = recompute.reopen(held.state, held.calendar, now=now)
            store(session, book, held, reopened, cause="reopened", now=now)
    _start(session, book, ClockKind.UPDATE, started_at=now, now=now)
    keep_next_due(book)


def on_linked(session: Session, ticket: Ticket, *, now: datetime) -> datetime | None:
    """A duplicate's clocks are neither met nor missed (R10); what broke stays broken. When it was to be solved."""
    note_broken(session, ticket, now=now)
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
        _stop(session, book, ClockKind.ACCEPT, now=now)
    if ticket.first_answered_at is not None:
        _stop(session, book, ClockKind.FIRST, now=now)
    _follow_status(session, book, now=now)
    keep_next_due(book)


def share_promise(session: Session, master: Ticket, due_at: datetime, *, actor: Actor, now: datetime) -> int:
    """The master is to be solved no later than its duplicate was (R10). The open seconds that this took from it."""
    book = open_book(session, master)
    taken = 0
    for held in book.live(ClockKind.RESOLVE):
        due_before, granted = held.state.due_at, held.state.granted_seconds
        state = recompute.bring_forward(held.state, held.calendar, due_at=due_at, now=now)
        store(session, book, held, state, cause=DUPLICATE, staff_id=actor.staff_id, now=now)
        _tell_due(session, held, due_before, cause=DUPLICATE, actor=actor, now=now)
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
        _tell_due(session, held, due_before, cause="unlinked", actor=actor, now=now)
    keep_next_due(book)


def on_disputed(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """The arbiter's own time begins; every promise to the citizen goes on (R8)."""
    book = open_book(session, ticket)
    if not book.live(ClockKind.DISPUTE):
        _start(session, book, ClockKind.DISPUTE, started_at=now, now=now)
    keep_next_due(book)


def on_arbitrated(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Decided: the arbiter's time is judged."""
    book = open_book(session, ticket)
    _stop(session, book, ClockKind.DISPUTE, now=now)
    keep_next_due(book)


def on_hop(session: Session, ticket: Ticket, *, from_unit_id: int, now: datetime) -> None:
    """A transfer: `accept` stops and starts anew for the receiver; the promise to the citizen never restarts (R8).

    Whatever is overdue by now broke at the unit that gives the ticket away: `note_broken` before it does.
    """
    book = open_book(session, ticket)
    _stop(session, book, ClockKind.ACCEPT, now=now, unit_id=from_unit_id)
    _start(session, book, ClockKind.ACCEPT, started_at=now, now=now)
    _follow_status(session, book, now=now)
    keep_next_due(book)


def retarget(session: Session, ticket: Ticket, *, cause: str, actor: Actor, now: datetime) -> None:
    """Another priority, category, level or unit: the policy is chosen anew and what runs follows it (R7).

    What the new one does not promise is cancelled, unless it is broken already; what only it promises begins. Of a
    duplicate nothing is promised.
    """
    if is_duplicate(ticket):
        return
    book = open_book(session, ticket)
    chosen = _chosen(book)
    _begin_promised(session, book, chosen, now=now)
    for held in book.live(*PROMISED):
        row = chosen.get(held.state.kind)
        if row is None:
            _end_unpromised(session, book, held, now=now)
            continue
        due_before = held.state.due_at
        calendar = book.rulebook.calendars[row.calendar_version_id]
        state = recompute.retarget(
            held.state,
            calendar,
            target_seconds=row.row.target_seconds,
            pause_cap_factor=row.row.pause_cap_factor,
            now=now,
        )
        store(session, book, held, state, row=row, cause=cause, staff_id=actor.staff_id, now=now)
        _tell_due(session, held, due_before, cause=cause, actor=actor, now=now)
    keep_next_due(book)


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
    chosen = _chosen(book)
    dates = overdue = 0
    for held in book.live():
        row = row_for(book.rulebook, chosen, held.state.kind, held.clock.policy_row_id, policies)
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
        _tell_due(session, held, due_before, cause="policy", actor=actor, now=now)
        dates += held.state.due_at != due_before
        overdue += held.state.breach_cause == recompute.CHANGE and held.state.due_at != due_before
    keep_next_due(book)
    return Adopted(dates, overdue)


def _end_unpromised(session: Session, book: ClockBook, held: ClockEntry, *, now: datetime) -> None:
    """A broken promise stays one whatever it is called afterwards (A1); any other is neither kept nor broken."""
    if recompute.with_breach(held.state, now=now).first_breach_at is None:
        ended = recompute.cancel(held.state, held.calendar, reason=NOT_PROMISED, now=now)
        store(session, book, held, ended, now=now)


def _begin_promised(session: Session, book: ClockBook, chosen: Mapping[ClockKind, LoadedRow], *, now: datetime) -> None:
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
    for kind, row in chosen.items():
        held = book.latest(kind)
        if held is not None and held.state.cancel_reason == NOT_PROMISED:
            store(session, book, held, recompute.restore(held.state, held.calendar, now=now), now=now)
        elif held is None and kind in begins:
            add_clock(session, book, row, cycle=1, started_at=begins[kind], now=now)


@dataclass(frozen=True, slots=True)
class NewDate:
    """A due date that somebody gives. A later one needs somebody above who is not the one asking (R7, A1).

    `is_from_above`: whoever gives it stands above the unit that owes the promise, and asks nobody.
    """

    due_at: datetime
    reason: str
    kind: ClockKind = ClockKind.RESOLVE
    approved_by_id: int | None = None
    is_from_above: bool = False

    def approver(self, actor: Actor) -> int | None:
        """Nobody approves their own."""
        if self.is_from_above:
            return actor.staff_id
        return self.approved_by_id if self.approved_by_id != actor.staff_id else None


def set_manual_due(session: Session, ticket: Ticket, date: NewDate, *, actor: Actor = SYSTEM, now: datetime) -> bool:
    """Override a due date with a reason; False when that clock does not run.

    Raises LaterDueNeedsApproval when it is later than the present one and nobody entitled approved it (R7),
    PromiseBroken when it is broken: its date moves no more (A1).
    """
    book = open_book(session, ticket)
    held = next(iter(book.live(date.kind)), None)
    if held is None or held.state.due_at is None:
        return False
    due_before = held.state.due_at
    state = recompute.set_manual_due(
        held.state, held.calendar, due_at=date.due_at, approved_by_supervisor_id=date.approver(actor), now=now
    )
    held.clock.manual_due_reason = date.reason or "-"
    store(session, book, held, state, cause="manual", staff_id=actor.staff_id, now=now)
    _tell_due(session, held, due_before, cause="manual", actor=actor, now=now, reason=date.reason)
    keep_next_due(book)
    return True


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


def _chosen(book: ClockBook) -> dict[ClockKind, LoadedRow]:
    ticket = book.ticket
    chosen = book.rulebook.rows_for(
        category_id=ticket.category_id,
        level=ticket.level,
        unit_id=ticket.unit_id,
        channel=ticket.channel,
        priority=ticket.priority,
    )
    return promised_to(chosen, is_appeal=book.latest(ClockKind.APPEAL) is not None)


def _start(session: Session, book: ClockBook, kind: ClockKind, *, started_at: datetime, now: datetime) -> None:
    row = _chosen(book).get(kind)
    if row is None:
        return
    last = book.latest(kind)
    cycle = last.state.cycle + 1 if last is not None else 1
    add_clock(session, book, row, cycle=cycle, started_at=started_at, now=now)


def _stop(session: Session, book: ClockBook, *kinds: ClockKind, now: datetime, unit_id: int | None = None) -> None:
    for held in book.live(*kinds):
        # What somebody was told of had not ended before, whatever the clock says of whoever ends it.
        at = max(now, book.raised_at(held) or now)
        store(session, book, held, recompute.stop(held.state, held.calendar, now=at), now=at)
        if unit_id is not None:
            held.clock.stopped_unit_id = unit_id


def _follow_status(session: Session, book: ClockBook, *, now: datetime) -> None:
    for held in book.live():
        row = book.rulebook.rows.get(held.clock.policy_row_id)
        stands = pauses(
            held.state.kind,
            in_status=TicketStatus(book.ticket.status),
            third_party_pauses=row.row.pauses_for_third_party if row else False,
        )
        change = recompute.pause if stands else recompute.resume
        store(session, book, held, change(held.state, held.calendar, now=now), now=now)


def _tell_due(
    session: Session,
    held: ClockEntry,
    due_before: datetime | None,
    *,
    cause: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    due_at = held.state.due_at
    if due_at is None or due_at == due_before:
        return
    params = {
        "clock": held.state.kind.value,
        "before": due_before.isoformat() if due_before else None,
        "due_at": due_at.isoformat(),
        "cause": cause,
        "reason": reason,
    }
    ticket_id = held.clock.ticket_id
    timeline.add(session, ticket_id, TimelineKind.DUE_CHANGED, actor=actor, is_public=False, params=params, now=now)
