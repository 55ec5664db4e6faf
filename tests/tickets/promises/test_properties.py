"""What holds for every calendar, instant and order of events (R22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tickets.promises.test_calendar import WORKING, local
from tickets.promises.arithmetic import Interval, consumed_seconds, reached_at
from tickets.promises.calendar import (
    ROUND_THE_CLOCK,
    Window,
    Windows,
    WorkingCalendar,
    add,
    between,
    is_open,
    with_days,
)
from tickets.promises.plan import ChainLevel, EscalationChain, plan
from tickets.promises.recompute import ClockState, cancel, is_breached, pause, reopen, restore, resume, start, stop
from tickets.states import ClockKind, ClockStatus, Priority, StepKind

ZONES = ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
FIRST_DAY = date(2026, 1, 1)

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
seconds = st.integers(0, 60 * 86_400)
days = st.integers(0, 364).map(lambda n: FIRST_DAY + timedelta(days=n))


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        opens = draw(st.integers(0, 1439)) * 60
        length = draw(st.integers(1, 1440)) * 60
        found.append(Window(opens, opens + length))
    return tuple(sorted(found))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    """Any week with an open minute, overlapping and overnight windows, holidays, swapped days, summer time."""
    week = [draw(windows()) for _ in range(7)]
    if not any(week):
        week[draw(st.integers(0, 6))] = (Window(22 * 3600, 30 * 3600),)
    return WorkingCalendar(
        key="any",
        weekly=tuple(week),
        zone=draw(st.sampled_from(ZONES)),
        holidays=frozenset(draw(st.lists(days, max_size=8))),
        swapped=draw(st.dictionaries(days, windows(), max_size=3)),
    )


some_calendars = st.one_of(calendars(), st.just(WORKING), st.just(ROUND_THE_CLOCK))


@quick
@given(some_calendars, instants, seconds)
def test_r22_what_was_added_lies_between(calendar: WorkingCalendar, at: datetime, length: int) -> None:
    assert between(calendar, at, add(calendar, at, length)) == length


@quick
@given(some_calendars, instants, instants, seconds)
def test_r22_add_is_monotone_in_the_instant(
    calendar: WorkingCalendar, one: datetime, other: datetime, length: int
) -> None:
    earlier, later = sorted((one, other))

    assert add(calendar, earlier, length) <= add(calendar, later, length)


@quick
@given(some_calendars, instants, seconds, seconds)
def test_r22_add_is_monotone_in_the_length(calendar: WorkingCalendar, at: datetime, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))

    assert add(calendar, at, shorter) <= add(calendar, at, longer)


@quick
@given(some_calendars, instants, seconds, seconds)
def test_r22_adding_twice_is_adding_the_sum(calendar: WorkingCalendar, at: datetime, one: int, other: int) -> None:
    assert between(calendar, at, add(calendar, add(calendar, at, one), other)) == one + other


@quick
@given(some_calendars, st.lists(instants, min_size=3, max_size=6))
def test_r22_splitting_an_interval_changes_nothing(calendar: WorkingCalendar, cuts: list[datetime]) -> None:
    ordered = sorted(cuts)
    parts = [Interval(a, b) for a, b in pairwise(ordered)]

    assert consumed_seconds(calendar, parts, now=ordered[-1]) == between(calendar, ordered[0], ordered[-1])


@quick
@given(calendars(), instants, seconds, days)
def test_r22_a_further_holiday_never_makes_a_due_date_earlier(
    calendar: WorkingCalendar, at: datetime, length: int, holiday: date
) -> None:
    closed = with_days(calendar, holidays=[holiday], swapped={})

    assert add(closed, at, length) >= add(calendar, at, length)


@quick
@given(calendars(), instants)
def test_r22_an_open_instant_has_an_open_second_and_a_closed_one_has_none(
    calendar: WorkingCalendar, at: datetime
) -> None:
    second = at.replace(microsecond=0)

    assert between(calendar, second, second + timedelta(seconds=1)) == int(is_open(calendar, second))


@quick
@given(calendars(), instants, st.integers(1, 86_400))
def test_r22_the_length_counted_quickly_is_the_length_counted_minute_by_minute(
    calendar: WorkingCalendar, at: datetime, length: int
) -> None:
    start_at = at.replace(microsecond=0, second=0)
    minutes = [start_at + timedelta(minutes=n) for n in range(length // 60)]

    counted = sum(60 for minute in minutes if is_open(calendar, minute))

    assert between(calendar, start_at, start_at + timedelta(minutes=len(minutes))) == counted


# The clock as a state machine ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """Something happens `after` seconds: the clock is paused when it runs, and resumed when it is paused."""

    after: int


turns = st.lists(st.integers(0, 6 * 3600).map(Turn), max_size=8)
targets = st.integers(60, 20 * 8 * 3600)


def _played(calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn]) -> tuple[ClockState, datetime]:
    state = start(calendar, kind=ClockKind.RESOLVE, target_seconds=target, pause_cap_factor=100, now=at)
    for turn in events:
        at += timedelta(seconds=turn.after)
        change = resume if state.status is ClockStatus.PAUSED else pause
        state = change(state, calendar, now=at)
    return state, at


@quick
@given(some_calendars, instants, targets, turns)
def test_r22_the_stored_due_instant_is_the_replay_of_the_intervals(
    calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn]
) -> None:
    state, _ = _played(calendar, at, target, events)

    if state.status is ClockStatus.RUNNING:
        replayed = reached_at(calendar, state.intervals, state.allowance_seconds)
        assert replayed is not None
        assert state.due_at is not None
        # Both may name either side of a closed night, in which no second counts.
        assert between(calendar, min(replayed, state.due_at), max(replayed, state.due_at)) == 0


@quick
@given(some_calendars, instants, targets, turns, st.integers(0, 30 * 86_400))
def test_r22_a_pause_of_zero_length_changes_nothing(
    calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn], later: int
) -> None:
    state, at = _played(calendar, at, target, events)
    if state.status is not ClockStatus.RUNNING:
        state = resume(state, calendar, now=at)
    moment = at + timedelta(seconds=later)

    again = resume(pause(state, calendar, now=moment), calendar, now=moment)

    assert again.due_at == state.due_at
    assert again.paused_seconds == state.paused_seconds
    assert stop(again, calendar, now=moment).consumed_seconds == stop(state, calendar, now=moment).consumed_seconds
    assert stop(again, calendar, now=moment).status is stop(state, calendar, now=moment).status


@quick
@given(some_calendars, instants, targets, turns)
def test_r22_pausing_never_makes_a_due_date_earlier(
    calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn]
) -> None:
    promised = add(calendar, at.replace(microsecond=0), target)

    state, _ = _played(calendar, at, target, events)

    assert state.due_at is None or state.due_at >= promised


@quick
@given(some_calendars, instants, targets, turns, st.integers(0, 90 * 86_400))
def test_r17_a_verdict_agrees_with_the_instants_it_was_made_from(
    calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn], later: int
) -> None:
    state, at = _played(calendar, at, target, events)

    stopped = stop(state, calendar, now=at + timedelta(seconds=later))

    assert stopped.stopped_at is not None
    if stopped.due_at is not None:
        assert (stopped.status is ClockStatus.MET) == (stopped.stopped_at <= stopped.due_at)
    assert stopped.consumed_seconds == consumed_seconds(calendar, stopped.intervals, now=stopped.stopped_at)


@quick
@given(some_calendars, instants, targets, turns, st.integers(0, 40 * 86_400))
def test_r9_a_reopened_promise_is_never_broken_at_once(
    calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn], later: int
) -> None:
    state, at = _played(calendar, at, target, events)
    stopped = stop(state, calendar, now=at)
    moment = at + timedelta(seconds=later)

    reopened = reopen(stopped, calendar, now=moment)

    assert reopened.due_at is not None
    assert not is_breached(reopened, now=moment)
    assert between(calendar, moment, reopened.due_at) >= min(target // 4, 4 * 3600)


@quick
@given(some_calendars, instants, targets, st.integers(0, 6 * 86_400))
def test_r10_cancelling_and_restoring_at_once_changes_nothing(
    calendar: WorkingCalendar, at: datetime, target: int, later: int
) -> None:
    state = start(calendar, kind=ClockKind.RESOLVE, target_seconds=target, now=at)
    moment = at + timedelta(seconds=later)

    back = restore(cancel(state, calendar, reason="duplicate", now=moment), calendar, now=moment)

    assert back.due_at == state.due_at
    assert back.status is ClockStatus.RUNNING


@quick
@given(instants, targets, st.integers(-300, 300), turns)
def test_r22_clocks_of_machines_that_differ_by_five_minutes_break_nothing(
    at: datetime, target: int, skew: int, events: list[Turn]
) -> None:
    state, at = _played(WORKING, at, target, events)

    stopped = stop(state, WORKING, now=at + timedelta(seconds=skew))

    assert stopped.status in (ClockStatus.MET, ClockStatus.MISSED)
    assert stopped.consumed_seconds >= 0
    assert all(part.to_at is not None and part.to_at >= part.from_at for part in stopped.intervals)


LADDER = EscalationChain(
    "ladder",
    (
        ChainLevel(1, ("a",), offset_seconds=0),
        ChainLevel(2, ("b",), offset_percent=25, least_seconds=900),
        ChainLevel(3, ("c",), offset_percent=50, least_seconds=1800),
        ChainLevel(4, ("d",), offset_percent=100, least_seconds=7200),
        ChainLevel(5, ("e",), after_level_seconds=28_800, calendar_key="working"),
    ),
)


@quick
@given(some_calendars, instants, targets, turns, st.sampled_from(Priority))
def test_r12_a_plan_always_climbs_and_only_an_emergency_tells_anybody_before_due(
    calendar: WorkingCalendar, at: datetime, target: int, events: list[Turn], priority: Priority
) -> None:
    state, at = _played(calendar, at, target, events)
    steps = plan(
        state, calendar, chain=LADDER, warn=(50, 75, 90), calendars={"working": WORKING}, priority=priority, now=at
    )
    levels = [step for step in steps if step.kind is StepKind.LEVEL]
    warnings = [step for step in steps if step.kind is StepKind.WARNING]

    assert all(a.planned_at < b.planned_at for a, b in pairwise(levels))
    if state.status is ClockStatus.RUNNING and state.due_at is not None:
        assert [step.rank for step in levels] == [1, 2, 3, 4, 5]
        assert all(step.planned_at < state.due_at for step in warnings)
        assert all(step.planned_at >= state.due_at for step in levels[1 if priority is Priority.EMERGENCY else 0 :])
    else:
        assert steps == ()


# The weeks that other systems get wrong -----------------------------------------------------------------------------


def test_r22_tet_week_a_promise_made_before_tet_is_kept_after_it() -> None:
    tet = with_days(WORKING, holidays=[date(2026, 2, day) for day in range(16, 21)], swapped={})

    clock = start(tet, kind=ClockKind.RESOLVE, target_seconds=8 * 3600, now=local("2026-02-13 16:00"))

    assert clock.due_at == local("2026-02-23 16:00")


def test_r22_make_up_saturday_is_a_working_day_like_any_other() -> None:
    saturday = date(2026, 8, 22)
    swapped = with_days(WORKING, holidays=[date(2026, 8, 31)], swapped={saturday: WORKING.weekly[0]})

    clock = start(swapped, kind=ClockKind.FIRST, target_seconds=8 * 3600, now=local("2026-08-21 17:00"))

    assert clock.due_at == local("2026-08-22 17:00")


def test_r22_overnight_window_a_night_watch_counts_through_midnight() -> None:
    watch = WorkingCalendar(key="watch", weekly=((Window(22 * 3600, 30 * 3600),),) * 7)

    clock = start(watch, kind=ClockKind.FIRST, target_seconds=9 * 3600, now=local("2026-03-06 21:00"))

    assert clock.due_at == local("2026-03-07 23:00")
