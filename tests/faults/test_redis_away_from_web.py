"""G7 for people: Redis is wiped, gone, full or a black hole, and citizens are served, and nobody is signed out."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import redis
import requests
from sqlalchemy import func, select

from app.accounts.enrolment import add_token
from app.storage.database import transaction
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from tests.faults import redis_keeps_nothing
from tests.faults.breakable import Carrier, Place, sms_form
from tests.faults.nodes import LONG, alive, running, wait_until
from tests.signing_in import person_with
from tickets.schema import OutboundMessage, Ticket, WebSession
from tickets.states import OutboundChannel, OutboundState, Role

pytestmark = pytest.mark.fault

# A person may notice pauses of a fraction of a second; who waits for a Redis that hangs waits for minutes.
LONGEST_ANSWER_SECONDS = 20.0


@contextmanager
def wiped(place: Place) -> Iterator[None]:
    redis.Redis.from_url(place.settings.redis_url).flushall()
    yield


@contextmanager
def gone(place: Place) -> Iterator[None]:
    server = place.engines._processes["valkey"]
    server.send_signal(signal.SIGKILL)
    server.wait(10)
    yield
    place.revive()


@contextmanager
def black_hole(place: Place) -> Iterator[None]:
    """It takes connections and never says a word."""
    pid = place.engines.pids["valkey"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def full(place: Place) -> Iterator[None]:
    with redis_keeps_nothing.full(redis.Redis.from_url(place.settings.redis_url)):
        yield


@contextmanager
def became_a_replica(place: Place) -> Iterator[None]:
    with redis_keeps_nothing.became_a_replica(redis.Redis.from_url(place.settings.redis_url)):
        yield


TROUBLES: list[Callable[[Place], object]] = [wiped, gone, black_hole, *((full, became_a_replica) if LONG else ())]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.__name__)
def test_people_stay_signed_in_matters_are_taken_and_answers_leave_without_redis(
    place: Place, carrier: Carrier, trouble
):
    now = datetime.now(UTC)
    with transaction(place.factory) as session:
        token = add_token(session, name="program", scopes=["tickets:write"], unit_code="", now=now)
        person = person_with(session, role=Role.AGENT, now=now)
        session.add(
            WebSession(
                token_hash=token_hash("a-session"), staff_id=person.id, created_at=now, last_seen_at=now,
                expires_at=now.replace(year=now.year + 1), second_factor_at=now,
            )
        )  # fmt: skip
    place.start_web()
    requests.get(f"{place.base_url}/directory", timeout=20)

    with running("worker", place.settings), wait_for_worker(place), trouble(place):
        console = requests.get(
            f"{place.base_url}/console", cookies={SESSION_COOKIE: "a-session"}, allow_redirects=False,
            timeout=LONGEST_ANSWER_SECONDS,
        )  # fmt: skip
        page = requests.get(place.base_url, timeout=LONGEST_ANSWER_SECONDS)
        opened = requests.post(
            f"{place.base_url}/api/v1/tickets",
            json={"subject": "Cống nghẹt", "body": "Nước ngập.", "unit": "26740", "phone": "0901234567"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=LONGEST_ANSWER_SECONDS,
        )
        text = carrier.post("sms", sms_form(1, "Cống nghẹt ở phường Sài Gòn"), seconds=LONGEST_ANSWER_SECONDS)
        left = wait_until(lambda: sent(place) >= 2)

    assert (console.status_code, page.status_code, opened.status_code, text.status_code) == (200, 200, 201, 200)
    assert left, f"{sent(place)} of two answers to citizens left without Redis"
    with place.factory() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2


@contextmanager
def wait_for_worker(place: Place) -> Iterator[None]:
    """What is sent now must be found by polling, or by waking where Redis is only wiped."""
    assert wait_until(lambda: alive(place.factory, "worker") == 1)
    yield


def sent(place: Place) -> int:
    """How many answers to citizens have been taken by the built-in carrier."""
    with place.factory() as session:
        return (
            session.scalar(
                select(func.count()).where(
                    OutboundMessage.channel == OutboundChannel.SMS,
                    OutboundMessage.state.in_([OutboundState.SENT, OutboundState.DELIVERED]),
                )
            )
            or 0
        )
