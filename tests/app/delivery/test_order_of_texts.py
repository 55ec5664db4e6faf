"""Texts to one person arrive in the order in which they were written, whoever sends them and however slowly."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.delivery.deliver import deliver_due
from app.storage.database import transaction
from tests.app.delivery.delivering_office import SMS, Office
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.outbox import claims
from tickets.outbox.posting import PASSING, record_status
from tickets.schema import OutboundMessage
from tickets.states import OutboundState

PHONES = [f"+8490123456{number}" for number in range(4)]


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed, settings, carrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def write(office, phone, number, **more):
    reference = f"26004217{number:02d}"
    return office.post_sms(f"{phone}:{number}", to=phone, params={"reference": reference}, **more)


def order_of(carrier, phone):
    """The numbers of the texts to a phone, in the order in which the carrier took them."""
    bodies = [text["Body"] for text in carrier.received if text["To"] == phone]
    return [next(n for n in range(100) if f"26 0042 17{n:02d}" in body) for body in bodies]


def unsent(office):
    with office.factory() as session:
        wanted = select(func.count()).where(OutboundMessage.state.in_((OutboundState.WAITING, OutboundState.CLAIMED)))
        return session.scalar(wanted)


def test_two_workers_and_a_slow_carrier_keep_the_order_of_every_person(office, carrier):
    for number in range(5):
        for phone in PHONES:
            write(office, phone, number)
    carrier.delay_seconds = 0.1

    def work(name):
        mine = replace(office.delivery, by=name, pool=ThreadPoolExecutor(4))
        idle = 0
        while unsent(office) and idle < 200:
            idle = 0 if deliver_due(mine, SMS) else idle + 1

    with ThreadPoolExecutor(2) as both:
        list(both.map(work, ["worker:one", "worker:two"]))

    assert {phone: order_of(carrier, phone) for phone in PHONES} == {phone: list(range(5)) for phone in PHONES}
    with office.factory() as session:
        assert len(set(session.scalars(select(OutboundMessage.claimed_by)))) == 2, "both had a hand in it"


def test_a_text_waits_while_another_process_hands_over_the_one_before_it(office, carrier):
    first, second, other = write(office, PHONES[0], 0), write(office, PHONES[0], 1), write(office, PHONES[1], 2)
    with transaction(office.factory) as session:
        taken = claims.claim_batch(session, by="worker:slow", channels=SMS, limit=1, now=office.now)
        assert [row.id for row in taken] == [first]

    office.deliver()

    assert order_of(carrier, PHONES[0]) == [] and order_of(carrier, PHONES[1]) == [2], "nobody else waits for them"
    assert office.message(second).state is OutboundState.WAITING
    assert office.message(other).state is OutboundState.SENT
    office.now += timedelta(seconds=61)
    # Whoever had it has died: it is asked about, and leaves before the next.
    for _ in range(3):
        office.deliver()
    assert order_of(carrier, PHONES[0]) == [0, 1]


def test_after_trouble_that_passes_the_first_still_leaves_first(office, carrier):
    write(office, PHONES[0], 0), write(office, PHONES[0], 1)
    carrier.answers = [(500, 20500)] * 3

    for _ in range(40):
        office.deliver()
        office.now += timedelta(seconds=15)

    assert order_of(carrier, PHONES[0]) == [0, 1]


def test_one_that_never_leaves_holds_up_the_next_for_ten_minutes_and_no_longer(office, carrier):
    stuck, second = write(office, PHONES[0], 0), write(office, PHONES[0], 1)
    began = office.now
    carrier.refuses = "26 0042 1700"

    while office.message(second).state is not OutboundState.SENT and office.now < began + timedelta(hours=1):
        office.deliver()
        office.now += timedelta(seconds=30)

    assert timedelta(minutes=9) < office.now - began < timedelta(minutes=12)
    assert office.message(stuck).state is OutboundState.WAITING


def test_what_is_urgent_passes_what_waits(office, carrier):
    write(office, PHONES[0], 0)
    carrier.answers = [(500, 20500)]
    office.deliver()
    write(office, PHONES[0], 1, is_urgent=True)

    office.deliver()

    assert order_of(carrier, PHONES[0]) == [1]


def test_what_is_urgent_waits_half_a_minute_for_an_urgent_one_that_came_back_from_a_telephone_that_was_off(
    office, carrier
):
    off = write(office, PHONES[0], 0, is_urgent=True)
    office.deliver()
    with transaction(office.factory) as session:
        came_back = session.get_one(OutboundMessage, off)
        told = {"account": came_back.provider_account, "sid": came_back.provider_sid, "trouble": PASSING}
        assert record_status(session, **told, status="undelivered", error_code="30003", now=office.now)
    assert office.message(off).state is OutboundState.WAITING
    began, second = office.now, write(office, PHONES[0], 1, is_urgent=True)

    while office.message(second).state is not OutboundState.SENT and office.now < began + timedelta(hours=1):
        office.deliver()
        office.now += timedelta(seconds=5)

    assert office.now - began <= timedelta(minutes=1)
    assert order_of(carrier, PHONES[0]) == [0, 1]
