"""A storm: hundreds of promises of one unit break within a minute, and its people read one text, not hundreds (R16)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.storage.database import transaction
from escalation.firing.sweep import tick
from escalation.queries.desk import load_desk
from tests.app.delivery.delivering_office import Office
from tests.conftest import NOW
from tests.escalation.scene import full_house, ticket, ward
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.people.roles import load_viewer
from tickets.queries.list_counts import COUNTED_UP_TO
from tickets.states import Priority

LEVELS = 300


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed, settings, carrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def test_three_hundred_levels_of_one_minute_are_one_text_to_whoever_stands_there_and_one_desk(office, carrier):
    with transaction(office.factory) as session:
        unit = ward(session)
        head = full_house(session, unit, now=NOW - timedelta(days=2))[1]
        staff_id, phone = head.id, head.phone
        for number in range(LEVELS):
            arrived_at = NOW - timedelta(days=1) + timedelta(seconds=number * 59 / LEVELS)
            ticket(session, unit, arrived_at=arrived_at, priority=Priority.URGENT)
    office.now = NOW + timedelta(minutes=1)
    with transaction(office.factory) as session:
        while tick(session, now=office.now).claimed:
            pass

    for _ in range(12):
        office.deliver()
        office.now += timedelta(minutes=5)

    texts = [sent for sent in carrier.received if sent["To"] == phone]
    assert len(texts) == 1, [text["Body"][:160] for text in texts]
    assert str(LEVELS) in texts[0]["Body"]
    with office.factory() as session:
        desk = load_desk(session, load_viewer(session, staff_id, now=office.now), limit=50, now=office.now)
    assert desk.waiting.count == COUNTED_UP_TO + 1
    assert len(desk.waiting.lines) == 50
