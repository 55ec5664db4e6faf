"""The clock as a small state machine: a state and an event give the next state; the database only loads and stores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tickets.promises.arithmetic import (
    Interval,
    consumed_seconds,
    default_pause_cap_seconds,
    due_after,
    is_met,
    reached_at,
    reopening_floor_seconds,
)
from tickets.promises.calendar import Calendar, add, between
from tickets.promises.states import LIVE, STOPPED, BreachCause, ClockKind, ClockStatus


class LaterDueNeedsApproval(Exception):
    """A manual due date after the present one needs a supervisor's approval (R7)."""

    def __init__(self, due_at: datetime, wanted: datetime) -> None:
        super().__init__(due_at, wanted)
        self.due_at = due_at
        self.wanted = wanted


@dataclass(frozen=True)
class ClockState:
    """One clock of one cycle, as its row and its interval rows tell it.

    Instants are whole UTC seconds. `due_at` is None while a promise that was not yet broken is paused.
    `granted_seconds` is what reopening added to the target (R9). `paused_seconds` counts finished pauses in open
    seconds. `manual_due_at` overrides the computed due instant; the target stays the policy's.
    """

    kind: ClockKind
    cycle: int
    target_seconds: int
    calendar_key: str
    status: ClockStatus
    intervals: tuple[Interval, ...]
    consumed_seconds: int = 0
    running_since: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    paused_since: datetime | None = None
    paused_seconds: int = 0
    pause_cap_seconds: int = 0
    granted_seconds: int = 0
    breach_cause: BreachCause = BreachCause.TIME
    manual_due_at: datetime | None = None
    reopened_from: tuple[ClockStatus, ...] = ()
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None

    @property
    def allowance_seconds(self) -> int:
        """Target plus what reopening granted."""
        return self.target_seconds + self.granted_seconds


def is_breached(state: ClockState, *, now: datetime) -> bool:
    """Whether the promise is broken by `now`; the breach happened at `due_at`, never when it was seen (R16)."""
    if state.status is ClockStatus.CANCELLED:
        return False
    if state.status in STOPPED:
        return state.status is ClockStatus.MISSED
    return state.due_at is not None and now > state.due_at


def consumed_by(state: ClockState, calendar: Calendar, *, now: datetime) -> int:
    return consumed_seconds(calendar, state.intervals, now=now)


def start(
    calendar: Calendar,
    *,
    kind: ClockKind,
    target_seconds: int,
    cycle: int = 1,
    pause_cap_seconds: int | None = None,
    now: datetime,
) -> ClockState:
    """A fresh clock. For `first` and `resolve`, `now` is when the contact *arrived* (R5)."""
    at = _whole_second(now)
    cap = default_pause_cap_seconds(target_seconds) if pause_cap_seconds is None else pause_cap_seconds
    return ClockState(
        kind=kind,
        cycle=cycle,
        target_seconds=target_seconds,
        calendar_key=calendar.key,
        status=ClockStatus.RUNNING,
        intervals=(Interval(at),),
        running_since=at,
        due_at=add(calendar, at, target_seconds),
        pause_cap_seconds=cap,
    )


def pause(state: ClockState, calendar: Calendar, *, now: datetime) -> ClockState:
    """Stand still (R6). A clock whose pauses are used up, or that does not run, goes on as it was."""
    if state.status is not ClockStatus.RUNNING or pause_left_seconds(state, calendar, now=now) <= 0:
        return state
    at = _not_before_start(state, now)
    closed = _closed(state, calendar, at)
    # A promise already broken keeps its due instant: waiting for the citizen must not make the breach later.
    due_at = state.due_at if state.due_at is not None and state.due_at <= at else None
    return replace(closed, status=ClockStatus.PAUSED, paused_since=at, due_at=due_at)


def resume(state: ClockState, calendar: Calendar, *, now: datetime) -> ClockState:
    """Run again, at the latest from the instant the pause cap ran out, even if nobody woke the clock then (R6)."""
    if state.status is not ClockStatus.PAUSED or state.paused_since is None:
        return state
    at = max(_whole_second(now), state.paused_since)
    wake_at = latest_wake_at(state, calendar)
    resumed_at = min(at, wake_at) if wake_at is not None else at
    paused = between(calendar, state.paused_since, resumed_at)
    manual = _shifted_manual_due(state, calendar, resumed_at)
    running = _running_from(replace(state, manual_due_at=manual), resumed_at)
    running = replace(running, paused_seconds=state.paused_seconds + paused, paused_since=None)
    if state.due_at is not None:
        return running
    return replace(running, due_at=manual or _due_at(running, calendar, resumed_at))


def stop(state: ClockState, calendar: Calendar, *, now: datetime) -> ClockState:
    """End the clock and decide there and then whether it was met (R17)."""
    if state.status not in LIVE:
        return state
    at = _whole_second(now)
    wake_at = latest_wake_at(state, calendar)
    if wake_at is not None and wake_at < at:
        state = resume(state, calendar, now=at)
    at = max(at, state.running_since or state.paused_since or at)
    closed = _closed(state, calendar, at) if state.status is ClockStatus.RUNNING else _pause_ended(state, calendar, at)
    met = is_met(stopped_at=at, due_at=state.due_at)
    return replace(closed, status=ClockStatus.MET if met else ClockStatus.MISSED, stopped_at=at)


def retarget(
    state: ClockState,
    calendar: Calendar,
    *,
    target_seconds: int,
    pause_cap_seconds: int | None = None,
    now: datetime,
) -> ClockState:
    """Another priority, category, policy or calendar (R7).

    What was consumed is counted anew from the intervals under the new calendar. If nothing is left, the promise
    breaks now with cause `change`; but a promise that was already broken keeps its old breach, or raising the
    priority would wipe it out. A manual due date stays; closed clocks never change (R21).
    """
    if state.status not in LIVE:
        return state
    at = _not_before_start(state, now)
    cap = default_pause_cap_seconds(target_seconds) if pause_cap_seconds is None else pause_cap_seconds
    changed = replace(
        state,
        target_seconds=target_seconds,
        calendar_key=calendar.key,
        consumed_seconds=consumed_seconds(calendar, (p for p in state.intervals if p.to_at is not None), now=at),
        pause_cap_seconds=cap,
    )
    if state.manual_due_at is not None:
        return changed
    left = changed.allowance_seconds - consumed_by(changed, calendar, now=at)
    if left > 0:
        due_at = add(calendar, at, left) if state.status is ClockStatus.RUNNING else None
        return replace(changed, due_at=due_at, breach_cause=BreachCause.TIME)
    if state.due_at is not None and state.due_at <= at:
        return changed
    return replace(changed, due_at=at, breach_cause=BreachCause.CHANGE)


def reopen(state: ClockState, calendar: Calendar, *, now: datetime) -> ClockState:
    """The same cycle goes on with what it had consumed, and never breaks at once (R9)."""
    if state.status not in STOPPED or state.stopped_at is None:
        return state
    at = max(_whole_second(now), state.stopped_at)
    left = state.allowance_seconds - state.consumed_seconds
    missing = max(0, reopening_floor_seconds(state.target_seconds) - left)
    running = _running_from(
        replace(
            state,
            granted_seconds=state.granted_seconds + missing,
            reopened_from=(*state.reopened_from, state.status),
            breach_cause=BreachCause.TIME,
            stopped_at=None,
        ),
        at,
    )
    due_at = _due_at(running, calendar, at)
    if state.manual_due_at is not None and state.manual_due_at > due_at:
        return replace(running, due_at=state.manual_due_at)
    return replace(running, due_at=due_at, manual_due_at=None)


def cancel(state: ClockState, calendar: Calendar, *, reason: str, now: datetime) -> ClockState:
    """Neither met nor missed (R10): a duplicate, a withdrawal, spam. What had been decided is kept for `restore`."""
    if state.status is ClockStatus.CANCELLED:
        return state
    at = _not_before_start(state, now)
    ended = state
    if state.status is ClockStatus.RUNNING:
        ended = _closed(state, calendar, at)
    elif state.status is ClockStatus.PAUSED:
        ended = _pause_ended(state, calendar, at)
    return replace(ended, status=ClockStatus.CANCELLED, cancelled_at=at, cancel_reason=reason)


def restore(state: ClockState, calendar: Calendar, *, now: datetime) -> ClockState:
    """Undo a cancellation from the intervals (R10): a stopped clock gets its verdict back, another one runs on."""
    if state.status is not ClockStatus.CANCELLED:
        return state
    back = replace(state, cancelled_at=None, cancel_reason=None)
    if state.stopped_at is not None:
        met = is_met(stopped_at=state.stopped_at, due_at=state.due_at)
        return replace(back, status=ClockStatus.MET if met else ClockStatus.MISSED)
    at = max(_whole_second(now), state.cancelled_at or now)
    running = _running_from(back, at)
    already_broken = state.due_at is not None and state.cancelled_at is not None and state.due_at <= state.cancelled_at
    if already_broken:
        return running
    return replace(running, due_at=state.manual_due_at or _due_at(running, calendar, at))


def set_manual_due(
    state: ClockState, *, due_at: datetime, approved_by_supervisor_id: int | None = None, now: datetime
) -> ClockState:
    """Override the due instant (R7); the caller records the reason.

    Raises LaterDueNeedsApproval when it is later than the present one and no supervisor approved.
    """
    if state.status is not ClockStatus.RUNNING or state.due_at is None:
        return state
    wanted = _whole_second(due_at)
    if wanted > state.due_at and approved_by_supervisor_id is None:
        raise LaterDueNeedsApproval(state.due_at, wanted)
    cause = BreachCause.CHANGE if wanted <= now < state.due_at else BreachCause.TIME
    # A date already past breaks the promise now, not retroactively for whoever held the ticket then.
    broken_by_this = cause is BreachCause.CHANGE
    effective = _whole_second(now) if broken_by_this else wanted
    return replace(state, due_at=effective, manual_due_at=effective, breach_cause=cause)


def take_earlier_due(master: ClockState, *, duplicate_due_at: datetime | None) -> ClockState:
    """The master's promise is the earlier of its own and the duplicate's (R10)."""
    if master.status is not ClockStatus.RUNNING or master.due_at is None or duplicate_due_at is None:
        return master
    if duplicate_due_at >= master.due_at:
        return master
    return replace(master, due_at=duplicate_due_at, manual_due_at=duplicate_due_at)


def pause_left_seconds(state: ClockState, calendar: Calendar, *, now: datetime) -> int:
    """Open seconds the clock may still stand still."""
    running_pause = between(calendar, state.paused_since, now) if state.paused_since is not None else 0
    return max(0, state.pause_cap_seconds - state.paused_seconds - running_pause)


def latest_wake_at(state: ClockState, calendar: Calendar) -> datetime | None:
    """When a paused clock runs again by itself because its pauses are used up; None unless paused."""
    if state.status is not ClockStatus.PAUSED or state.paused_since is None:
        return None
    return add(calendar, state.paused_since, max(0, state.pause_cap_seconds - state.paused_seconds))


def share_reached_at(state: ClockState, calendar: Calendar, *, share: float) -> datetime | None:
    """The instant at which `share` of the promise is used; None while the clock stands still before it.

    Exact for past instants too, because it replays the intervals. Under a manual due date the promise reaches from
    what was consumed when the clock last started to that date.
    """
    allowance = state.allowance_seconds
    if state.manual_due_at is not None and state.running_since is not None:
        allowance = state.consumed_seconds + between(calendar, state.running_since, state.manual_due_at)
    return reached_at(calendar, state.intervals, int(allowance * share))


def _due_at(state: ClockState, calendar: Calendar, at: datetime) -> datetime:
    consumed = consumed_by(state, calendar, now=at)
    return due_after(calendar, target_seconds=state.allowance_seconds, consumed=consumed, now=at)


def _running_from(state: ClockState, at: datetime) -> ClockState:
    return replace(
        state,
        status=ClockStatus.RUNNING,
        running_since=at,
        intervals=(*state.intervals, Interval(at)),
        paused_since=None,
    )


def _closed(state: ClockState, calendar: Calendar, at: datetime) -> ClockState:
    parts = tuple(p if p.to_at is not None else Interval(p.from_at, max(p.from_at, at)) for p in state.intervals)
    return replace(
        state, intervals=parts, running_since=None, consumed_seconds=consumed_seconds(calendar, parts, now=at)
    )


def _pause_ended(state: ClockState, calendar: Calendar, at: datetime) -> ClockState:
    paused = between(calendar, state.paused_since, at) if state.paused_since is not None else 0
    return replace(state, paused_seconds=state.paused_seconds + paused, paused_since=None)


def _shifted_manual_due(state: ClockState, calendar: Calendar, resumed_at: datetime) -> datetime | None:
    if state.manual_due_at is None or state.paused_since is None or state.manual_due_at <= state.paused_since:
        return state.manual_due_at
    if resumed_at == state.paused_since:
        return state.manual_due_at
    return add(calendar, resumed_at, between(calendar, state.paused_since, state.manual_due_at))


def _not_before_start(state: ClockState, now: datetime) -> datetime:
    """Two machines' clocks may differ by minutes: an event never lies before the run or pause that it ends."""
    at = _whole_second(now)
    return max(at, state.running_since or state.paused_since or at)


def _whole_second(at: datetime) -> datetime:
    """A promise counts whole seconds, so that intervals add up and a stored due instant can be replayed."""
    return at.replace(microsecond=0)
