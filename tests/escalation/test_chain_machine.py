"""A matter with two promises, its levels, attempts and leaders' answers in any order, beside a second implementation.

The second one knows no plan and no arithmetic: for every quarter of an hour it counts the minutes in which a promise
ran and says which levels are raised, which are covered by a higher one, until when an answer holds the next, and who
is tried by which way until somebody has it (R22, A3). What the database says after each event must be the same. Short
as a rule; longer with `--long`.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.pursue import pursue
from escalation.firing.sweep import tick
from tests.escalation.counted_search import Search
from tests.escalation.scene import full_house, ticket, ward
from tests.handing_over import overtaken_by
from tickets.outbox import results
from tickets.outbox.claims import claim_batch
from tickets.outbox.overtaken import withdraw
from tickets.outbox.posting import record_status
from tickets.people import citizens
from tickets.promises import ledger
from tickets.queries.reached_levels import heard_by
from tickets.schema import Clock, EscalationAttempt, OutboundMessage, PlannedStep, Staff, StepRecipient
from tickets.states import ClockKind, OutboundChannel, Priority, StepKind, StepResult, TicketStatus

LONG = os.environ.get("HOTLINE_LONG_TESTS") == "1"
# A Sunday, midnight in the city, in weeks without a day off.
MIDNIGHT = datetime(2026, 3, 1, 17, 0, tzinfo=UTC) - timedelta(days=1)
DAY, QUARTER = 24 * 60, 15
LAST_MINUTE = 40 * DAY
LONGEST_PAUSE = 40 * 60
LEAVING = (OutboundChannel.SMS, OutboundChannel.EMAIL)


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


def first_minute_for(rank: int, minute: int) -> int:
    """The city's leadership is told in office hours, of what is urgent too."""
    return minute if rank < 4 else next(later for later in range(minute, minute + 7 * DAY) if is_open(later))


class CountedPromise:
    """An urgent promise that counts day and night: when it ran, what was raised of it, and what answers hold."""

    def __init__(self, kind: ClockKind, target: int, after_due: list[int], begins: int) -> None:
        self.kind, self.target, self.after_due, self.begins = kind, target, after_due, begins
        self.ran: list[int] = []
        self.is_running = True
        self.raised: dict[int, tuple[int, StepResult]] = {}
        # Per answered level: the next level that it holds, and until when.
        self.holds: list[tuple[int, int]] = []
        # Per level that told somebody: how they are tried. One that told whom a lower one had told tries nobody.
        self.searches: dict[int, Search] = {}
        self.merged: dict[int, int] = {}

    @property
    def people_told(self) -> set[int]:
        return {who for search in self.searches.values() for who in search.told} | set(self.merged.values())

    def begins_to_tell(self, rank: int, now: int) -> StepResult:
        """Its own person first, then those above it, but nobody of the city's leadership for another level's sake."""
        if rank in self.people_told:
            self.merged[rank] = rank
            return StepResult.MERGED
        if rank < 5:
            self.searches[rank] = Search([rank, *range(rank + 1, 4)], first_minute_for(rank, now))
        return StepResult.NOTIFIED

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
        # Whose telephone takes no texts of ours, by their own wish.
        self.silent = {rank for rank in (1, 2, 3, 4) if chance.random() < 0.2}
        for rank in self.silent:
            citizens.opt_out(session, leaders[rank].phone or "", reason="stop", now=instant(self.now))

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
            self._tell()

    def _raise_what_is_due(self, planned: list[tuple[CountedPromise, dict[int, int]]]) -> None:
        due = [
            (rank, -at[1], promise)
            for promise, at in planned
            for rank, minute in at.items()
            if rank not in promise.raised and minute <= self.now
        ]
        for number, (rank, _, promise) in enumerate(sorted(due, key=lambda one: one[:2], reverse=True)):
            result = StepResult.SUPERSEDED if number else promise.begins_to_tell(rank, self.now)
            promise.raised[rank] = (self.now, result)

    def _tell(self) -> None:
        """Messages leave and come to something, and whoever waits in vain is followed, until there is no more to do."""
        while self._texts_to_silent_phones() or self._leave() or self._look():
            pass

    def _texts_to_silent_phones(self) -> bool:
        """They come to nothing as they are written."""
        texts = {(who, "sms") for who in self.silent}
        written = [one for one in self._searches() if one.is_waiting and one.next_way in texts]
        for search in written:
            search.leaves("suppressed")
        return bool(written)

    def _leave(self) -> bool:
        leaving = {
            (self._step(promise.kind, rank).id, *search.next_way): (promise, search)
            for promise in self.promises
            for rank, search in promise.searches.items()
            if search.next_way and search.is_waiting and search.leaves_at <= self.now
        }
        if not leaving:
            return False
        among = OutboundMessage.template == "escalation_level"
        rows = claim_batch(self.session, by="w", channels=LEAVING, limit=10, among=among, now=instant(self.now))
        ranks = {who.id: rank for rank, who in self.leaders.items()}
        left = {(row.params["step_id"], ranks[row.staff_id or 0], row.channel.value): row for row in rows}
        # To one telephone one after the other: what is left of them leaves in the next round.
        assert left
        assert left.keys() <= leaving.keys()
        for key, row in left.items():
            promise, search = leaving[key]
            self._hand_over(row, search, stands=promise.is_running)
        return True

    def _hand_over(self, row: OutboundMessage, search: Search, *, stands: bool) -> None:
        now, of_carrier = instant(self.now), f"SM{row.id}"
        why = overtaken_by(self.session, row, now=now)
        assert (why is None) is stands
        if why is not None:
            withdraw(self.session, row, why, by="w", now=now)
            search.leaves("withdrawn")
            return
        is_mail = row.channel is OutboundChannel.EMAIL
        outcome = self.chance.choice(("failed", "sent") if is_mail else ("delivered", "failed", "sent", "sent"))
        if outcome == "failed" and is_mail:
            results.record_failure(self.session, row.id, by="w", error_code="550", error="", now=now)
        else:
            sid = None if is_mail else of_carrier
            results.record_sent(self.session, row.id, by="w", account="AC", sid=sid, now=now)
            if outcome != "sent":
                status = "delivered" if outcome == "delivered" else "undelivered"
                record_status(self.session, account="AC", sid=of_carrier, status=status, now=now)
        search.leaves(outcome)

    def _look(self) -> bool:
        looked_at = [
            (promise, rank, search)
            for promise in self.promises
            for rank, search in promise.searches.items()
            if search.is_looked_at(self.now)
        ]
        assert pursue(self.session, now=instant(self.now)) == len(looked_at)
        for promise, rank, search in looked_at:
            search.goes_on(first_minute_for(rank, self.now), stands=promise.is_running)
        return bool(looked_at)

    def _searches(self) -> list[Search]:
        return [search for promise in self.promises for search in promise.searches.values()]

    def _step(self, kind: ClockKind, rank: int) -> PlannedStep:
        return next(one for one in self._steps(kind) if one.rank == rank)

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
        if rank in promise.searches:
            promise.searches[rank].is_reached = True
        acknowledge(
            self.session, self._step(kind, rank).id, staff_id=self.leaders[rank].id, via="web", now=instant(self.now)
        )

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

    def who_was_tried_is_what_counting_says(self) -> None:
        ranks = {who.id: rank for rank, who in self.leaders.items()}
        for promise in self.promises:
            for rank, search in promise.searches.items():
                step_id = self._step(promise.kind, rank).id
                told = select(StepRecipient.staff_id).where(StepRecipient.step_id == step_id).order_by(StepRecipient.id)
                assert [ranks[who] for who in self.session.scalars(told)] == search.told
                waits = [(*search.next_way, "planned")] if search.is_waiting and search.next_way else []
                assert self._tried(step_id, ranks) == [*search.tried, *waits]
                assert bool(heard_by(self.session, [step_id])) is search.is_reached

    def _tried(self, step_id: int, ranks: dict[int, int]) -> list[tuple[int, str, str]]:
        """How each message about a level stands."""
        attempt = EscalationAttempt
        rows = self.session.execute(
            select(attempt.staff_id, attempt.method, attempt.state, attempt.outbound_id)
            .where(attempt.step_id == step_id, attempt.method != OutboundChannel.SCREEN)
            .where(attempt.outbound_id.is_not(None))
            .order_by(attempt.id)
        )
        return list({of: (ranks[who], way.value, state.value) for who, way, state, of in rows}.values())

    def what_is_planned_is_what_counting_says(self) -> None:
        for promise in self.promises:
            ahead = {step.rank: step.planned_at for step in self._steps(promise.kind) if step.fired_at is None}
            counted = promise.planned(self.now) if promise.is_running else {}
            assert ahead == {rank: instant(at) for rank, at in counted.items() if rank not in promise.raised}


@pytest.mark.parametrize("number", range(1000 if LONG else 4))
def test_levels_and_answers_in_any_order_are_what_counting_quarters_says(session: Session, number: int) -> None:
    leaders = full_house(session, ward(session), now=MIDNIGHT)
    story = Story(session, leaders, random.Random(number))
    for _ in range(30):
        if story.now > LAST_MINUTE:
            break
        story.goes_on()
        story.what_was_raised_is_what_counting_says()
        story.who_was_tried_is_what_counting_says()
        story.what_is_planned_is_what_counting_says()
