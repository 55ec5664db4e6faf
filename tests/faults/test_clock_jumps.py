"""G11: clocks that jump two hours fire nothing early and nothing twice, are alarmed, and block nobody when set back."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.settings import Settings
from app.storage.database import transaction
from app.web.factory import create_app
from tests.conftest import Committed
from tests.faults.clocks import FakedClock, database_clock, faked_clock, needs_libfaketime, server_with
from tests.faults.nodes import LONG, running, wait_until
from tests.faults.test_escalation_exactly_once import (
    OF_THE_TRIAL,
    assert_each_level_was_written_once,
    due_soon,
    unfired,
)
from tests.whole_app.test_own_servers import POSTGRES_BINS
from tickets.process_beats import TICKING
from tickets.schema import Clock, LeaderLease, Outage, PlannedStep, ProcessBeat

pytestmark = pytest.mark.fault

TWO_HOURS = 7200.0
TICKETS = 5
# How long a wrong clock is watched to do no harm; the long form sees the other two go on without it.
WRONG_SECONDS = 100.0 if LONG else 6.0
ALARM_WITHIN_SECONDS = 60.0


def ready_of(committed: Committed, settings: Settings) -> FlaskClient:
    return create_app(settings, engine=committed.engine).test_client()


def is_alarmed(ready: FlaskClient) -> bool:
    return "clock" in ready.get("/health/ready").get_json()["reasons"]


def due_later(committed: Committed, *, minutes: float) -> None:
    """Tickets whose levels are due in so many minutes, by true time."""
    with transaction(committed.factory) as session:
        due_soon(session, count=TICKETS, first_in=minutes * 60, apart=1, spread=5, seed=1)


def fired(committed: Committed) -> int:
    with committed.factory() as session:
        ours = select(func.count()).where(PlannedStep.fired_at.is_not(None), PlannedStep.id.not_in(OF_THE_TRIAL))
        return session.scalar(ours) or 0


def make_due_now(committed: Committed) -> None:
    at = datetime.now(UTC) - timedelta(seconds=1)
    with transaction(committed.factory) as session:
        session.execute(update(Clock).values(due_at=at))
        session.execute(update(PlannedStep).where(PlannedStep.fired_at.is_(None)).values(due_at=at, planned_at=at))


def somebody_ticks(committed: Committed) -> bool:
    """Whoever leads has noted a tick: before the first there is no third witness against two clocks that disagree."""
    with committed.factory() as session:
        return (
            session.scalar(select(func.count()).select_from(LeaderLease)) == 1
            and session.get(ProcessBeat, TICKING) is not None
        )


def assert_a_jump_does_no_harm(
    committed: Committed, settings: Settings, set_ahead: Callable[[float], None], *, jump: float
) -> None:
    """Wrong for a while and then right again: nothing early, an alarm, and at once in time again."""
    ready = ready_of(committed, settings)
    due_later(committed, minutes=60)
    assert wait_until(lambda: not is_alarmed(ready))
    set_ahead(jump)
    assert wait_until(lambda: is_alarmed(ready), seconds=ALARM_WITHIN_SECONDS)
    time.sleep(WRONG_SECONDS)
    assert fired(committed) == 0, "a wrong clock fired what was not due"

    if LONG:
        make_due_now(committed)
        assert wait_until(lambda: unfired(committed) == 0), "the two clocks that are right did not go on"
    set_ahead(0)
    if not LONG:
        make_due_now(committed)
    assert wait_until(lambda: unfired(committed) == 0), "nothing fired after the clock was right again"
    assert wait_until(lambda: not is_alarmed(ready), seconds=ALARM_WITHIN_SECONDS)

    with committed.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)
        latest = session.scalar(select(func.max(PlannedStep.fired_at)).where(PlannedStep.id.not_in(OF_THE_TRIAL)))
        assert latest is not None
        assert abs(latest - datetime.now(UTC)) < timedelta(minutes=5), "the time it fired at is not true"
        for outage in session.scalars(select(Outage)):
            assert outage.to_at - outage.from_at < timedelta(minutes=30), "a jump was taken for an outage"


@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS] if LONG else [TWO_HOURS])
def test_when_the_databases_clock_jumps_and_comes_back(committed: Committed, settings: Settings, jump: float):
    clock = database_clock(committed)
    node = settings.model_copy(update={"database_url": committed.url})
    with running("scheduler", node, count=2):
        assert wait_until(lambda: somebody_ticks(committed))

        assert_a_jump_does_no_harm(committed, node, clock.set_ahead, jump=jump)


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakedClock]:
    with faked_clock(tmp_path, monkeypatch) as clock:
        yield clock


@needs_libfaketime
@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS] if LONG else [-TWO_HOURS])
def test_when_the_nodes_own_clock_jumps_and_comes_back(
    committed: Committed, settings: Settings, faked: FakedClock, jump: float
):
    node = settings.model_copy(update={"database_url": committed.url})
    ready = ready_of(committed, node)
    due_later(committed, minutes=60)
    with running("scheduler", node):
        assert wait_until(lambda: somebody_ticks(committed))

        faked.set_ahead(jump)
        assert wait_until(lambda: is_alarmed(ready), seconds=ALARM_WITHIN_SECONDS)
        assert fired(committed) == 0
        make_due_now(committed)
        if LONG:
            assert wait_until(lambda: unfired(committed) == 0), "the database's clock and the ticks did not go on"
        faked.set_ahead(0)

        assert wait_until(lambda: unfired(committed) == 0)
        assert wait_until(lambda: not is_alarmed(ready), seconds=ALARM_WITHIN_SECONDS)
    with committed.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)


@needs_libfaketime
@pytest.mark.skipif(not LONG, reason="the short form lets a function of ours tell the time")
@pytest.mark.skipif(not POSTGRES_BINS, reason="needs Debian's package postgresql (.ci/run installs it)")
@pytest.mark.parametrize("jump", [TWO_HOURS, -TWO_HOURS])
def test_when_the_clock_of_postgresqls_machine_jumps_and_comes_back(tmp_path: Path, settings: Settings, jump: float):
    clock = FakedClock.in_folder(tmp_path)
    with server_with(clock, tmp_path) as committed:
        node = settings.model_copy(update={"database_url": committed.url})
        with running("scheduler", node, count=2):
            assert wait_until(lambda: somebody_ticks(committed))

            assert_a_jump_does_no_harm(committed, node, clock.set_ahead, jump=jump)
        committed.engine.dispose()
