"""Planning: which warnings and which levels of a chain a clock will reach, and when (rules R11-R13, R18, R20)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from tickets.promises.arithmetic import Interval, reached_at
from tickets.promises.calendar import ROUND_THE_CLOCK, WorkingCalendar, add
from tickets.promises.recompute import ClockState, share_reached_at
from tickets.states import ClockKind, ClockStatus, Priority, StepKind

WARNING_SHARES = (50, 75, 90)
SHORT_TARGET_SECONDS = 30 * 60
SHORT_TARGET_SHARES = (75,)

HIGHEST_LEVEL = 9
"""The most levels a chain may have; the shipped chains have five."""

CITY_LEADER_LEVEL = 4
"""From this level on the city's leadership is told; at night it is woken only by an emergency's `resolve` (R12)."""

RESPONSIBLE_LEADER = "city_leader"
"""In place of a post: the member of the city's leadership who answers for the matter's field or area, by decision."""

EMERGENCY_FIRST_LEVEL_PERCENT = -50
HOLD_SECONDS = 4 * 3600
HOLD_SHARE = 0.25
DAILY_LIST_AT = time(7, 0)

# From five minutes to ten years: an offset that grows in none of them grows for no promise.
_SOME_TARGETS = (300, 3_600, 14_400, 86_400, 604_800, 2_592_000, 31_536_000, 315_360_000)

TRIAL = "canary"
"""The name of the hourly trial's policy, chain and post (R26)."""

TRIAL_PRIORITY = Priority.URGENT
"""Told at once at night too, and only when its promise breaks: an emergency's first level comes before (R12)."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """How long a person is given to be reached about a level before the next is tried (A3).

    Meanwhile a telephone that was not answered rings again after the pause, until it has rung `most_calls` times.
    """

    within: timedelta
    most_calls: int
    call_pause: timedelta


REACHING = {
    Priority.EMERGENCY: Reaching(timedelta(minutes=2), 3, timedelta(seconds=15)),
    Priority.URGENT: Reaching(timedelta(minutes=10), 3, timedelta(minutes=2)),
    Priority.NORMAL: Reaching(timedelta(hours=2), 3, timedelta(minutes=10)),
}
"""Unless a city has decided."""


class StepDelivery(StrEnum):
    """When the message of a step may reach its recipients (R18); the level itself changes on time regardless."""

    AT_ONCE = "at_once"
    DUTY_HOURS = "duty_hours"
    DAILY_LIST = "daily_list"


@dataclass(frozen=True)
class ChainLevel:
    """One level of a chain (R12).

    Exactly one of the offsets is set: seconds or per cent of the target after due (negative: before due), or
    `after_level_seconds` after the level before. `posts` are tried from the left for the one the unit has; a ticket
    about a procedure asks `procedure_posts` first. `calendar_key` None means the clock's own calendar.
    """

    level: int
    posts: tuple[str, ...]
    offset_seconds: int | None = None
    offset_percent: float | None = None
    after_level_seconds: int | None = None
    least_seconds: int = 0
    calendar_key: str | None = None
    channels: tuple[str, ...] = ("sms", "screen")
    actions: tuple[str, ...] = ()
    daily_list: bool = False
    procedure_posts: tuple[str, ...] = ()


@dataclass(frozen=True)
class EscalationChain:
    name: str
    steps: tuple[ChainLevel, ...]


@dataclass(frozen=True)
class StepPlan:
    """A warning (`rank` is its share in per cent) or a level (`rank` is its number) and when it is due to fire."""

    kind: StepKind
    rank: int
    planned_at: datetime
    delivery: StepDelivery
    step: ChainLevel | None = None


@dataclass(frozen=True)
class WarningNotice:
    """Who is warned at a share, and how (R11)."""

    to_assignee: bool
    to_lead: bool
    channels: tuple[str, ...]


def plan(
    state: ClockState,
    calendar: WorkingCalendar,
    *,
    chain: EscalationChain | None,
    warn: Sequence[int],
    calendars: Mapping[str, WorkingCalendar],
    priority: Priority,
    fired: Collection[tuple[StepKind, int]] = frozenset(),
    now: datetime,
) -> tuple[StepPlan, ...]:
    """Everything a clock still has ahead of it, in order; empty unless it runs (R13).

    `fired` names what this plan has already raised: it is not raised again. Levels that time has passed are planned in
    the past, so that downtime loses none of them (R16).
    """
    if state.status is not ClockStatus.RUNNING or state.due_at is None:
        return ()
    steps = chain.steps if chain is not None else ()
    warnings = _warnings(state, calendar, state.due_at, warn=warn, priority=priority, now=now)
    levels = _levels(state, calendar, state.due_at, steps=steps, calendars=calendars, priority=priority)
    return tuple(step for step in (*warnings, *levels) if (step.kind, step.rank) not in fired)


def posts_to_ask(step: ChainLevel, *, procedure_id: int | None) -> tuple[str, ...]:
    """The posts of a step in the order of trying, for a ticket about a procedure or about something else."""
    return step.posts if procedure_id is None else (*step.procedure_posts, *step.posts)


def warning_shares(target_seconds: int, warn: Sequence[int]) -> tuple[int, ...]:
    """The shares a policy warns at; promises under 30 minutes leave time for a single one (R11)."""
    if not warn:
        return ()
    return SHORT_TARGET_SHARES if target_seconds < SHORT_TARGET_SECONDS else tuple(sorted(set(warn)))


def warning_notice(share: int) -> WarningNotice:
    """50 %: assignee, on screen; 75 %: assignee and lead; 90 %: the lead by SMS (R11)."""
    if share >= 90:
        return WarningNotice(to_assignee=False, to_lead=True, channels=("sms", "screen"))
    return WarningNotice(to_assignee=True, to_lead=share >= 75, channels=("screen",))


def hold_until(
    calendar: WorkingCalendar, *, target_seconds: int, new_due_at: datetime | None, now: datetime
) -> datetime:
    """How long an acknowledgement holds the next level: 4 open hours or a quarter of the target, the shorter (A5).

    To the new date where that is sooner: a five-minute promise is not held for four hours because somebody saw it.
    """
    longest = add(calendar, now, min(HOLD_SECONDS, int(target_seconds * HOLD_SHARE)))
    return longest if new_due_at is None else max(now, min(longest, new_due_at))


def offset_of(step: ChainLevel, *, target_seconds: int, previous: int = 0) -> int:
    """Seconds after due at which a level is reached, for a target; negative is before due."""
    if step.after_level_seconds is not None:
        return previous + step.after_level_seconds
    if step.offset_percent is not None:
        offset = int(target_seconds * step.offset_percent / 100)
    else:
        offset = step.offset_seconds or 0
    return offset if offset < 0 else max(offset, step.least_seconds)


def not_later(chain: EscalationChain, *, target_seconds: int) -> ChainLevel | None:
    """The first level that does not come later than the one before it, for a promise of this length (R12)."""
    before: int | None = None
    for step in chain.steps:
        offset = offset_of(step, target_seconds=target_seconds, previous=before or 0)
        if before is not None and offset <= before:
            return step
        before = offset
    return None


def never_later(chain: EscalationChain) -> ChainLevel | None:
    """The first level that comes no later than the one before it, whatever was promised: no use is in such a chain."""
    fallen = [not_later(chain, target_seconds=target) for target in _SOME_TARGETS]
    return None if None in fallen else fallen[-1]


def _warnings(
    state: ClockState,
    calendar: WorkingCalendar,
    due_at: datetime,
    *,
    warn: Sequence[int],
    priority: Priority,
    now: datetime,
) -> list[StepPlan]:
    """Warnings before due. Of those that time has overtaken only the last is kept: the others would say the same."""
    if now >= due_at:
        return []
    planned = []
    for share in warning_shares(state.target_seconds, warn):
        reached = share_reached_at(state, calendar, share=share / 100)
        if reached is not None and reached < due_at:
            planned.append(StepPlan(StepKind.WARNING, share, reached, _by_urgency(priority)))
    overtaken = [step for step in planned if step.planned_at <= now]
    return [step for step in planned if step.planned_at > now or step is overtaken[-1]]


def _levels(
    state: ClockState,
    calendar: WorkingCalendar,
    due_at: datetime,
    *,
    steps: Sequence[ChainLevel],
    calendars: Mapping[str, WorkingCalendar],
    priority: Priority,
) -> list[StepPlan]:
    planned: list[StepPlan] = []
    for step in steps:
        counted_in = _step_calendar(step, calendar, calendars, priority)
        offset = _offset(step, state.target_seconds, is_first=not planned, priority=priority)
        if planned and step.after_level_seconds is not None:
            at = _while_it_runs(counted_in, state, planned[-1].planned_at, step.after_level_seconds)
        elif offset >= 0:
            at = _while_it_runs(counted_in, state, due_at, offset)
        else:
            reached = reached_at(calendar, state.intervals, max(0, state.allowance_seconds + offset))
            at = min(reached or due_at, due_at)
        if planned and at <= planned[-1].planned_at:
            # Calendars of steps may differ, so a later level could fall before an earlier one; levels only climb.
            at = planned[-1].planned_at + timedelta(seconds=1)
        planned.append(StepPlan(StepKind.LEVEL, step.level, at, _delivery(state.kind, step, priority), step))
    return planned


def _while_it_runs(calendar: WorkingCalendar, state: ClockState, since: datetime, seconds: int) -> datetime:
    """When the clock has run so long since then: a pause must not jump two levels (A2)."""
    parts = [
        Interval(max(part.from_at, since), part.to_at)
        for part in state.intervals
        if part.to_at is None or part.to_at > since
    ]
    return reached_at(calendar, parts, seconds) or add(calendar, since, seconds)


def _offset(step: ChainLevel, target_seconds: int, *, is_first: bool, priority: Priority) -> int:
    """An emergency's first level is told when half of the time is gone, not when all of it is (R12)."""
    offset = offset_of(step, target_seconds=target_seconds)
    if is_first and priority is Priority.EMERGENCY and offset >= 0:
        return int(target_seconds * EMERGENCY_FIRST_LEVEL_PERCENT / 100)
    return offset


def _step_calendar(
    step: ChainLevel, calendar: WorkingCalendar, calendars: Mapping[str, WorkingCalendar], priority: Priority
) -> WorkingCalendar:
    if priority is Priority.EMERGENCY:
        return ROUND_THE_CLOCK
    return calendars[step.calendar_key] if step.calendar_key is not None else calendar


def _delivery(kind: ClockKind, step: ChainLevel, priority: Priority) -> StepDelivery:
    if step.daily_list:
        return StepDelivery.DAILY_LIST
    if step.level >= CITY_LEADER_LEVEL:
        wakes = kind is ClockKind.RESOLVE and priority is Priority.EMERGENCY
        return StepDelivery.AT_ONCE if wakes else StepDelivery.DUTY_HOURS
    return _by_urgency(priority)


def _by_urgency(priority: Priority) -> StepDelivery:
    return StepDelivery.DUTY_HOURS if priority is Priority.NORMAL else StepDelivery.AT_ONCE
