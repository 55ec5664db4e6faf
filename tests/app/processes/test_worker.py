"""The worker process: woken through Redis, alive in the database, gone when told."""

import signal
import time

import pytest
from sqlalchemy import select

from app.delivery import wake_up
from app.processes.signs_of_life import beat, database_now, process_name, say_goodbye
from app.processes.worker import LANES
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


def test_a_woken_worker_delivers_at_once_and_a_stopped_one_says_goodbye(committed, node):
    with running("worker", node) as [process]:
        assert wait_until(lambda: workers(committed) != [], seconds=15)
        time.sleep(1)
        fastest = min(_seconds_to_deliver(committed, node, f"k{n}") for n in range(4))
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)

    # Polling alone takes up to three seconds, and never as little as this four times out of four.
    assert fastest < 1
    assert code == 0
    assert workers(committed) == []


def _seconds_to_deliver(committed, node, key: str) -> float:
    message = notice(committed, key)
    began = time.monotonic()
    wake_up.wake_outbox(node)
    assert wait_until(lambda: state_of(committed, message) is OutboundState.SENT, seconds=10)
    return time.monotonic() - began


def test_a_worker_that_nobody_wakes_looks_by_itself(committed, node):
    message = notice(committed, "k")

    with running("worker", node):
        assert wait_until(lambda: state_of(committed, message) is OutboundState.SENT, seconds=15)


def test_a_sign_of_life_is_renewed_and_taken_back(session):
    beat(session, kind="worker", now=NOW)
    beat(session, kind="worker", detail={"busy": 1}, now=database_now(session))

    row = session.get_one(ProcessBeat, process_name("worker"), populate_existing=True)
    assert row.beat_at > NOW
    assert row.detail == {"busy": 1}
    say_goodbye(session, kind="worker")
    assert session.scalars(select(ProcessBeat).where(ProcessBeat.kind == "worker")).all() == []
