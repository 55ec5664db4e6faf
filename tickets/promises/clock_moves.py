"""How single clocks of a ticket begin, stop, pause and go on, whatever event moves them; the room of the ledger."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.people.actor import Actor
from tickets.promises import recompute
from tickets.promises.arithmetic import pauses
from tickets.promises.clocks import ClockBook, ClockEntry, add_clock, store
from tickets.promises.loading import LoadedRow
from tickets.promises.opening import promised_to
from tickets.states import ClockKind, TicketStatus, TimelineKind

# What a change of priority, category or policy reaches: everything that still runs (R7).
PROMISED = (
    ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.NEXT, ClockKind.UPDATE, ClockKind.RESOLVE, ClockKind.APPEAL,
)  # fmt: skip


def chosen(book: ClockBook) -> dict[ClockKind, LoadedRow]:
    ticket = book.ticket
    chosen = book.rulebook.rows_for(
        category_id=ticket.category_id,
        level=ticket.level,
        unit_id=ticket.unit_id,
        channel=ticket.channel,
        priority=ticket.priority,
        is_doubted=ticket.is_doubted,
        is_praise=ticket.is_praise,
    )
    return promised_to(chosen, is_appeal=book.latest(ClockKind.APPEAL) is not None)


def start(session: Session, book: ClockBook, kind: ClockKind, *, started_at: datetime, now: datetime) -> None:
    row = chosen(book).get(kind)
    if row is None:
        return
    last = book.latest(kind)
    cycle = last.state.cycle + 1 if last is not None else 1
    add_clock(session, book, row, cycle=cycle, started_at=started_at, now=now)


def stop(session: Session, book: ClockBook, *kinds: ClockKind, now: datetime, unit_id: int | None = None) -> None:
    for held in book.live(*kinds):
        # What somebody was told of had not ended before, whatever the clock says of whoever ends it.
        at = max(now, book.raised_at(held) or now)
        store(session, book, held, recompute.stop(held.state, held.calendar, now=at), now=at)
        if unit_id is not None:
            held.clock.stopped_unit_id = unit_id


def follow_status(session: Session, book: ClockBook, *, now: datetime) -> None:
    for held in book.live():
        row = book.rulebook.rows.get(held.clock.policy_row_id)
        stands = pauses(
            held.state.kind,
            in_status=TicketStatus(book.ticket.status),
            third_party_pauses=row.row.pauses_for_third_party if row else False,
        )
        change = recompute.pause if stands else recompute.resume
        store(session, book, held, change(held.state, held.calendar, now=now), now=now)


def tell_due(
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
