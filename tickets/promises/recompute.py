"""The clock as a small state machine: a state and an event give the next state; the database only loads and stores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tickets.errors import LaterDueNeedsApproval, PromiseBroken
from tickets.promises.arithmetic import (
    PAUSE_CAP_FACTOR,
    Interval,
    consumed_seconds,
    due_after,
    is_met,
    pause_cap_seconds,
    reached_at,
    reopening_floor_seconds,
)
from tickets.promises.calendar import WorkingCalendar, add, between
from tickets.states import ClockKind, ClockStatus

UNENDED = frozenset({ClockStatus.RUNNING, ClockStatus.PAUSED})
STOPPED = frozenset({ClockStatus.MET, ClockStatus.MISSED})

CHANGE = "change"
"""Breach cause of a promise shortened below what had already passed: nobody is blamed for earlier time (R7)."""


@dataclass(frozen=True)
class ClockState:
    """One clock of one cycle, as its row and its interval rows tell it.

    Instants but `stopped_at` are whole UTC seconds. `consumed_seconds` counts closed intervals only. `due_at` is None
    while a promise that was not yet broken is paused. `granted_seconds` is what a reopening (R9), a manual date (R7) or
    a duplicate with an earlier promise (R10) added to the target or, negative, took from it. `paused_seconds` counts
    finished pauses in open seconds. `breach_cause` is '' for lateness. `first_breach_at`, once set, is never lost:
    whatever becomes of the due date later, the promise was broken (A1).
    """

    kind: ClockKind
    cycle: int
    target_seconds: int
    status: ClockStatus
    intervals: tuple[Interval, ...]
    pause_cap_factor: float = PAUSE_CAP_FACTOR
    consumed_seconds: int = 0
    granted_seconds: int = 0
    running_since: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    paused_since: datetime | None = None
    paused_seconds: int = 0
    breach_cause: str = ""
    is_manual: bool = False
    was_reopened: bool = False
    cancel_reason: str = ""
    first_breach_at: datetime | None = None

    @property
    def allowance_seconds(self) -> int:
        """Target and grant together: the open seconds after which the promise is broken."""
        return self.target_seconds + self.granted_seconds


def is_breached(state: ClockState, *, now: datetime) -> bool:
    """Whether the promise is broken by `now`; the breach happened at `due_at`, never when it was seen (R16)."""
    if state.status is ClockStatus.CANCELLED:
        return False
    if state.status in STOPPED:
        return state.status is ClockStatus.MISSED
    return state.due_at is not None and now > state.due_at


def with_breach(state: ClockState, *, now: datetime) -> ClockState:
    """The same clock with its first breach, if there is one by `now`: before its due date is moved (A1)."""
    if state.first_breach_at is not None or not is_breached(state, now=now):
        return state
    return replace(state, first_breach_at=state.due_at)


def consumed_by(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> int:
    return consumed_seconds(calendar, state.intervals, now=now)


def start(
    calendar: WorkingCalendar,
    *,
    kind: ClockKind,
    target_seconds: int,
    cycle: int = 1,
    pause_cap_factor: float = PAUSE_CAP_FACTOR,
    now: datetime,
) -> ClockState:
    """A fresh clock. For `first` and `resolve`, `now` is when the contact *arrived* (R5)."""
    at = _whole_second(now)
    return ClockState(
        kind=kind,
        cycle=cycle,
        target_seconds=target_seconds,
        status=ClockStatus.RUNNING,
        intervals=(Interval(at),),
        running_since=at,
        due_at=add(calendar, at, target_seconds),
        pause_cap_factor=pause_cap_factor,
    )


def pause(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> ClockState:
    """Stand still (R6). A clock whose pauses are used up, or that does not run, goes on as it was."""
    if state.status is not ClockStatus.RUNNING or pause_left_seconds(state, calendar, now=now) <= 0:
        return state
    at = _not_before_start(state, now)
    closed = _closed(state, calendar, at)
    # A promise already broken keeps its due instant: waiting for the citizen must not make the breach later.
    due_at = state.due_at if state.due_at is not None and state.due_at <= at else None
    return replace(closed, status=ClockStatus.PAUSED, paused_since=at, due_at=due_at)


def resume(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> ClockState:
    """Run again, at the latest from the instant the pause cap ran out, even if nobody woke the clock then (R6)."""
    if state.status is not ClockStatus.PAUSED or state.paused_since is None:
        return state
    at = max(_whole_second(now), state.paused_since)
    wake_at = latest_wake_at(state, calendar)
    resumed_at = min(at, wake_at) if wake_at is not None else at
    paused = between(calendar, state.paused_since, resumed_at)
    running = replace(_running_from(state, resumed_at), paused_seconds=state.paused_seconds + paused)
    if state.due_at is not None:
        return running
    return replace(running, due_at=_due_at(running, calendar, resumed_at))


def stop(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> ClockState:
    """End the clock and decide there and then whether it was met (R17)."""
    if state.status not in UNENDED:
        return state
    at = _whole_second(now)
    wake_at = latest_wake_at(state, calendar)
    if wake_at is not None and wake_at < at:
        state = resume(state, calendar, now=at)
    at = max(at, state.running_since or state.paused_since or at)
    closed = _closed(state, calendar, at) if state.status is ClockStatus.RUNNING else _pause_ended(state, calendar, at)
    # What was used is counted in whole seconds; a stop that was half a second late was late, as a tick would say.
    return _judged(replace(closed, stopped_at=max(at, now)))


def retarget(
    state: ClockState,
    calendar: WorkingCalendar,
    *,
    target_seconds: int,
    pause_cap_factor: float = PAUSE_CAP_FACTOR,
    now: datetime,
) -> ClockState:
    """Another priority, category, policy or calendar (R7); `calendar` is the new one.

    What was consumed is counted anew from the intervals under the new calendar. If nothing is left, the promise
    breaks now with cause `change`; but a promise that was already broken keeps its old breach, or raising the
    priority would wipe it out. A manual due date stays; closed clocks never change (R21).
    """
    if state.status not in UNENDED:
        return state
    state, at = with_breach(state, now=now), _not_before_start(state, now)
    closed_parts = [part for part in state.intervals if part.to_at is not None]
    changed = replace(
        state,
        target_seconds=target_seconds,
        consumed_seconds=consumed_seconds(calendar, closed_parts, now=at),
        pause_cap_factor=pause_cap_factor,
    )
    if state.is_manual and state.due_at is not None:
        return _allowed_until(changed, calendar, state.due_at, at)
    if state.is_manual:
        return replace(changed, granted_seconds=state.allowance_seconds - target_seconds)
    left = changed.allowance_seconds - consumed_by(changed, calendar, now=at)
    if left > 0:
        due_at = add(calendar, at, left) if state.status is ClockStatus.RUNNING else None
        return replace(changed, due_at=due_at, breach_cause="")
    if state.due_at is not None and state.due_at <= at:
        return changed
    return replace(changed, due_at=at, breach_cause=CHANGE, first_breach_at=state.first_breach_at or at)


def reopen(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> ClockState:
    """The same cycle goes on with what it had consumed, and never breaks at once (R9)."""
    if state.status not in STOPPED or state.stopped_at is None:
        return state
    at = max(_whole_second(now), _whole_second(state.stopped_at))
    state = with_breach(state, now=at)
    left = state.allowance_seconds - state.consumed_seconds
    missing = max(0, reopening_floor_seconds(state.target_seconds) - left)
    running = _running_from(
        replace(
            state,
            granted_seconds=state.granted_seconds + missing,
            was_reopened=True,
            breach_cause="",
            stopped_at=None,
        ),
        at,
    )
    return replace(running, due_at=_due_at(running, calendar, at))


def cancel(state: ClockState, calendar: WorkingCalendar, *, reason: str, now: datetime) -> ClockState:
    """Neither met nor missed (R10): a duplicate, a withdrawal, spam. What had been decided is kept for `restore`."""
    if state.status is ClockStatus.CANCELLED:
        return state
    state, at = with_breach(state, now=now), _not_before_start(state, now)
    ended = state
    if state.status is ClockStatus.RUNNING:
        ended = _closed(state, calendar, at)
    elif state.status is ClockStatus.PAUSED:
        ended = _pause_ended(state, calendar, at)
    return replace(ended, status=ClockStatus.CANCELLED, cancel_reason=reason)


def restore(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> ClockState:
    """Undo a cancellation from the intervals (R10): a stopped clock gets its verdict back, another one runs on."""
    if state.status is not ClockStatus.CANCELLED:
        return state
    back = replace(state, cancel_reason="")
    if state.stopped_at is not None:
        return _judged(back)
    last_ran_until = state.intervals[-1].to_at or state.intervals[-1].from_at
    at = max(_whole_second(now), last_ran_until)
    running = _running_from(back, at)
    if state.due_at is not None and state.due_at <= last_ran_until:
        return running
    return replace(running, due_at=_due_at(running, calendar, at))


def set_manual_due(
    state: ClockState,
    calendar: WorkingCalendar,
    *,
    due_at: datetime,
    approved_by_supervisor_id: int | None = None,
    now: datetime,
) -> ClockState:
    """Override the due instant (R7); the caller records the reason.

    A date already past breaks the promise now, not retroactively for whoever held the ticket then. Raises
    LaterDueNeedsApproval when the date is later than the present one and no supervisor approved it, PromiseBroken when
    it is too late for any: a date moves before the breach only (A1).
    """
    if state.status is not ClockStatus.RUNNING or state.due_at is None:
        return state
    if (broken_at := with_breach(state, now=now).first_breach_at) is not None:
        raise PromiseBroken(broken_at)
    at, wanted = _not_before_start(state, now), _whole_second(due_at)
    if wanted > state.due_at and approved_by_supervisor_id is None:
        raise LaterDueNeedsApproval(state.due_at, wanted)
    manual = replace(state, is_manual=True)
    if wanted <= at < state.due_at:
        return replace(_allowed_until(manual, calendar, at, at), breach_cause=CHANGE, first_breach_at=at)
    return replace(_allowed_until(manual, calendar, wanted, at), breach_cause="")


def bring_forward(state: ClockState, calendar: WorkingCalendar, *, due_at: datetime, now: datetime) -> ClockState:
    """Due no later than `due_at`, which somebody else was promised for the same matter (R10).

    One that is past already breaks the promise now, by the change: nobody is blamed for earlier time. What is broken
    keeps its date (A1), and so does what was due sooner.
    """
    if state.status not in UNENDED or with_breach(state, now=now).first_breach_at is not None:
        return state
    at, wanted = _not_before_start(state, now), _whole_second(due_at)
    if state.status is ClockStatus.PAUSED:
        left = min(state.allowance_seconds - state.consumed_seconds, between(calendar, at, wanted))
        return replace(state, granted_seconds=state.consumed_seconds + left - state.target_seconds)
    if state.due_at is None or wanted >= state.due_at:
        return state
    if wanted <= at:
        return replace(_allowed_until(state, calendar, at, at), breach_cause=CHANGE, first_breach_at=at)
    return _allowed_until(state, calendar, wanted, at)


def give_back(state: ClockState, calendar: WorkingCalendar, *, seconds: int, now: datetime) -> ClockState:
    """So many open seconds more, while the promise is not broken: what `bring_forward` or an outage took (R10, R16)."""
    if state.status not in UNENDED or with_breach(state, now=now).first_breach_at is not None:
        return state
    freed = replace(state, granted_seconds=state.granted_seconds + seconds)
    if state.status is ClockStatus.PAUSED:
        return freed
    return replace(freed, due_at=_due_at(freed, calendar, _not_before_start(state, now)))


def pause_left_seconds(state: ClockState, calendar: WorkingCalendar, *, now: datetime) -> int:
    """Open seconds the clock may still stand still."""
    running_pause = between(calendar, state.paused_since, now) if state.paused_since is not None else 0
    return max(0, _pause_cap(state) - state.paused_seconds - running_pause)


def latest_wake_at(state: ClockState, calendar: WorkingCalendar) -> datetime | None:
    """When a paused clock runs again by itself because its pauses are used up; None unless paused."""
    if state.status is not ClockStatus.PAUSED or state.paused_since is None:
        return None
    return add(calendar, state.paused_since, max(0, _pause_cap(state) - state.paused_seconds))


def share_reached_at(state: ClockState, calendar: WorkingCalendar, *, share: float) -> datetime | None:
    """The instant at which `share` of the promise is used; None while the clock stands still before it.

    Exact for past instants too, because it replays the intervals.
    """
    return reached_at(calendar, state.intervals, int(max(0, state.allowance_seconds) * share))


def _judged(state: ClockState) -> ClockState:
    """A stopped clock with its verdict: whatever was broken once is missed, whenever it ends (R17, A1)."""
    if state.stopped_at is None:
        return state
    if not is_met(stopped_at=state.stopped_at, due_at=state.due_at):
        state = replace(state, first_breach_at=state.first_breach_at or state.due_at)
    return replace(state, status=ClockStatus.MET if state.first_breach_at is None else ClockStatus.MISSED)


def _pause_cap(state: ClockState) -> int:
    return pause_cap_seconds(state.target_seconds, factor=state.pause_cap_factor)


def _allowed_until(state: ClockState, calendar: WorkingCalendar, due_at: datetime, at: datetime) -> ClockState:
    """Due at `due_at` from now on, with the grant that makes a later pause move it rightly."""
    if state.running_since is None or due_at < at:
        return replace(state, due_at=due_at)
    allowance = consumed_by(state, calendar, now=at) + between(calendar, at, due_at)
    return replace(state, due_at=due_at, granted_seconds=allowance - state.target_seconds)


def _due_at(state: ClockState, calendar: WorkingCalendar, at: datetime) -> datetime:
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


def _closed(state: ClockState, calendar: WorkingCalendar, at: datetime) -> ClockState:
    parts = tuple(p if p.to_at is not None else Interval(p.from_at, max(p.from_at, at)) for p in state.intervals)
    return replace(
        state, intervals=parts, running_since=None, consumed_seconds=consumed_seconds(calendar, parts, now=at)
    )


def _pause_ended(state: ClockState, calendar: WorkingCalendar, at: datetime) -> ClockState:
    paused = between(calendar, state.paused_since, at) if state.paused_since is not None else 0
    return replace(state, paused_seconds=state.paused_seconds + paused, paused_since=None)


def _not_before_start(state: ClockState, now: datetime) -> datetime:
    """Two machines' clocks may differ by minutes: an event never lies before the run or pause that it ends."""
    at = _whole_second(now)
    return max(at, state.running_since or state.paused_since or at)


def _whole_second(at: datetime) -> datetime:
    """A promise counts whole seconds, so that intervals add up and a stored due instant can be replayed."""
    return at.replace(microsecond=0)
