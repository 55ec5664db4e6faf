"""A bad night of a carrier: messages wait, people are told why, and everything leaves once when it is over."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import func, select, update

from app.clock import utc_now
from app.storage.database import transaction
from app.web.factory import create_app
from telephony.provider.twilio_codes import trouble_of
from tests.app.delivery.delivering_office import Office
from tests.app.delivery.mail_server import mail_server
from tests.app.delivery.test_deliver import mail_to
from tests.app.web.monitoring.test_metrics import samples
from tests.conftest import NOW
from tests.fake_carrier import FakeCarrier, fake_carrier
from tests.faults.nodes import LONG
from tickets.outbox.limits import OVER_LIMIT
from tickets.outbox.posting import record_status
from tickets.outbox.troubles import oldest_unsent, refused_accounts
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

LEVEL = {
    "template": "escalation_level",
    "params": {
        "step_id": 7,
        "reference": "2600421733",
        "level": 2,
        "clock": "resolve",
        "priority": "urgent",
        "code": "00007",
        "due_at": NOW.isoformat(),
        "unit": {"vi": "Phường Sài Gòn", "en": "Sai Gon Ward"},
        "category": {"vi": "", "en": ""},
    },
}


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed, settings, carrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def states(office: Office) -> dict[OutboundState, int]:
    with office.factory() as session:
        rows = session.execute(select(OutboundMessage.state, func.count()).group_by(OutboundMessage.state)).all()
    return {state: count for state, count in rows}


def through_the_night(office: Office, length: timedelta, *, step: timedelta = timedelta(minutes=10)) -> None:
    end = office.now + length
    while office.now < end:
        # As a worker does, who goes on until nothing is due.
        while office.deliver():
            pass
        office.now += step


def told(office: Office, committed) -> tuple[dict[str, str], dict[str, float]]:
    """What machines and administrators are told at this instant: reasons, metrics."""
    app = create_app(office.delivery.settings, engine=committed.engine)
    with office.factory() as session, app.bound_to(session, office.now):
        client = app.test_client()
        ready = client.get("/health/ready").get_json()["reasons"]
        return ready, samples(client.get("/metrics").get_data(as_text=True))


def test_an_escalation_outlives_a_night_of_24_hours_and_an_acknowledgement_one_of_six(office, carrier):
    carrier.answers = [(503, 0)] * 2000
    level, thanks = office.post_sms("level", **LEVEL), office.post_sms("thanks")

    through_the_night(office, timedelta(hours=5, minutes=50))
    after_six = (office.message(level).state, office.message(thanks).state)
    through_the_night(office, timedelta(hours=18))
    kept, dead = office.message(level).state, office.message(thanks).state
    carrier.answers = []
    through_the_night(office, timedelta(minutes=15))

    assert after_six == (OutboundState.WAITING, OutboundState.WAITING)
    assert (kept, dead) == (OutboundState.WAITING, OutboundState.FAILED)
    assert office.message(level).state is OutboundState.SENT
    assert len(carrier.received) == 1


def test_a_retry_planned_for_later_is_counted_from_when_the_message_should_have_left(office, carrier, committed):
    carrier.answers = [(503, 0)] * 2000
    office.post_sms("thanks")

    through_the_night(office, timedelta(minutes=4), step=timedelta(seconds=20))
    well, _figures = told(office, committed)
    through_the_night(office, timedelta(minutes=7), step=timedelta(seconds=20))
    reasons, figures = told(office, committed)

    assert "outbox" not in well
    assert reasons["outbox"] == f"late since {NOW.isoformat()}"
    assert figures["hotline_outbox_oldest_waiting_seconds"] == 660
    carrier.answers = []
    through_the_night(office, timedelta(minutes=11))
    assert "outbox" not in told(office, committed)[0]


def test_what_a_persons_limit_holds_is_late_only_when_its_time_has_come(office, committed):
    office.post_sms("held", not_before=NOW + timedelta(minutes=15))
    with committed.factory() as session:
        session.execute(update(OutboundMessage).values(error_code=OVER_LIMIT, due_at=NOW))
        session.commit()

    office.now += timedelta(minutes=14)
    meanwhile = told(office, committed)
    office.now += timedelta(minutes=7)

    assert ("outbox" in meanwhile[0], meanwhile[1]["hotline_outbox_oldest_waiting_seconds"]) == (False, 0)
    assert "outbox" in told(office, committed)[0]


def test_an_urgent_message_is_late_after_a_minute_and_one_for_the_morning_is_not_late_at_night(
    office, carrier, committed
):
    carrier.answers = [(503, 0)] * 2000
    office.post_sms("morning", not_before=NOW + timedelta(hours=8))
    office.now += timedelta(minutes=6)
    asleep = told(office, committed)
    office.post_sms("urgent", is_urgent=True)

    through_the_night(office, timedelta(seconds=70), step=timedelta(seconds=5))
    reasons, figures = told(office, committed)

    assert "outbox" not in asleep[0]
    assert asleep[1]["hotline_outbox_oldest_waiting_seconds"] == 0
    assert "outbox" in reasons
    assert figures["hotline_outbox_oldest_urgent_seconds"] == 70


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, 20003), (403, 20403), (403, 20005), (403, 20010), (402, 0), (404, 20404), (400, 21606)],
    ids=["password", "forbidden", "not active", "suspended", "unfunded", "no such account", "sender not ours"],
)
def test_a_refused_account_stops_nothing_for_good_and_people_are_told(office, carrier, committed, status, code):
    carrier.answers = [(status, code)] * 5000
    office.post_sms("level", **LEVEL)
    for number in range(30):
        office.post_sms(f"thanks-{number}", to=f"+8490123{number:04}")

    # A night for the most usual one; what differs between them shows in the first hours.
    hours = 30 if LONG else 12 if code == 20003 else 2
    through_the_night(office, timedelta(hours=hours), step=timedelta(minutes=5))
    reasons, figures = told(office, committed)
    asked = 5000 - len(carrier.answers)
    carrier.answers = []
    through_the_night(office, timedelta(minutes=2), step=timedelta(seconds=15))

    assert "sms is refused by twilio" in reasons["sending_account"]
    [refused_for] = [value for name, value in figures.items() if name.startswith("hotline_account_refused_seconds")]
    assert refused_for > (hours - 1) * 3600
    # One at a time asks, not everybody: a carrier locks out whoever knocks too often.
    assert asked < hours * 12 + 40
    assert states(office) == {OutboundState.SENT: 31}
    assert len(carrier.received) == 31
    assert "sending_account" not in told(office, committed)[0]


def test_only_what_a_carrier_says_of_the_number_or_the_words_ends_a_message(office, carrier):
    refusals = [(400, 21211), (400, 21614), (400, 21617), (403, 21612), (400, 99999), (409, 20409), (418, 0)]
    messages = [office.post_sms(f"k{n}", to=f"+8490123456{n}") for n, _ in enumerate(refusals)]

    for refusal, message in zip(refusals, messages, strict=True):
        carrier.answers = [refusal]
        with transaction(office.factory) as session:
            for row in session.scalars(select(OutboundMessage)):
                row.not_before = office.now if row.id == message else NOW + timedelta(days=1)
        office.deliver()

    ended = [office.message(message).state for message in messages]
    assert ended == [OutboundState.FAILED] * 4 + [OutboundState.WAITING] * 3


@pytest.mark.parametrize("said", ["900", "date"])
def test_a_carrier_that_asks_for_patience_is_left_alone_for_as_long(office, carrier, said):
    carrier.retry_after = said if said == "900" else format_datetime(utc_now() + timedelta(minutes=15), usegmt=True)
    carrier.answers = [(429, 20429)]
    first = office.post_sms("first")
    office.deliver()
    office.post_sms("second")

    through_the_night(office, timedelta(minutes=14), step=timedelta(minutes=2))
    during = len(carrier.received)
    office.now = NOW + timedelta(minutes=15, seconds=5)
    # One after the other: both go to one telephone.
    office.deliver()
    office.deliver()

    assert during == 0
    assert len(carrier.received) == 2
    assert office.message(first).state is OutboundState.SENT


def test_a_text_that_was_not_delivered_for_our_account_is_not_dead(office, carrier):
    message = office.post_sms()
    office.deliver()
    sid = office.message(message).provider_sid
    with transaction(office.factory) as session:
        record_status(
            session, account="twilio", sid=sid, status="undelivered", error_code="30002", trouble=trouble_of("30002"),
            now=office.now,
        )  # fmt: skip

    with office.factory() as session:
        [refused] = refused_accounts(session)
    assert (refused.channel, refused.code) == (OutboundChannel.SMS, "30002")
    office.now += timedelta(minutes=6)
    office.deliver()
    assert office.message(message).state is OutboundState.SENT


def test_a_mail_server_that_does_not_know_us_any_more_loses_no_mail(committed, settings):
    with mail_server(knows_us=False) as server:
        office = Office(committed, settings, smtp_url=f"smtp://us:secret@{server.address}")
        message = mail_to(office)

        for _ in range(60):
            office.deliver(OutboundChannel.EMAIL)
            office.now += timedelta(minutes=30)
        reasons, _figures = told(office, committed)
        server.knows_us = True
        office.deliver(OutboundChannel.EMAIL)

    assert "email is refused by smtp (535)" in reasons["sending_account"]
    assert (office.message(message).state, len(server.mails)) == (OutboundState.SENT, 1)


def test_what_stood_in_the_outbox_before_we_counted_is_counted_too(office):
    office.post_sms()
    with transaction(office.factory) as session:
        for row in session.scalars(select(OutboundMessage)):
            row.due_at = None

    with office.factory() as session:
        assert oldest_unsent(session) == {False: NOW}
