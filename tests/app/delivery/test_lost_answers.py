"""An answer that was lost: the carrier is asked, and the person gets exactly one message."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.storage.database import transaction
from tests.app.delivery.delivering_office import PHONE, Office
from tests.conftest import NOW
from tests.factories import staff
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.outbox.claims import claim_batch
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed, settings, carrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def later(office: Office, **length: int) -> None:
    office.now += timedelta(**length)
    office.deliver()


def test_a_text_whose_answer_was_lost_is_sent_once(office, carrier):
    carrier.reset_after_accept = 1
    message = office.post_sms()

    office.deliver()
    at_once = office.message(message).not_before
    later(office, minutes=1)

    assert at_once >= NOW + timedelta(seconds=30), "a carrier asked too early does not know it yet"
    assert (office.message(message).state, office.message(message).provider_sid) == (OutboundState.SENT, f"SM{1:032}")
    assert len(carrier.received) == 1


def test_a_gateway_that_gave_up_waiting_may_have_passed_it_on(office, carrier):
    first = office.post_sms("first")
    carrier.answers = [(504, 0)]
    office.deliver()
    # What the carrier behind the gateway did all the same.
    form = {"To": PHONE, "From": "+842838000000", "Body": office.message(first).text}
    carrier.received.append(form)

    later(office, minutes=1)

    assert office.message(first).state is OutboundState.SENT
    assert carrier.received == [form]


def test_two_messages_in_the_same_words_are_two(office, carrier):
    office.post_sms("first")
    office.deliver()
    carrier.reset_after_accept = 1
    second = office.post_sms("second")
    office.deliver()
    carrier.received.pop()

    later(office, minutes=1)

    assert office.message(second).state is OutboundState.SENT
    assert len(carrier.received) == 2, "the first one's copy is not taken for the second's"


def test_while_the_carrier_cannot_be_asked_nothing_is_sent(office, carrier):
    carrier.reset_after_accept, carrier.lists_nothing = 1, True
    message = office.post_sms()
    office.deliver()
    for _ in range(12):
        later(office, minutes=10)
    during = (office.message(message).state, len(carrier.received))
    carrier.lists_nothing = False
    later(office, minutes=10)

    assert during == (OutboundState.WAITING, 1)
    assert office.message(message).state is OutboundState.SENT
    assert len(carrier.received) == 1


def test_a_text_with_a_secret_link_is_known_again_although_every_try_makes_its_own(office, carrier):
    with transaction(office.factory) as session:
        person = staff(session, phone=PHONE)
    params = {
        "step_id": 7, "reference": "2600421733", "level": 2, "clock": "resolve", "priority": "urgent", "code": "00007",
        "due_at": NOW.isoformat(), "unit": {"vi": "Phường Sài Gòn", "en": "Sai Gon Ward"},
        "category": {"vi": "", "en": ""},
    }  # fmt: skip
    carrier.reset_after_accept = 1
    message = office.post_sms(template="escalation_level", params=params, staff_id=person.id)

    office.deliver()
    later(office, minutes=1)

    assert office.message(message).state is OutboundState.SENT
    assert len(carrier.received) == 1


def test_a_text_whose_worker_was_killed_after_handing_it_over_is_sent_once(office, carrier):
    message = office.post_sms()
    office.deliver()
    with transaction(office.factory) as session:
        # As the killed worker left it: handed over, and never written down.
        row = session.get_one(OutboundMessage, message)
        row.state, row.provider_sid, row.sent_at, row.status_rank = OutboundState.CLAIMED, None, None, -1
        row.lease_until, row.claimed_by = NOW + timedelta(seconds=60), "worker:killed"

    later(office, minutes=2)

    assert office.message(message).state is OutboundState.SENT
    assert len(carrier.received) == 1


def test_what_certainly_never_left_is_sent_without_asking(office, carrier):
    carrier.answers = [(429, 20429)]
    office.post_sms()

    office.deliver()
    later(office, minutes=1)

    assert carrier.asked == 0
    assert len(carrier.received) == 1


def test_a_claim_taken_over_says_since_when_it_is_doubtful(office):
    message = office.post_sms()
    with transaction(office.factory) as session:
        claim_batch(session, by="killed", channels=[OutboundChannel.SMS], now=NOW)
    with transaction(office.factory) as session:
        claim_batch(session, by="next", channels=[OutboundChannel.SMS], now=NOW + timedelta(minutes=2))

    assert office.message(message).doubtful_since == NOW


def test_the_built_in_carrier_can_take_a_text_and_never_say_so(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "app.cli", "trouble", "--help"], capture_output=True, text=True, check=True
    ).stdout

    assert "--answers" in told
