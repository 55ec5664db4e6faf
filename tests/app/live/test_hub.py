"""A stream that is open ends with what it was opened by: the session, the account, the role."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import gevent
import pytest
from gevent.queue import Queue
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.live.hub import Hub
from app.storage.database import make_engine, session_factory, transaction
from app.web.frame.session_cookie import token_hash
from tests.conftest import Committed
from tests.factories import staff
from tests.faults.line import line_to, over, postgres_socket
from tests.faults.nodes import HANG_SECONDS, LONG
from tickets.directory.staff import disable
from tickets.outbox.posting import Outgoing, post_all
from tickets.schema import RoleAssignment, Staff, WebSession
from tickets.states import OutboundChannel, Role


@pytest.fixture
def signed_in(committed: Committed) -> int:
    """An agent of a ward with a session of a day; their id."""
    at = utc_now()
    with transaction(committed.factory) as session:
        person = staff(session, role=Role.AGENT, at="26740")
        session.add(
            WebSession(
                token_hash=token_hash("t"), staff_id=person.id, created_at=at, last_seen_at=at,
                expires_at=at + timedelta(days=1), second_factor_at=at,
            )
        )  # fmt: skip
        return person.id


def _disabled(session: Session, staff_id: int, now: datetime) -> None:
    disable(session, staff_id, now=now)


def _account_alone(session: Session, staff_id: int, now: datetime) -> None:
    session.execute(update(Staff).where(Staff.id == staff_id).values(disabled_at=now))


def _signed_out(session: Session, staff_id: int, now: datetime) -> None:
    session.execute(update(WebSession).where(WebSession.staff_id == staff_id).values(revoked_at=now))


def _expired(session: Session, staff_id: int, now: datetime) -> None:
    session.execute(update(WebSession).where(WebSession.staff_id == staff_id).values(expires_at=now))


def opened(hub: Hub) -> Iterator[bytes]:
    listener = hub.listener_of("t")
    assert listener is not None
    stream = hub.stream(listener)
    next(stream)
    return stream


def judged(hub: Hub, committed: Committed) -> None:
    with committed.factory() as session:
        hub.judge_again(session, now=utc_now())


def goes_on(stream: Iterator[bytes], *, seconds: int = 3) -> bool:
    listening = gevent.spawn(lambda: list(stream))
    listening.join(timeout=seconds)
    ended = listening.ready()
    listening.kill()
    return not ended


@pytest.mark.parametrize("end", [_disabled, _account_alone, _signed_out, _expired])
def test_an_open_stream_ends_when_its_session_or_account_does(
    committed: Committed, signed_in: int, end: Callable[[Session, int, datetime], None]
) -> None:
    hub = Hub(committed.factory)
    stream = opened(hub)

    with transaction(committed.factory) as session:
        end(session, signed_in, utc_now())
    judged(hub, committed)

    assert not goes_on(stream)
    assert hub.listeners == []


def test_the_hub_looks_by_itself_whether_who_listens_may_still(committed: Committed, signed_in: int) -> None:
    stream = opened(Hub(committed.factory))

    with transaction(committed.factory) as session:
        disable(session, signed_in, now=utc_now())

    # It looks every few seconds; the rest is for a machine that has other work.
    assert not goes_on(stream, seconds=60)


def test_events_go_on_after_the_hubs_connection_was_swallowed(committed: Committed, signed_in: int) -> None:
    # As the live process has it; a shorter silence is enough to see that it is noticed.
    patience = {} if LONG else {"statement_timeout_ms": 1_000}
    with line_to(postgres_socket(committed.url)) as line:
        engine = make_engine(over(line, committed.url), pool_size=3, **patience)
        stream = opened(Hub(session_factory(engine)))
        told = gevent.spawn(lambda: next(event for event in stream if b"changed" in event))
        gevent.sleep(1.5)

        swallowed, began = line.swallow(), time.monotonic()
        with transaction(committed.factory) as session:
            note = Outgoing(
                channel=OutboundChannel.SCREEN, address="", template="warning", params={}, locale="vi",
                dedup_key="note", staff_id=signed_in,
            )  # fmt: skip
            post_all(session, [note], now=utc_now())
        event = told.get(timeout=HANG_SECONDS)
        engine.dispose()

    print(f"\nlive: events go on {time.monotonic() - began:.1f} s after the connection was swallowed")
    assert swallowed > 0
    assert b"notices" in event


def test_who_listens_is_told_that_the_database_tells_nothing_and_when_it_does_again(
    committed: Committed, signed_in: int
) -> None:
    with line_to(postgres_socket(committed.url)) as line:
        engine = make_engine(over(line, committed.url), pool_size=3, statement_timeout_ms=2_000)
        stream = opened(Hub(session_factory(engine), blind_after=timedelta(seconds=1.5)))
        signs = Queue()
        listening = gevent.spawn(lambda: [signs.put(event) for event in stream])
        gevent.sleep(2.5)
        assert signs.empty()

        line.swallow()

        assert b"blind" in signs.get(timeout=HANG_SECONDS)
        assert b"alive" in signs.get(timeout=HANG_SECONDS)
        listening.kill()
        engine.dispose()


def test_a_stream_goes_on_for_whoever_may_still_listen(committed: Committed, signed_in: int) -> None:
    hub = Hub(committed.factory)
    stream = opened(hub)

    judged(hub, committed)

    assert goes_on(stream)


def test_an_open_stream_knows_of_a_role_that_has_ended(committed: Committed, signed_in: int) -> None:
    hub = Hub(committed.factory)
    stream = opened(hub)

    with transaction(committed.factory) as session:
        for role in session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == signed_in)):
            role.valid_to = utc_now()
    judged(hub, committed)

    assert [one.viewer.roles for one in hub.listeners] == [frozenset()]
    assert goes_on(stream)
