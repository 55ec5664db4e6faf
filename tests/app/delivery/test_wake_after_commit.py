"""After a request that posted messages a worker is woken, and the request has not waited for Redis."""

import time

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.delivery import wake_up
from app.delivery.wake_after_commit import Waker
from tests.conftest import NOW
from tests.faults.nodes import wait_until
from tickets.outbox.posting import Outgoing, post_all, post_email
from tickets.states import OutboundChannel


def post(session, key: str = "k") -> None:
    post_email(session, to="a@b.vn", template="ticket_opened", params={}, locale="vi", dedup_key=key, now=NOW)


def waiting(committed) -> int:
    return Queue(wake_up.QUEUE, connection=Redis.from_url(committed.redis_url), serializer=JSONSerializer).count


def test_a_posted_message_wakes_and_a_request_without_one_does_not(committed, settings):
    waker = Waker(settings.model_copy(update={"redis_url": committed.redis_url}))
    with committed.factory() as quiet, committed.factory() as session:
        before = waiting(committed)
        waker(quiet)
        time.sleep(0.2)
        assert waiting(committed) == before

        post(session)
        waker(session)

        assert wait_until(lambda: waiting(committed) > before, seconds=5)
    Redis.from_url(committed.redis_url).flushall()


def test_many_messages_at_once_are_noted_too_and_a_repeated_one_is_not(session):
    message = Outgoing(OutboundChannel.EMAIL, "a@b.vn", "ticket_opened", {}, "vi", dedup_key="many")
    post_all(session, [message], now=NOW)
    assert session.info.pop("outbox_posted") is True

    post(session)
    session.info.pop("outbox_posted")
    post(session)

    assert "outbox_posted" not in session.info


def test_a_redis_that_is_away_costs_the_request_nothing(session, settings):
    waker = Waker(settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"}))
    post(session)

    began = time.monotonic()
    waker(session)

    assert time.monotonic() - began < 0.1
