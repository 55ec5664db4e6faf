"""The outbox: once per dedup key, claimed with a lease, gathered into one list, moved by rank only."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import staff
from tests.statements import counted
from tickets.outbox.claims import SENDING_LEASE, claim_batch
from tickets.outbox.gathering import GATHER_ABOVE
from tickets.outbox.patience import FEWEST_SENDINGS, SHORT, retry_delay
from tickets.outbox.posting import (
    OPTED_OUT,
    PASSING,
    mark_notices_read,
    post_email,
    post_screen,
    post_sms,
    record_status,
)
from tickets.outbox.results import (
    keep_words,
    record_failure,
    record_retry,
    record_sent,
    send_again,
)
from tickets.people import citizens
from tickets.schema import OutboundMessage, PhonePreference
from tickets.states import OutboundChannel, OutboundState

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PHONE = "+84901234567"
SMS = [OutboundChannel.SMS]
SECOND = timedelta(seconds=1)


def sms(session: Session, key: str = "k", **more: object) -> int:
    wanted = {
        "to": PHONE,
        "template": "ticket_opened",
        "params": {"reference": "1"},
        "locale": "vi",
        "now": NOW,
        **more,
    }
    return post_sms(session, dedup_key=key, **wanted)


def row(session: Session, message_id: int) -> OutboundMessage:
    return session.get_one(OutboundMessage, message_id, populate_existing=True)


def test_the_same_key_is_one_message(session):
    first = sms(session)

    assert sms(session, to="+84907777777") == first
    assert row(session, first).address == PHONE


def test_a_phone_that_opted_out_gets_a_suppressed_row_and_nothing_is_claimed(session):
    citizens.opt_out(session, PHONE, reason="asked", now=NOW)

    message = row(session, sms(session))

    assert (message.state, message.error_code) == (OutboundState.SUPPRESSED, "opted_out")
    assert claim_batch(session, by="w", channels=SMS, now=NOW) == []


def test_a_message_is_not_claimed_before_its_time_nor_twice(session):
    sms(session, not_before=NOW + SECOND)

    early = claim_batch(session, by="w", channels=SMS, now=NOW)
    [taken] = claim_batch(session, by="w", channels=SMS, now=NOW + SECOND)
    again = claim_batch(session, by="other", channels=SMS, now=NOW + SECOND)

    assert (early, again) == ([], [])
    assert (taken.state, taken.claimed_by, taken.attempts) == (OutboundState.CLAIMED, "w", 1)


def test_a_stale_claim_of_an_sms_is_taken_again(session):
    message = sms(session)
    claim_batch(session, by="killed", channels=SMS, now=NOW)

    [taken] = claim_batch(session, by="w", channels=SMS, now=NOW + SENDING_LEASE + SECOND)

    assert (taken.id, taken.attempts) == (message, 2)


def test_a_stale_claim_of_a_call_is_shown_to_a_person_instead(session):
    message = row(session, sms(session))
    message.channel = OutboundChannel.VOICE
    session.flush()
    claim_batch(session, by="killed", channels=[OutboundChannel.VOICE], now=NOW)

    taken = claim_batch(session, by="w", channels=[OutboundChannel.VOICE], now=NOW + SENDING_LEASE + SECOND)

    assert taken == []
    assert row(session, message.id).state is OutboundState.UNCERTAIN


def test_urgent_messages_go_first(session):
    slow, fast = sms(session, "slow"), sms(session, "fast", to="+84905555555", is_urgent=True)

    assert [m.id for m in claim_batch(session, by="w", channels=SMS, now=NOW)] == [fast, slow]


def test_more_than_ten_waiting_for_one_person_become_one_list(session):
    person = staff(session, phone=PHONE)
    ids = [
        sms(session, f"k{n}", staff_id=person.id, params={"reference": f"{n}", "level": 2})
        for n in range(GATHER_ABOVE + 1)
    ]

    [gathered] = claim_batch(session, by="w", channels=SMS, now=NOW)

    assert gathered.template == "gathered"
    assert gathered.params["count"] == GATHER_ABOVE + 1
    assert gathered.params["items"][0]["reference"] == "0"
    kept = [row(session, message_id) for message_id in ids]
    assert {(m.state, m.gathered_into_id) for m in kept} == {(OutboundState.SUPPRESSED, gathered.id)}


def test_ten_emergencies_for_one_person_and_many_messages_for_a_citizen_go_one_by_one(session):
    person = staff(session, phone=PHONE)
    for n in range(GATHER_ABOVE):
        sms(session, f"staff{n}", staff_id=person.id, is_urgent=True)
    for n in range(GATHER_ABOVE + 5):
        sms(session, f"citizen{n}", to="+84905555555")

    gone: list[int] = []
    while found := claim_batch(session, by="w", channels=SMS, limit=100, now=NOW):
        for message in found:
            record_sent(session, message.id, by="w", account="sim", sid=None, now=NOW)
        gone += [message.id for message in found]
    assert len(gone) == 2 * GATHER_ABOVE + 5


def test_words_are_kept_at_the_first_claim_and_never_changed(session):
    message = sms(session)

    keep_words(session, message, subject="", words="Lần một")
    keep_words(session, message, subject="", words="Lần hai")

    assert row(session, message).text == "Lần một"


def test_retries_wait_longer_and_longer_and_end_as_a_dead_letter(session):
    message = sms(session)
    claim_batch(session, by="w", channels=SMS, now=NOW)

    again = record_retry(session, message, by="w", error_code="503", error="busy", attempts=1, now=NOW)
    waiting = row(session, message)

    assert again
    assert (waiting.state, waiting.error_code) == (OutboundState.WAITING, "503")
    assert NOW < waiting.not_before <= NOW + timedelta(seconds=5)
    claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=waiting.not_before)
    often = {"by": "w", "error_code": "503", "error": "busy", "attempts": 40}
    assert record_retry(session, message, **often, now=NOW + SHORT - SECOND)
    claim_batch(session, by="w", channels=SMS, now=NOW + SHORT)
    assert record_retry(session, message, **often | {"attempts": FEWEST_SENDINGS - 1}, now=NOW + SHORT)
    claim_batch(session, by="w", channels=SMS, now=NOW + 2 * SHORT)
    assert not record_retry(session, message, **often, now=NOW + 2 * SHORT)
    assert row(session, message).state is OutboundState.FAILED


def test_the_delay_doubles_within_bounds():
    assert all(retry_delay(1) <= timedelta(seconds=5) for _ in range(50))
    assert all(timedelta(seconds=40) <= retry_delay(5) <= timedelta(seconds=80) for _ in range(50))
    assert all(timedelta(minutes=5) <= retry_delay(4000) <= timedelta(minutes=10) for _ in range(50))


def test_a_result_of_somebody_whose_claim_was_taken_over_is_ignored(session):
    message = sms(session)
    claim_batch(session, by="slow", channels=SMS, now=NOW)
    claim_batch(session, by="w", channels=SMS, now=NOW + SENDING_LEASE + SECOND)

    record_failure(session, message, by="slow", error_code="x", error="", now=NOW + SENDING_LEASE + SECOND)

    assert row(session, message).state is OutboundState.CLAIMED


def sent(session: Session, sid: str = "SM1") -> int:
    message = sms(session)
    claim_batch(session, by="w", channels=SMS, now=NOW)
    record_sent(session, message, by="w", account="sim", sid=sid, segments=1, now=NOW)
    return message


@pytest.mark.parametrize(
    "order",
    [
        ("queued", "sent", "delivered"),
        ("delivered", "queued", "sent"),
        ("sent", "delivered", "failed"),
        ("sent", "undelivered", "delivered"),
    ],
)
def test_callbacks_in_any_order_and_twice_end_delivered(session, order):
    message = sent(session)

    for status in (*order, *order):
        record_status(session, account="sim", sid="SM1", status=status, now=NOW + SECOND)

    assert (row(session, message).state, row(session, message).delivered_at) == (OutboundState.DELIVERED, NOW + SECOND)


def test_a_callback_that_overtakes_our_own_record_is_not_lost(session):
    message = sms(session)
    claim_batch(session, by="w", channels=SMS, now=NOW)

    record_status(session, account="sim", sid="SM9", status="delivered", outbound_id=message, now=NOW)
    record_sent(session, message, by="w", account="sim", sid="SM9", segments=1, now=NOW)

    known = row(session, message)
    assert (known.state, known.provider_sid, known.segments) == (OutboundState.DELIVERED, "SM9", 1)


def test_a_callback_about_no_message_of_ours_says_so(session):
    assert record_status(session, account="sim", sid="SM404", status="sent", now=NOW) is False


def test_a_handset_that_was_off_gets_the_message_again_later(session):
    message = sent(session)

    record_status(session, account="sim", sid="SM1", status="undelivered", error_code="30003", trouble=PASSING, now=NOW)

    again = row(session, message)
    assert (again.state, again.provider_sid) == (OutboundState.WAITING, None)
    assert again.not_before > NOW


@pytest.mark.parametrize("code", ["30004", "30007"])
def test_a_blocked_message_is_a_dead_letter_at_once(session, code):
    message = sent(session)

    record_status(session, account="sim", sid="SM1", status="undelivered", error_code=code, now=NOW)

    assert (row(session, message).state, row(session, message).error_code) == (OutboundState.FAILED, code)


def test_an_opt_out_told_by_the_carrier_is_remembered(session):
    sent(session)

    record_status(session, account="sim", sid="SM1", status="failed", error_code="21610", trouble=OPTED_OUT, now=NOW)

    assert session.get_one(PhonePreference, PHONE).sms_opted_out_at == NOW


def test_a_dead_letter_can_be_sent_again_by_a_person(session):
    message = sent(session)
    record_status(session, account="sim", sid="SM1", status="failed", error_code="30007", now=NOW)

    assert send_again(session, message, now=NOW)
    assert not send_again(session, message, now=NOW)
    assert [m.id for m in claim_batch(session, by="w", channels=SMS, now=NOW)] == [message]


def test_notices_stay_on_screen_until_they_are_read(session):
    person = staff(session)
    ids = [
        post_screen(session, staff_id=person.id, template="citizen_wrote", params={}, locale="vi", dedup_key=k, now=NOW)
        for k in ("a", "b", "c")
    ]

    mark_notices_read(session, person.id, up_to_id=ids[1], now=NOW)

    assert [row(session, one).read_at for one in ids] == [NOW, NOW, None]


def test_mail_is_posted_to_its_address(session):
    message = post_email(
        session, to="a@b.vn", template="ticket_opened", params={}, locale="en", dedup_key="m", is_urgent=True, now=NOW
    )

    known = session.scalars(select(OutboundMessage).where(OutboundMessage.id == message)).one()
    assert (known.channel, known.address, known.locale, known.is_urgent) == (
        OutboundChannel.EMAIL,
        "a@b.vn",
        "en",
        True,
    )


def test_a_lane_with_nothing_to_send_asks_once(session: Session) -> None:
    with counted(session) as statements:
        claimed = claim_batch(session, by="w", channels=[OutboundChannel.EMAIL], now=NOW)

    assert claimed == []
    assert len(statements) == 1
