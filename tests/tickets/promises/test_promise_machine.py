"""A promise in any order of events, beside a second implementation that counts minute by minute (R22).

The second one knows no arithmetic: it writes down in which minutes the promise ran, and counts those in which the
office was open. Dates, verdicts and the instants of levels must be the same. Short as a rule; a thousand months with
`--long`.
"""

import os
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.tickets.promises.test_calendar import WORKING
from tickets.promises.arithmetic import Interval
from tickets.promises.calendar import with_days
from tickets.promises.crediting import credited
from tickets.promises.plan import ChainLevel, EscalationChain, plan
from tickets.promises.recompute import ClockState, is_breached, pause, reopen, resume, start, stop, with_breach
from tickets.states import ClockKind, ClockStatus, Priority, StepKind

LONG = os.environ.get("HOTLINE_LONG_TESTS") == "1"
# A Monday, midnight in the city; Wednesday is a day off, the Saturday after it is worked.
MIDNIGHT = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
DAY = 24 * 60
DAYS = 200
OFF, WORKED = 2, 5
CALENDAR = with_days(
    WORKING,
    holidays=[(MIDNIGHT + timedelta(days=OFF, hours=12)).date()],
    swapped={(MIDNIGHT + timedelta(days=WORKED, hours=12)).date(): WORKING.weekly[0]},
)
CHAIN = EscalationChain(
    "any",
    (
        ChainLevel(1, ("head",), offset_seconds=0),
        ChainLevel(2, ("chair",), offset_percent=25, least_seconds=900),
        ChainLevel(3, ("office",), offset_percent=50, least_seconds=1800),
        ChainLevel(4, ("leader",), offset_percent=100, least_seconds=7200),
    ),
)


def is_open(minute: int) -> bool:
    day, of_day = divmod(minute, DAY)
    works = day == WORKED or (day % 7 < 5 and day != OFF)
    return works and (450 <= of_day < 690 or 780 <= of_day < 1020)


OPEN = [is_open(minute) for minute in range(DAYS * DAY)]


class ByTheMinute:
    """The naive promise: every minute in which it ran, and whether it was ever late."""

    def __init__(self, target: int, now: int) -> None:
        self.target, self.allowed, self.now = target, target, now
        self.ran: list[int] = []
        self.is_running, self.was_late = True, False

    def wait(self, minutes: int) -> None:
        if self.is_running:
            self.ran.extend(range(self.now, self.now + minutes))
        self.now += minutes
        due = self.due()
        self.was_late = self.was_late or (self.is_running and due is not None and due < self.now)

    def used(self) -> int:
        return sum(OPEN[minute] for minute in self.ran)

    def due(self) -> int | None:
        return self.after(self.allowed)

    def after(self, minutes: int, *, since: int = 0) -> int | None:
        """The end of the open minute with this number among those in which it ran since then, or will."""
        left = minutes
        for minute in self.ran:
            left -= OPEN[minute] and minute >= since
            if OPEN[minute] and minute >= since and left == 0:
                return minute + 1
        minute = self.now
        while self.is_running:
            left -= OPEN[minute] and minute >= since
            minute += 1
            if OPEN[minute - 1] and left == 0:
                return minute
        return None

    def levels(self) -> list[int]:
        due = self.due()
        assert due is not None
        offsets = [max(self.target * percent // 100, least) for percent, least in ((25, 15), (50, 30), (100, 120))]
        return [due, *(at for offset in offsets if (at := self.after(offset, since=due)) is not None)]


def instant(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


class Promises(RuleBasedStateMachine):
    state: ClockState
    naive: ByTheMinute

    @initialize(promised=st.integers(1, 60).map(lambda n: 20 * n), begins=st.integers(0, 7 * DAY))
    def begin(self, promised: int, begins: int) -> None:
        self.naive = ByTheMinute(promised, begins)
        self.state = start(
            CALENDAR, kind=ClockKind.RESOLVE, target_seconds=60 * promised, pause_cap_factor=1000, now=instant(begins)
        )

    @property
    def now(self) -> datetime:
        return instant(self.naive.now)

    def _has_room(self) -> bool:
        return self.naive.now < (DAYS - 60) * DAY

    @precondition(_has_room)
    @rule(minutes=st.one_of(st.integers(1, 300), st.integers(1, 3 * DAY)))
    def time_passes(self, minutes: int) -> None:
        self.naive.wait(minutes)

    @rule()
    def waits_for_the_citizen(self) -> None:
        if self.state.status is ClockStatus.RUNNING:
            self.state, self.naive.is_running = pause(self.state, CALENDAR, now=self.now), False

    @rule()
    def goes_on(self) -> None:
        if self.state.status is ClockStatus.PAUSED:
            self.state, self.naive.is_running = resume(self.state, CALENDAR, now=self.now), True

    @rule()
    def is_answered(self) -> None:
        self.state, self.naive.is_running = stop(self.state, CALENDAR, now=self.now), False

    @rule()
    def is_opened_again(self) -> None:
        if self.state.status not in (ClockStatus.MET, ClockStatus.MISSED):
            return
        least = min(self.naive.target // 4, 240)
        self.naive.allowed += max(0, least - (self.naive.allowed - self.naive.used()))
        self.state, self.naive.is_running = reopen(self.state, CALENDAR, now=self.now), True

    @rule(back=st.integers(1, 2 * DAY), length=st.integers(1, DAY))
    def an_outage_is_given_back(self, back: int, length: int) -> None:
        begin = max(0, self.naive.now - back)
        end = min(begin + length, self.naive.now)
        if self.state.status in (ClockStatus.RUNNING, ClockStatus.PAUSED) and not self.naive.was_late:
            self.naive.allowed += sum(OPEN[minute] for minute in self.naive.ran if begin <= minute < end)
        self.state = credited(self.state, CALENDAR, Interval(instant(begin), instant(end)), now=self.now)

    @invariant()
    def dates_and_verdicts_agree(self) -> None:
        if self.state.status is ClockStatus.RUNNING:
            due = self.naive.due()
            assert due is not None
            assert self.state.due_at == instant(due)
        is_late = with_breach(self.state, now=self.now).first_breach_at is not None
        assert (is_late or is_breached(self.state, now=self.now)) == self.naive.was_late
        if self.state.stopped_at is not None:
            assert (self.state.status is ClockStatus.MISSED) == self.naive.was_late

    @invariant()
    def levels_come_when_the_minutes_say(self) -> None:
        if self.state.status is not ClockStatus.RUNNING:
            return
        steps = plan(self.state, CALENDAR, chain=CHAIN, warn=(), calendars={}, priority=Priority.NORMAL, now=self.now)
        assert [step.planned_at for step in steps if step.kind is StepKind.LEVEL] == [
            instant(minute) for minute in self.naive.levels()
        ]


def test_a_promise_in_any_order_of_events_is_what_counting_minutes_says() -> None:
    chosen = settings(
        max_examples=1000 if LONG else 40,
        stateful_step_count=60 if LONG else 25,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(2026)(Promises) if LONG else Promises, settings=chosen)
