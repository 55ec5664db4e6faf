"""After a request that posted messages a worker is woken, and the request has not waited for Redis."""

import socket
import threading

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
    # Wake-ups of other tests, for which no worker came: with many waiting, one more is not written.
    Redis.from_url(committed.redis_url).flushall()
    waker = Waker(settings.model_copy(update={"redis_url": committed.redis_url}))
    with committed.factory() as quiet, committed.factory() as session:
        before = waiting(committed)
        waker(quiet)
        assert not wait_until(lambda: waiting(committed) > before, seconds=0.5)

        post(session)
        waker(session)

        assert wait_until(lambda: waiting(committed) > before)
    Redis.from_url(committed.redis_url).flushall()


def test_many_messages_at_once_are_noted_too_and_a_repeated_one_is_not(session):
    message = Outgoing(OutboundChannel.EMAIL, "a@b.vn", "ticket_opened", {}, "vi", dedup_key="many")
    post_all(session, [message], now=NOW)
    assert session.info.pop("outbox_posted") is True

    post(session)
    session.info.pop("outbox_posted")
    post(session)

    assert "outbox_posted" not in session.info


def test_a_request_is_over_before_redis_has_said_a_word(session, settings, monkeypatch):
    waker = Waker(settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/5"}))
    request_is_over, asked_in_vain = threading.Event(), []

    def connect(_wire, _address):
        asked_in_vain.append(not request_is_over.wait(30))
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    post(session)
    waker(session)
    request_is_over.set()

    assert wait_until(lambda: asked_in_vain != [])
    assert set(asked_in_vain) == {False}, "the request waited for Redis"
