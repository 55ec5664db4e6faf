"""A matter with two promises, its levels and leaders' answers in any order, beside a second implementation (R22).

The second one knows no plan and no arithmetic: for every quarter of an hour it counts the minutes in which a promise
ran and says which levels are raised, which are covered by a higher one, and until when an answer holds the next. What
the database says after each event must be the same. Short as a rule; longer with `--long`.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.sweep import tick
from tests.escalation.scene import full_house, ticket, ward
from tickets.promises import ledger
from tickets.schema import Clock, PlannedStep, Staff
from tickets.states import ClockKind, Priority, StepKind, StepResult, TicketStatus

LONG = os.environ.get("HOTLINE_LONG_TESTS") == "1"
# A Sunday, midnight in the city, in weeks without a day off.
MIDNIGHT = datetime(2026, 3, 1, 17, 0, tzinfo=UTC) - timedelta(days=1)
DAY, QUARTER = 24 * 60, 15
LAST_MINUTE = 40 * DAY
LONGEST_PAUSE = 40 * 60


def is_open(minute: int) -> bool:
    day, of_day = divmod(minute, DAY)
    return day % 7 != 0 and day % 7 != 6 and (450 <= of_day < 690 or 780 <= of_day < 1020)


def instant(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


def working_minutes_after(minute: int, count: int) -> int:
    while count:
        count -= is_open(minute)
        minute += 1
    return minute


class CountedPromise:
    """An urgent promise that counts day and night: when it ran, what was raised of it, and what answers hold."""

    def __init__(self, kind: ClockKind, target: int, after_due: list[int], begins: int) -> None:
        self.kind, self.target, self.after_due, self.begins = kind, target, after_due, begins
        self.ran: list[int] = []
        self.is_running = True
        self.raised: dict[int, tuple[int, StepResult]] = {}
        # Per answered level: the next level that it holds, and until when.
        self.holds: list[tuple[int, int]] = []

    @property
    def levels(self) -> range:
        return range(1, len(self.after_due) + (2 if self.kind is ClockKind.RESOLVE else 1))

    def _after(self, now: int, minutes: int, *, working: bool = False, since: int = 0) -> int:
        """The end of the so-manieth minute that counts among those since then in which it ran, or will from now on."""
        counted = 0
        for minute in chain(self.ran, range(now, now + 60 * DAY)):
            counts = minute >= since and (not working or is_open(minute))
            counted += counts
            if counts and counted == minutes:
                return minute + 1
        raise AssertionError("longer than two months")

    def planned(self, now: int) -> dict[int, int]:
        """When each level comes if it goes on running."""
        due = self._after(now, self.target)
        at = {
            rank: self._after(now, minutes, since=due) if minutes else due
            for rank, minutes in enumerate(self.after_due, 1)
        }
        if self.kind is ClockKind.RESOLVE:
            at[5] = self._after(now, 8 * 60, working=True, since=at[4])
        for held, until in self.holds:
            delay = max(0, until - at[held])
            at = {rank: minute + (delay if rank >= held else 0) for rank, minute in at.items()}
        return at

    def answered(self, level: int, until: int) -> None:
        held = next((rank for rank in self.levels if rank > level and rank not in self.raised), None)
        if held is not None:
            self.holds.append((held, until))


class Story:
    """One matter of a ward in which every post is held, with an instant of its own; undone at the end."""

    def __init__(self, session: Session, leaders: dict[int, Staff], chance: random.Random) -> None:
        self.session, self.leaders, self.chance = session, leaders, chance
        self.now = chance.randrange(7 * 24 * 4) * QUARTER
        self.paused = 0
        kinds = chance.choice([(ClockKind.RESOLVE,), (ClockKind.FIRST, ClockKind.RESOLVE)])
        self.ticket = ticket(
            session, ward(session), arrived_at=instant(self.now), priority=Priority.URGENT, clocks=kinds
        )
        # What `reference_data/policies.yaml` says of urgent matters: 2 hours, 24 hours; levels in minutes after due.
        self.resolution = CountedPromise(ClockKind.RESOLVE, 1440, [0, 360, 720, 1440], self.now)
        first = CountedPromise(ClockKind.FIRST, 120, [0, 30, 60], self.now)
        self.promises = [first, self.resolution] if ClockKind.FIRST in kinds else [self.resolution]
        self.answered: set[tuple[ClockKind, int]] = set()

    def goes_on(self) -> None:
        """Something happens, most of it where answers and questions to the citizen matter: between two levels."""
        deeds = (self.the_next_level_comes, self.a_leader_answers, self.asks_the_citizen, self.an_hour_passes)
        self.chance.choices(deeds, (4, 4, 2, 1))[0]()

    def the_next_level_comes(self) -> None:
        ahead = [
            minute
            for promise in self.promises
            for rank, minute in promise.planned(self.now).items()
            if rank not in promise.raised
        ]
        if ahead:
            self.wait((min(ahead) - self.now) // QUARTER + 1 + self.chance.randrange(24))

    def an_hour_passes(self) -> None:
        self.wait(self.chance.randint(1, 8))

    def asks_the_citizen(self) -> None:
        """Who lets it stand for a while and answers."""
        if self.paused < LONGEST_PAUSE:
            self._set(TicketStatus.PENDING_CITIZEN)
            self.wait(self.chance.randint(1, 12))
            self._set(TicketStatus.OPEN)

    def wait(self, quarters: int) -> None:
        # As long as nothing else happens, what comes when stays as it is.
        planned = [(promise, promise.planned(self.now)) for promise in self.promises if promise.is_running]
        for _ in range(quarters):
            for promise, _at in planned:
                promise.ran.extend(range(self.now, self.now + QUARTER))
            self.now += QUARTER
            self.paused += 0 if self.resolution.is_running else QUARTER
            self._raise_what_is_due(planned)
            tick(self.session, now=instant(self.now))

    def _raise_what_is_due(self, planned: list[tuple[CountedPromise, dict[int, int]]]) -> None:
        due = [
            (rank, -at[1], promise)
            for promise, at in planned
            for rank, minute in at.items()
            if rank not in promise.raised and minute <= self.now
        ]
        for number, (rank, _, promise) in enumerate(sorted(due, key=lambda one: one[:2], reverse=True)):
            promise.raised[rank] = (self.now, StepResult.SUPERSEDED if number else StepResult.NOTIFIED)

    def _set(self, status: TicketStatus) -> None:
        self.ticket.status = status
        ledger.on_status(self.session, self.ticket, now=instant(self.now))
        # The first answer is owed whatever the citizen is asked (R6).
        self.resolution.is_running = status is TicketStatus.OPEN

    def a_leader_answers(self) -> None:
        """Mostly about what was raised last."""
        open_levels = sorted(
            (
                (minute, promise.kind, rank, promise)
                for promise in self.promises
                for rank, (minute, result) in promise.raised.items()
                if result is StepResult.NOTIFIED and (promise.kind, rank) not in self.answered
            ),
            reverse=True,
        )
        if not open_levels:
            return
        _, kind, rank, promise = open_levels[self.chance.randrange(min(2, len(open_levels)))]
        self.answered.add((kind, rank))
        until = self.now + min(240, promise.target // 4)
        if rank == 4:
            until = working_minutes_after(until, 8 * 60)
        promise.answered(rank, until)
        step = next(one for one in self._steps(kind) if one.rank == rank)
        acknowledge(self.session, step.id, staff_id=self.leaders[rank].id, via="web", now=instant(self.now))

    def _steps(self, kind: ClockKind) -> list[PlannedStep]:
        statement = (
            select(PlannedStep)
            .join(Clock, Clock.id == PlannedStep.clock_id)
            .where(PlannedStep.ticket_id == self.ticket.id, Clock.kind == kind, PlannedStep.kind == StepKind.LEVEL)
            .order_by(PlannedStep.rank)
        )
        return list(self.session.scalars(statement.execution_options(populate_existing=True)))

    def what_was_raised_is_what_counting_says(self) -> None:
        for promise in self.promises:
            fired = {step.rank: (step.fired_at, step.result) for step in self._steps(promise.kind) if step.fired_at}
            assert fired == {rank: (instant(minute), result) for rank, (minute, result) in promise.raised.items()}

    def what_is_planned_is_what_counting_says(self) -> None:
        for promise in self.promises:
            ahead = {step.rank: step.planned_at for step in self._steps(promise.kind) if step.fired_at is None}
            counted = promise.planned(self.now) if promise.is_running else {}
            assert ahead == {rank: instant(at) for rank, at in counted.items() if rank not in promise.raised}


@pytest.mark.parametrize("number", range(1000 if LONG else 8))
def test_levels_and_answers_in_any_order_are_what_counting_quarters_says(session: Session, number: int) -> None:
    leaders = full_house(session, ward(session), now=MIDNIGHT)
    story = Story(session, leaders, random.Random(number))
    for _ in range(30):
        if story.now > LAST_MINUTE:
            break
        story.goes_on()
        story.what_was_raised_is_what_counting_says()
        story.what_is_planned_is_what_counting_says()
