"""Giving back the time of an approved window to the promises that ran in it, a few tickets in each transaction (R16).

Every promise gets the open seconds of its own calendar. One that is broken stays broken and keeps its date (A1): where
it broke within the window, the delay is put down to the outage.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.audit import entries
from tickets.people.actor import SYSTEM
from tickets.promises import exclusions, recompute
from tickets.promises.applying import CouldNotApply
from tickets.promises.arithmetic import Interval
from tickets.promises.calendar import WorkingCalendar, between
from tickets.promises.clocks import ClockBook, ClockEntry, keep_next_due, open_book, store
from tickets.promises.loading import load_rulebook
from tickets.promises.recompute import UNENDED, ClockState
from tickets.schema import Clock, ExclusionCredit, ExclusionWindow, Ticket
from tickets.states import ClockKind, ClockStatus, Priority, TimelineKind

DOWNTIME = "downtime"
CLOCKS_AT_ONCE = 200
_TOLD_TO_CITIZENS = (ClockKind.FIRST, ClockKind.RESOLVE, ClockKind.APPEAL)


@dataclass(frozen=True, slots=True)
class Affected:
    """Promises of one kind and calendar: how many get how much at most, and how many broke within the window."""

    kind: ClockKind
    calendar_key: str
    unbroken: int
    broken_within: int
    seconds: int


def preview(session: Session, window: ExclusionWindow) -> list[Affected]:
    """Which promises the window would reach now, by kind and calendar, in one statement."""
    book = load_rulebook(session)
    unbroken = Clock.first_breach_at.is_(None)
    rows = session.execute(
        select(
            Clock.kind,
            Clock.calendar_version_id,
            func.count().filter(unbroken),
            func.count().filter(~unbroken),
        )
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(_reached(window), Ticket.is_canary.is_(False))
        .group_by(Clock.kind, Clock.calendar_version_id)
    )
    found: dict[tuple[ClockKind, str], Affected] = {}
    for kind, version_id, count, broken in rows:
        calendar = book.calendars[version_id]
        seconds = between(calendar, window.from_at, window.to_at)
        before = found.get((kind, calendar.key), Affected(kind, calendar.key, 0, 0, seconds))
        gets = count if seconds else 0
        found[kind, calendar.key] = replace(
            before, unbroken=before.unbroken + gets, broken_within=before.broken_within + broken
        )
    return sorted((one for one in found.values() if one.unbroken or one.broken_within), key=lambda one: one.kind)


def give_back_next(session: Session, *, failed: CouldNotApply, now: datetime) -> int:
    """Work on the oldest approved window that has something to give back; how many promises that got on.

    A ticket that somebody holds, or that is refused, is come back to; the others do not wait for it.
    """
    windows = exclusions.unapplied(session)
    return next((done for window in windows if (done := _walk(session, window, failed, now=now))), 0)


def _walk(session: Session, window: ExclusionWindow, failed: CouldNotApply, *, now: datetime) -> int:
    """Its next promises. Those that begin meanwhile come behind the last that was looked at.

    Once it is over everything is looked at a last time, because promises that stood still then may run again.
    """
    is_over = now >= window.to_at
    if is_over and not window.is_last_walk:
        exclusions.begin_last_walk(window)
    clocks = session.execute(
        select(Clock.id, Clock.ticket_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(Clock.id > window.walked_to, _reached(window), _not_credited(window), Ticket.is_canary.is_(False))
        .order_by(Clock.id)
        .limit(CLOCKS_AT_ONCE)
    ).all()
    reached, credits = _give_back(session, window, {ticket_id for _, ticket_id in clocks}, failed, now=now)
    # Not past one that could not be reached: it is looked at again, and until then the window is not over.
    passed = [clock_id for clock_id, _ in takewhile(lambda clock: clock.ticket_id in reached, clocks)]
    if passed:
        exclusions.note_walked(window, to_clock_id=passed[-1])
    elif not clocks and is_over:
        exclusions.note_applied(session, window, actor=SYSTEM, now=now)
    session.flush()
    return len(passed) or credits


def credits_of(session: Session, window_id: int) -> tuple[int, int]:
    """How many promises got time back, and of how many tickets."""
    row = session.execute(
        select(func.count(), func.count(ExclusionCredit.ticket_id.distinct())).where(
            ExclusionCredit.window_id == window_id
        )
    ).one()
    return row[0], row[1]


_Stretch = tuple[datetime, datetime]


def credited(
    state: ClockState, calendar: WorkingCalendar, window: Interval, *, but: Iterable[_Stretch] = (), now: datetime
) -> ClockState:
    """The promise without the open time of the window in which it ran or will; a broken one stays as it is (A1).

    `but`: what other windows have given back of the same time.
    """
    if state.status not in UNENDED or recompute.with_breach(state, now=now).first_breach_at is not None:
        return state
    whole = window.from_at, window.to_at or window.from_at
    seconds = sum(_ran_within(state, calendar, part) for part in _without(whole, but))
    return recompute.give_back(state, calendar, seconds=seconds, now=now) if seconds else state


def _without(window: _Stretch, but: Iterable[_Stretch]) -> list[_Stretch]:
    """What is left of the window, in order."""
    left, begin = [], window[0]
    for from_at, to_at in sorted(but):
        left.append((begin, min(from_at, window[1])))
        begin = max(begin, to_at)
    return [(first, last) for first, last in (*left, (begin, window[1])) if first < last]


def _ran_within(state: ClockState, calendar: WorkingCalendar, window: _Stretch) -> int:
    begins, ends = window
    overlaps = ((max(p.from_at, begins), min(p.to_at or ends, ends)) for p in state.intervals)
    return sum(between(calendar, begin, over) for begin, over in overlaps if begin < over)


# Whoever is in danger, or may be, waits for no work of ours: their promise goes on, and its levels with it.
_WAITS_FOR_NOTHING = or_(Ticket.priority == Priority.EMERGENCY, and_(Ticket.is_doubted, Clock.kind == ClockKind.ACCEPT))


def _waits_for_nothing(ticket: Ticket, kind: ClockKind) -> bool:
    return ticket.priority is Priority.EMERGENCY or (ticket.is_doubted and kind is ClockKind.ACCEPT)


def _reached(window: ExclusionWindow) -> ColumnElement[bool]:
    """Open promises that were not over when the window began, and had begun before it ends."""
    due = or_(Clock.due_at > window.from_at, Clock.due_at.is_(None))
    unbroken = and_(Clock.first_breach_at.is_(None), due, ~_WAITS_FOR_NOTHING)
    broken_within = and_(Clock.first_breach_at > window.from_at, Clock.first_breach_at < window.to_at)
    return and_(
        Clock.status.in_(UNENDED),
        Clock.kind.in_(window.clocks),
        Clock.started_at < window.to_at,
        or_(unbroken, and_(broken_within, Clock.breach_cause == "")),
    )


def _not_credited(window: ExclusionWindow) -> ColumnElement[bool]:
    known = select(ExclusionCredit.clock_id).where(
        ExclusionCredit.window_id == window.id, ExclusionCredit.clock_id == Clock.id
    )
    return ~known.exists()


def _give_back(
    session: Session, window: ExclusionWindow, ticket_ids: Iterable[int], failed: CouldNotApply, *, now: datetime
) -> tuple[set[int], int]:
    """The tickets that were reached, each under its lock, which every move of it takes too; how many credits it was."""
    tickets = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(sorted(ticket_ids)))
        .order_by(Ticket.id)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    tried = {ticket.id: _tried(session, window, ticket, failed, now=now) for ticket in tickets}
    credits = sum(found or 0 for found in tried.values())
    return {ticket_id for ticket_id, found in tried.items() if found is not None}, credits


def _tried(
    session: Session, window: ExclusionWindow, ticket: Ticket, failed: CouldNotApply, *, now: datetime
) -> int | None:
    """How many promises got time back. None: it was refused, and nothing of it has changed."""
    try:
        with session.begin_nested():
            rows = _give_back_to(session, window, ticket, now=now)
            if rows:
                session.execute(insert(ExclusionCredit).on_conflict_do_nothing(), rows)
                entries.record_all(session, [_audit_row(row) for row in rows], actor=SYSTEM, now=now)
        return len(rows)
    except Exception as trouble:
        failed(ticket.id, trouble)
        return None


_GIVEN = select(
    ExclusionCredit.clock_id, ExclusionCredit.window_id, ExclusionWindow.from_at, ExclusionWindow.to_at
).join(ExclusionWindow, ExclusionWindow.id == ExclusionCredit.window_id)


def _give_back_to(
    session: Session, window: ExclusionWindow, ticket: Ticket, *, now: datetime
) -> list[dict[str, object]]:
    book = open_book(session, ticket)
    given = defaultdict[int, dict[int, _Stretch]](dict)
    for clock_id, window_id, from_at, to_at in session.execute(_GIVEN.where(ExclusionCredit.ticket_id == ticket.id)):
        given[clock_id][window_id] = (from_at, to_at)
    rows = []
    for held in book.live(*(ClockKind(kind) for kind in window.clocks)):
        had = given[held.clock.id]
        if window.id not in had:
            rows += _credit(session, book, held, window, had.values(), now=now)
    keep_next_due(book)
    session.flush()
    return rows


def _credit(
    session: Session,
    book: ClockBook,
    held: ClockEntry,
    window: ExclusionWindow,
    had: Iterable[_Stretch],
    *,
    now: datetime,
) -> list[dict[str, object]]:
    """`had`: the other windows that gave it time back."""
    before = held.state
    if before.status is ClockStatus.PAUSED and now < window.to_at:
        return []
    broken_at = recompute.with_breach(before, now=now).first_breach_at
    if broken_at is not None:
        _put_down(session, book, held, window, broken_at, now=now)
        return []
    if _waits_for_nothing(book.ticket, before.kind):
        return []
    state = credited(before, held.calendar, Interval(window.from_at, window.to_at), but=had, now=now)
    if state == before:
        return []
    store(session, book, held, state, cause=DOWNTIME, now=now)
    _tell(session, held, before.due_at, now=now)
    return [
        {
            "window_id": window.id,
            "clock_id": held.clock.id,
            "ticket_id": held.clock.ticket_id,
            "seconds": state.granted_seconds - before.granted_seconds,
            "due_before": before.due_at,
            "due_at": state.due_at,
            "at": now,
        }
    ]


def _put_down(
    session: Session, book: ClockBook, held: ClockEntry, window: ExclusionWindow, broken_at: datetime, *, now: datetime
) -> None:
    """It broke while we were away: it stays broken, and nobody is blamed for it on any page."""
    if window.from_at < broken_at < window.to_at and not held.state.breach_cause:
        store(session, book, held, replace(held.state, breach_cause=DOWNTIME), now=now)


def _tell(session: Session, held: ClockEntry, due_before: datetime | None, *, now: datetime) -> None:
    """Citizens read why a date moved that they were told."""
    due_at = held.state.due_at
    if due_at is None or due_at == due_before:
        return
    params = {
        "clock": held.state.kind.value,
        "before": due_before.isoformat() if due_before else None,
        "due_at": due_at.isoformat(),
        "cause": DOWNTIME,
        "reason": "",
    }
    is_told, ticket_id = held.state.kind in _TOLD_TO_CITIZENS, held.clock.ticket_id
    timeline.add(session, ticket_id, TimelineKind.DUE_CHANGED, actor=SYSTEM, is_public=is_told, params=params, now=now)


def _audit_row(row: dict[str, object]) -> dict[str, object]:
    return {
        "action": "exclusion.credited",
        "subject_kind": "clock",
        "subject_id": row["clock_id"],
        "ticket_id": row["ticket_id"],
        "params": {"seconds": row["seconds"], "window": row["window_id"]},
    }
