"""The rows of a ticket's clocks: read into states, written back with their intervals and the steps they plan (R13)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tickets.promises import day_totals, recompute, standing_levels
from tickets.promises.arithmetic import PAUSE_CAP_FACTOR, Interval
from tickets.promises.breaches import Breach, write_breaches
from tickets.promises.calendar import WorkingCalendar
from tickets.promises.holds import keep_holds
from tickets.promises.loading import LoadedRow, PromiseRulebook, load_rulebook
from tickets.promises.plan import plan
from tickets.promises.recompute import ClockState
from tickets.promises.taken_up_again import taken_up_again_at
from tickets.schema import Clock, ClockInterval, PlannedStep, Ticket
from tickets.schema.rows import insert_rows
from tickets.states import ClockKind, ClockStatus, Priority, StepKind, StepResult


@dataclass
class ClockEntry:
    """One clock of a ticket: its row, the rows of its intervals, and the state they tell."""

    clock: Clock
    intervals: list[ClockInterval]
    state: ClockState
    calendar: WorkingCalendar


class RaisedBefore(NamedTuple):
    """What came of an earlier plan of a step: which plan, the due it was raised for, whether void, and when."""

    plan: int
    due_at: datetime
    was_void: bool
    at: datetime


@dataclass
class ClockBook:
    """All clocks of one locked ticket with the rules they run under."""

    ticket: Ticket
    rulebook: PromiseRulebook
    held: list[ClockEntry]
    # What a clock's earlier plans have raised, by clock id, kind and rank.
    fired: dict[tuple[int, StepKind, int], RaisedBefore] = field(default_factory=dict)

    def live(self, *kinds: ClockKind) -> list[ClockEntry]:
        return [h for h in self.held if h.state.status in recompute.UNENDED and (not kinds or h.state.kind in kinds)]

    def latest(self, kind: ClockKind) -> ClockEntry | None:
        return max((h for h in self.held if h.state.kind is kind), key=lambda h: h.state.cycle, default=None)

    def raised_at(self, held: ClockEntry) -> datetime | None:
        """When a level of this clock was raised last."""
        levels = (r for (of, kind, _), r in self.fired.items() if of == held.clock.id and kind is StepKind.LEVEL)
        return max((raised.at for raised in levels if not raised.was_void), default=None)


def open_book(session: Session, ticket: Ticket) -> ClockBook:
    """Read the clocks of a ticket that the caller has locked."""
    rulebook = load_rulebook(session)
    clocks = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id).order_by(Clock.id)).all()
    parts: dict[int, list[ClockInterval]] = {clock.id: [] for clock in clocks}
    of_ticket = select(Clock.id).where(Clock.ticket_id == ticket.id)
    for part in session.scalars(
        select(ClockInterval).where(ClockInterval.clock_id.in_(of_ticket)).order_by(ClockInterval.id)
    ):
        parts[part.clock_id].append(part)
    held = []
    for clock in clocks:
        state = _state(clock, parts[clock.id], rulebook.rows.get(clock.policy_row_id))
        held.append(ClockEntry(clock, parts[clock.id], state, rulebook.calendars[clock.calendar_version_id]))
    return ClockBook(ticket, rulebook, held, _fired(session, ticket.id))


def add_clock(
    session: Session, book: ClockBook, row: LoadedRow, *, cycle: int, started_at: datetime, now: datetime
) -> ClockEntry:
    """A new clock of the ticket, running since `started_at`."""
    calendar = book.rulebook.calendars[row.calendar_version_id]
    state = started(row, calendar, cycle=cycle, started_at=started_at)
    clock = Clock(ticket_id=book.ticket.id, **columns(state, row))
    session.add(clock)
    session.flush()
    interval = ClockInterval(clock_id=clock.id, from_at=state.intervals[0].from_at)
    session.add(interval)
    held = ClockEntry(clock, [interval], state, calendar)
    book.held.append(held)
    _replan(session, book, held, now=now)
    return held


def store(
    session: Session,
    book: ClockBook,
    held: ClockEntry,
    state: ClockState,
    *,
    row: LoadedRow | None = None,
    cause: str = "",
    staff_id: int | None = None,
    now: datetime,
) -> None:
    """Write a clock's next state; `row` when another policy row now applies, `cause` when its due date was changed."""
    if state == held.state and row is None:
        return
    before = recompute.with_breach(held.state, now=now)
    state = recompute.with_breach(
        replace(state, first_breach_at=before.first_breach_at or state.first_breach_at), now=now
    )
    held.state, clock = state, held.clock
    if row is not None:
        held.calendar = book.rulebook.calendars[row.calendar_version_id]
        clock.policy_row_id, clock.calendar_version_id = row.id, row.calendar_version_id
        clock.chain_version_id = row.chain_version_id
    if cause and before.due_at is not None and before.due_at != state.due_at:
        past = {"at": now.isoformat(), "due_at": before.due_at.isoformat(), "cause": cause, "staff_id": staff_id}
        clock.history = [*clock.history, past]
    for name, value in _mutable(state).items():
        setattr(clock, name, value)
    _store_intervals(session, held)
    _note_breach(book.ticket, held, now=now)
    if state.first_breach_at is not None and clock.first_breach_at is None:
        _write_breach(session, book.ticket, held, before, now=now)
    if state.status in recompute.STOPPED and before.status in recompute.UNENDED:
        clock.stopped_unit_id = book.ticket.unit_id
    elif state.status is ClockStatus.RUNNING and before.status in recompute.STOPPED:
        clock.stopped_unit_id = None
    if before.stopped_at is not None and (before.stopped_at, before.status) != (state.stopped_at, state.status):
        day_totals.forget(session, [before.stopped_at, state.stopped_at], now=now)
    _replan(session, book, held, now=now)
    if any(of == clock.id and kind is StepKind.LEVEL for of, kind, _rank in book.fired):
        standing_levels.refresh(session, [clock.ticket_id])


def keep_next_due(book: ClockBook) -> None:
    """The earliest due of the running clocks is what lists are sorted by."""
    running = [(h.state.due_at, h.state.kind) for h in book.held if h.state.status is ClockStatus.RUNNING]
    book.ticket.next_due_at, book.ticket.next_due_kind = next_due(running)


def next_due(running: Iterable[tuple[datetime | None, ClockKind]]) -> tuple[datetime | None, str | None]:
    dues = [(due_at, kind.value) for due_at, kind in running if due_at is not None]
    return min(dues) if dues else (None, None)


def started(row: LoadedRow, calendar: WorkingCalendar, *, cycle: int, started_at: datetime) -> ClockState:
    return recompute.start(
        calendar,
        kind=row.row.clock,
        target_seconds=row.row.target_seconds,
        cycle=cycle,
        pause_cap_factor=row.row.pause_cap_factor,
        now=started_at,
    )


def columns(state: ClockState, row: LoadedRow) -> dict[str, Any]:
    """A new clock's row, but for its ticket."""
    return {
        "kind": state.kind,
        "cycle": state.cycle,
        "policy_row_id": row.id,
        "calendar_version_id": row.calendar_version_id,
        "chain_version_id": row.chain_version_id,
        "started_at": state.intervals[0].from_at,
        **_mutable(state),
    }


def planned_rows(
    state: ClockState,
    row: LoadedRow,
    rulebook: PromiseRulebook,
    *,
    ticket_id: int,
    clock_id: int,
    priority: Priority,
    now: datetime,
) -> list[dict[str, Any]]:
    """The rows of everything this clock has ahead of it."""
    chain = rulebook.chain_of(row.chain_version_id)
    steps = plan(
        state,
        rulebook.calendars[row.calendar_version_id],
        chain=chain.chain if chain else None,
        warn=row.row.warn,
        calendars=rulebook.step_calendars(row.chain_version_id),
        priority=priority,
        now=now,
    )
    return [
        {
            "ticket_id": ticket_id,
            "clock_id": clock_id,
            "kind": step.kind,
            "rank": step.rank,
            "plan": 1,
            "chain_step_id": chain.step_ids.get(step.rank) if chain and step.kind is StepKind.LEVEL else None,
            "planned_at": step.planned_at,
            "due_at": state.due_at,
            "detail": {"delivery": step.delivery.value},
        }
        for step in steps
    ]


def _replan(session: Session, book: ClockBook, held: ClockEntry, *, now: datetime) -> None:
    """Delete what had not fired and plan anew (R13).

    A step that fired already is planned again, as a further plan, only when the due date has moved so far that its
    time is still to come: a reopened or re-dated promise climbs the same levels a second time.
    """
    clock = held.clock
    session.flush()
    session.execute(delete(PlannedStep).where(PlannedStep.clock_id == clock.id, PlannedStep.fired_at.is_(None)))
    rows = planned_rows(
        held.state,
        book.rulebook.rows[clock.policy_row_id],
        book.rulebook,
        ticket_id=clock.ticket_id,
        clock_id=clock.id,
        priority=book.ticket.priority,
        now=now,
    )
    if book.fired:
        rows = keep_holds(session, clock.id, rows, since=taken_up_again_at(clock.history))
    wanted = []
    for row in rows:
        fired = book.fired.get((clock.id, row["kind"], row["rank"]))
        if fired is None:
            wanted.append(row)
            continue
        if fired.was_void or (row["planned_at"] > now and row["due_at"] != fired.due_at):
            wanted.append({**row, "plan": fired.plan + 1})
    insert_rows(session, (PlannedStep, wanted))


def _fired(session: Session, ticket_id: int) -> dict[tuple[int, StepKind, int], RaisedBefore]:
    statement = (
        select(
            PlannedStep.clock_id, PlannedStep.kind, PlannedStep.rank,
            PlannedStep.plan, PlannedStep.due_at, PlannedStep.result, PlannedStep.fired_at,
        )
        .where(PlannedStep.ticket_id == ticket_id, PlannedStep.fired_at.is_not(None))
        .order_by(PlannedStep.plan)
    )  # fmt: skip
    return {
        (row.clock_id, row.kind, row.rank): RaisedBefore(
            row.plan, row.due_at, row.result is StepResult.VOID, row.fired_at
        )
        for row in session.execute(statement)
    }


def _state(clock: Clock, parts: Sequence[ClockInterval], row: LoadedRow | None) -> ClockState:
    return ClockState(
        kind=clock.kind,
        cycle=clock.cycle,
        target_seconds=clock.target_seconds,
        status=clock.status,
        intervals=tuple(Interval(part.from_at, part.to_at) for part in parts),
        pause_cap_factor=row.row.pause_cap_factor if row else PAUSE_CAP_FACTOR,
        consumed_seconds=clock.consumed_seconds,
        granted_seconds=clock.granted_seconds,
        running_since=clock.running_since,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        paused_since=clock.paused_since,
        paused_seconds=clock.paused_seconds,
        breach_cause=clock.breach_cause,
        is_manual=bool(clock.manual_due_reason),
        was_reopened=clock.was_reopened,
        cancel_reason=clock.cancel_reason,
        first_breach_at=clock.first_breach_at,
    )


def _mutable(state: ClockState) -> Mapping[str, Any]:
    return {
        "status": state.status,
        "target_seconds": state.target_seconds,
        "consumed_seconds": state.consumed_seconds,
        "granted_seconds": state.granted_seconds,
        "running_since": state.running_since,
        "due_at": state.due_at,
        "stopped_at": state.stopped_at,
        "paused_since": state.paused_since,
        "paused_seconds": state.paused_seconds,
        "breach_cause": state.breach_cause,
        "was_reopened": state.was_reopened,
        "cancel_reason": state.cancel_reason,
    }


def _store_intervals(session: Session, held: ClockEntry) -> None:
    for part, stored in zip(held.state.intervals, held.intervals, strict=False):
        stored.to_at = part.to_at
    for part in held.state.intervals[len(held.intervals) :]:
        added = ClockInterval(clock_id=held.clock.id, from_at=part.from_at, to_at=part.to_at)
        session.add(added)
        held.intervals.append(added)


def _note_breach(ticket: Ticket, held: ClockEntry, *, now: datetime) -> None:
    """Who held the ticket when the promise broke is noted at the first change after it (R23)."""
    if held.state.status is ClockStatus.CANCELLED or not recompute.is_breached(held.state, now=now):
        if held.state.status is not ClockStatus.CANCELLED:
            held.clock.breached_at = None
            # Once broken, it stays with whoever had it then.
            if held.clock.first_breach_at is None:
                held.clock.due_unit_id = None
        return
    held.clock.breached_at = held.state.due_at
    if held.clock.due_unit_id is None:
        held.clock.due_unit_id = ticket.unit_id


def _write_breach(session: Session, ticket: Ticket, held: ClockEntry, before: ClockState, *, now: datetime) -> None:
    """The fact, with the date as it had been promised: a change that breaks a promise has taken that one away."""
    clock, broken_at = held.clock, held.state.first_breach_at
    if broken_at is None:
        return
    clock.first_breach_at = broken_at
    clock.due_unit_id = clock.due_unit_id or ticket.unit_id
    was_broken = before.first_breach_at is not None
    breach = Breach(
        clock_id=clock.id,
        ticket_id=clock.ticket_id,
        kind=clock.kind,
        cycle=clock.cycle,
        due_at=before.due_at or broken_at,
        breached_at=broken_at,
        unit_id=clock.due_unit_id,
        staff_id=ticket.assignee_id,
        cause=before.breach_cause if was_broken else held.state.breach_cause,
    )
    write_breaches(session, [breach], now=now)
