"""G7: Redis may be wiped, stopped or never there; messages leave all the same, within seconds."""

import threading
import time

import pytest
import redis
from sqlalchemy import func, select

from app.delivery import wake_up
from app.storage.database import transaction
from tests.conftest import NOW, Committed
from tests.fake_carrier import fake_carrier
from tests.faults.nodes import LONG, running, wait_until
from tickets.outbox.posting import post_sms
from tickets.schema import OutboundMessage
from tickets.states import OutboundState

pytestmark = pytest.mark.fault

MESSAGES = 120 if LONG else 40


def post(committed: Committed, number: int) -> None:
    with transaction(committed.factory) as session:
        post_sms(
            session, to=f"+8490{number:07}", template="ticket_opened", params={"reference": "2600421733"}, locale="vi",
            dedup_key=f"k{number}", now=NOW,
        )  # fmt: skip


def sent(committed: Committed) -> int:
    with committed.factory() as session:
        return (
            session.scalar(
                select(func.count()).select_from(OutboundMessage).where(OutboundMessage.state == OutboundState.SENT)
            )
            or 0
        )


def node_of(settings, committed, carrier, redis_url):
    return settings.model_copy(
        update={
            "database_url": committed.url, "redis_url": redis_url, "twilio_account_sid": "AC1",
            "twilio_auth_token": "t", "twilio_base_url": carrier.url,
        }
    )  # fmt: skip


def test_messages_leave_while_redis_is_wiped_again_and_again(committed, settings):
    with fake_carrier() as carrier:
        node = node_of(settings, committed, carrier, committed.redis_url)
        stop, wipes = threading.Event(), []

        def wipe() -> None:
            while not stop.wait(0.1):
                wipes.append(redis.Redis.from_url(committed.redis_url).flushall())

        with running("worker", node, count=2):
            wiper = threading.Thread(target=wipe)
            wiper.start()
            for number in range(MESSAGES):
                post(committed, number)
                wake_up.wake_outbox(node)
                time.sleep(0.05)
            all_sent = wait_until(lambda: sent(committed) == MESSAGES)
            stop.set()
            wiper.join()

    assert all_sent, f"{sent(committed)} of {MESSAGES} messages left"
    assert len({message["To"] for message in carrier.received}) == MESSAGES
    assert len(wipes) > 3


def test_messages_leave_when_redis_was_never_there_and_waking_is_no_error_of_the_callers(committed, settings):
    with fake_carrier() as carrier:
        node = node_of(settings, committed, carrier, "redis://127.0.0.1:9/0")
        with running("worker", node):
            for number in range(10):
                post(committed, number)
                wake_up.wake_outbox(node)
            all_sent = wait_until(lambda: sent(committed) == 10)

    assert all_sent, f"{sent(committed)} of 10 messages left"


def test_a_killed_workers_messages_are_sent_by_another_and_none_is_lost(committed, settings):
    with fake_carrier() as carrier:
        carrier.delay_seconds = 0.2
        node = node_of(settings, committed, carrier, committed.redis_url)
        for number in range(MESSAGES):
            post(committed, number)
        with running("worker", node) as [first]:
            assert wait_until(lambda: len(carrier.received) > 3)
            first.kill()
            first.wait(5)
        _let_leases_run_out(committed)
        carrier.delay_seconds = 0

        with running("worker", node):
            all_sent = wait_until(lambda: sent(committed) == MESSAGES)

    assert all_sent, f"{sent(committed)} of {MESSAGES} messages left"
    assert len({message["To"] for message in carrier.received}) == MESSAGES


def _let_leases_run_out(committed: Committed) -> None:
    """A minute passes: the leases of the dead worker end."""
    with transaction(committed.factory) as session:
        for message in session.scalars(select(OutboundMessage).where(OutboundMessage.lease_until.is_not(None))):
            message.lease_until = NOW
