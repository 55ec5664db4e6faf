"""The worker process: woken through Redis, alive in the database, gone when told."""

import signal
import subprocess
import sys

import pytest
from redis import Redis
from sqlalchemy import select

from app.delivery import wake_up
from app.processes.commands import environment_of
from app.processes.signs_of_life import beat, database_now, process_name, say_goodbye
from app.processes.worker import LANES
from app.settings import ROOT
from app.storage.database import transaction
from tests.conftest import NOW
from tests.factories import staff
from tests.faults.nodes import running, wait_until
from tickets.outbox.posting import post_screen
from tickets.schema import OutboundMessage, ProcessBeat
from tickets.states import OutboundChannel, OutboundState


@pytest.fixture
def node(committed, settings):
    return settings.model_copy(update={"database_url": committed.url, "redis_url": committed.redis_url})


def notice(committed, key: str) -> int:
    with transaction(committed.factory) as session:
        return post_screen(
            session, staff_id=staff(session).id, template="citizen_wrote", params={"reference": "2600421733"},
            locale="vi", dedup_key=key, now=NOW,
        )  # fmt: skip


def state_of(committed, message: int) -> OutboundState:
    with committed.factory() as session:
        return session.get_one(OutboundMessage, message).state


def workers(committed) -> list[str]:
    with committed.factory() as session:
        return list(session.scalars(select(ProcessBeat.name).where(ProcessBeat.kind == "worker")))


def test_every_channel_has_a_lane_of_its_own_kind():
    channels = [channel for lane in LANES for channel in lane]

    assert sorted(channels) == sorted(OutboundChannel)


# It looks by itself once when it starts, and then not before the next hour.
SLEEPER = "from app.processes import worker; worker.POLL_SECONDS = 3600; raise SystemExit(worker.main())"


def test_a_woken_worker_delivers_without_waiting_for_its_next_look(committed, node):
    Redis.from_url(committed.redis_url).flushall()
    sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER], cwd=ROOT, env=environment_of(node))
    try:
        for number in range(4):
            message = notice(committed, f"k{number}")
            wake_up.wake_outbox(node)
            left = wait_until(lambda m=message: state_of(committed, m) is OutboundState.SENT)
            assert left, f"message {number} was woken for and lay there"
    finally:
        sleeper.kill()
        sleeper.wait(30)


def test_a_stopped_worker_says_goodbye(committed, node):
    with running("worker", node) as [process]:
        assert wait_until(lambda: workers(committed) != [])
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)

    assert code == 0
    assert workers(committed) == []


def test_a_worker_that_nobody_wakes_looks_by_itself(committed, node):
    message = notice(committed, "k")

    with running("worker", node):
        assert wait_until(lambda: state_of(committed, message) is OutboundState.SENT)


def test_a_sign_of_life_is_renewed_and_taken_back(session):
    beat(session, kind="worker", now=NOW)
    beat(session, kind="worker", detail={"busy": 1}, now=database_now(session))

    row = session.get_one(ProcessBeat, process_name("worker"), populate_existing=True)
    assert row.beat_at > NOW
    assert row.detail == {"busy": 1}
    say_goodbye(session, kind="worker")
    assert session.scalars(select(ProcessBeat).where(ProcessBeat.kind == "worker")).all() == []
