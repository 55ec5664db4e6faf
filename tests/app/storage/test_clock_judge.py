"""Which clock is believed: one that jumps is left out, two that agree go on after a minute, and nothing else does."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.storage.clock_judge import Agreement, ClockJudge, ClockJudgement, ClockReading, TimeSource

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
TWO_HOURS = 7200.0
AGREES, GOES_ON, HOLDS = Agreement.AGREES, Agreement.GOES_ON, Agreement.HOLDS


@dataclass
class World:
    """True time, and how far each clock is from it. A believed tick is persisted, as a leader's is."""

    judge: ClockJudge
    seconds: float = 0.0
    database: float = 0.0
    node: float = 0.0
    ticked_at: datetime | None = None

    @property
    def true_now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def look(self, *, after: float = 2.0) -> ClockJudgement:
        self.seconds += after
        judged = self.judge.judge(
            ClockReading(
                self.true_now + timedelta(seconds=self.database),
                self.true_now + timedelta(seconds=self.node),
                self.seconds,
                self.ticked_at,
            )
        )
        if judged.now is not None:
            self.ticked_at = judged.now
        return judged

    def states(self, *, for_seconds: float) -> list[Agreement]:
        return [self.look().state for _ in range(int(for_seconds / 2))]


@pytest.fixture
def world() -> World:
    """A scheduler that has ticked for a while with clocks that agree."""
    world = World(ClockJudge())
    assert set(world.states(for_seconds=20)) == {AGREES}
    return world


def test_the_first_start_of_all_begins_at_once():
    assert World(ClockJudge()).look().state is AGREES


@pytest.mark.parametrize("silence", [timedelta(minutes=5), timedelta(days=3)])
def test_a_start_after_a_long_silence_begins_at_once(silence):
    assert World(ClockJudge(), ticked_at=NOON - silence).look().state is AGREES


@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS, 66.0])
def test_when_the_databases_clock_jumps_time_stands_for_a_minute_and_then_goes_on_by_the_other_two(world, jump):
    world.database = jump

    states = world.states(for_seconds=90)
    judged = world.look()

    assert states[:30] == [HOLDS] * 30
    assert states[-10:] == [GOES_ON] * 10
    assert judged.left_out is TimeSource.DATABASE
    assert judged.now == world.true_now


@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS])
@pytest.mark.parametrize("lasting", [20.0, 200.0])
def test_when_the_databases_clock_is_set_right_again_it_is_believed_at_once(world, jump, lasting):
    world.database = jump
    world.states(for_seconds=lasting)

    world.database = 0.0
    judged = world.look()

    assert (judged.state, judged.now) == (AGREES, world.true_now)


@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS])
def test_when_a_nodes_clock_jumps_it_goes_on_by_the_databases_after_a_minute(world, jump):
    world.node = jump

    states = world.states(for_seconds=90)
    judged = world.look()

    assert (states[0], states[-1]) == (HOLDS, GOES_ON)
    assert judged.left_out is TimeSource.NODE
    assert judged.now == world.true_now


def test_when_both_clocks_jump_alike_time_stands_for_a_minute_and_then_follows_them(world):
    world.database = world.node = TWO_HOURS

    states = world.states(for_seconds=90)

    assert states[:30] == [HOLDS] * 30
    assert states[-1] is AGREES


def test_when_both_jump_differently_nothing_goes_on_until_somebody_decides(world):
    world.database, world.node = TWO_HOURS, -TWO_HOURS
    assert set(world.states(for_seconds=600)) == {HOLDS}

    judged = world.look()
    world.judge.believe_the_database(judged.reading)

    assert world.look().state is GOES_ON
    assert world.look().now == world.true_now + timedelta(seconds=TWO_HOURS)
    world.node = TWO_HOURS
    assert world.look().state is AGREES


def test_a_machine_that_slept_is_believed_by_its_colleagues_ticks(world):
    world.look()
    asleep = timedelta(hours=2)
    woken = ClockReading(world.true_now + asleep, world.true_now + asleep, world.seconds + 2, world.true_now + asleep)

    assert world.judge.judge(woken).state is AGREES


def test_a_scheduler_that_starts_while_the_databases_clock_is_ahead_fires_nothing():
    world = World(ClockJudge(), database=TWO_HOURS, ticked_at=NOON - timedelta(minutes=10))

    assert set(world.states(for_seconds=600)) == {HOLDS}


def test_a_scheduler_that_starts_on_a_wrong_node_goes_on_by_its_colleagues_ticks_and_the_database():
    world = World(ClockJudge(), node=TWO_HOURS, ticked_at=NOON)
    states = []
    for _ in range(45):
        world.ticked_at = world.true_now
        states.append(world.look().state)

    assert (states[0], states[-1]) == (HOLDS, GOES_ON)
    assert world.look().now == world.true_now


def test_a_last_tick_in_the_future_is_believed_for_a_minute_and_no_longer():
    world = World(ClockJudge(), ticked_at=NOON + timedelta(hours=2))

    states = world.states(for_seconds=90)

    assert states[:30] == [HOLDS] * 30
    assert states[-1] is AGREES
    assert world.ticked_at == world.true_now


def test_two_that_agree_only_now_and_then_are_not_believed(world):
    states = []
    for n in range(100):
        world.database, world.node = TWO_HOURS, (-TWO_HOURS if n % 10 == 0 else 0.0)
        states.append(world.look().state)

    assert set(states) == {HOLDS}


def test_a_jump_is_seen_whenever_it_is_looked_and_not_only_between_ticks(world):
    world.look()
    world.database = TWO_HOURS

    assert world.look(after=0.01).state is HOLDS


@pytest.mark.parametrize("drift", [1.0, -1.0, 45.0])
def test_what_time_servers_mend_is_no_trouble(world, drift):
    world.node = drift

    assert set(world.states(for_seconds=120)) == {AGREES}
