"""A message whose row hangs, is refused or is held is late alone: the others of its lane leave without it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.delivery.deliver import AT_ONCE, Delivery, deliver_due
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from app.wording.messages import message_app
from tests.app.clockwork.test_batches import somebody, trigger
from tests.conftest import Committed
from tickets.outbox.posting import post_email
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

EMAIL = (OutboundChannel.EMAIL,)


@pytest.fixture
def lane(committed: Committed, settings: Settings) -> Iterator[Delivery]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield Delivery(settings, committed.factory, message_app(settings), "test", database_now, pool)


@pytest.fixture
def messages(committed: Committed) -> list[int]:
    with transaction(committed.factory) as session:
        past = database_now(session) - timedelta(minutes=1)
        said = {"template": "ticket_opened", "params": {"reference": "2600421733"}, "locale": "vi"}
        return [post_email(session, to="a@b.vn", dedup_key=f"k{n}", now=past, **said) for n in range(5)]


def sent(committed: Committed) -> set[int]:
    with committed.factory() as session:
        return set(session.scalars(select(OutboundMessage.id).where(OutboundMessage.state == OutboundState.SENT)))


def test_a_message_that_somebody_holds_waits_alone(committed: Committed, lane: Delivery, messages: list[int]) -> None:
    with somebody(committed, f"update outbound_message set locale = locale where id = {messages[0]}"):
        deliver_due(lane, EMAIL)
        meanwhile = sent(committed)
    deliver_due(lane, EMAIL)

    assert (meanwhile, sent(committed)) == (set(messages[1:]), set(messages))


@pytest.mark.parametrize("body", ["perform pg_sleep(60)", "raise exception 'no'"], ids=["hangs", "refuses"])
def test_a_message_whose_row_hangs_or_is_refused_waits_alone(
    committed: Committed, lane: Delivery, messages: list[int], body: str
) -> None:
    with trigger(committed, "outbound_message", f"if new.id = {messages[0]} then {body}; end if"):
        deliver_due(lane, EMAIL)
        deliver_due(lane, EMAIL)
        meanwhile = sent(committed)
    lane.set_aside.clear()
    deliver_due(lane, EMAIL)

    assert (meanwhile, sent(committed)) == (set(messages[1:]), set(messages))


def test_more_refused_messages_than_a_lane_takes_at_once_keep_those_behind_them_from_nothing(
    committed: Committed, lane: Delivery, messages: list[int]
) -> None:
    """As where something is wrong with one kind of message, and many of it wait."""
    with trigger(committed, "outbound_message", f"if new.id <> {messages[-1]} then raise exception 'no'; end if"):
        for _ in messages:
            deliver_due(lane, EMAIL, limit=2)
        meanwhile = sent(committed)

    assert meanwhile == {messages[-1]}


def test_a_stale_call_that_somebody_holds_keeps_nothing_else_waiting(
    committed: Committed, lane: Delivery, messages: list[int]
) -> None:
    with transaction(committed.factory) as session:
        past = database_now(session) - timedelta(minutes=5)
        stale = {"channel": OutboundChannel.VOICE, "state": OutboundState.CLAIMED, "lease_until": past}
        session.execute(update(OutboundMessage).where(OutboundMessage.id == messages[0]).values(stale))

    with somebody(committed, f"update outbound_message set locale = locale where id = {messages[0]}"):
        taken = deliver_due(lane, (OutboundChannel.VOICE, OutboundChannel.EMAIL))

    assert taken == len(messages) - 1
