"""Delivery: claimed, worded, sent over a real connection and recorded; every refusal treated as what it is."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, text

from app.delivery import mail
from app.delivery.deliver import Delivery, deliver_due
from app.settings import Settings
from app.storage.database import transaction
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.links import PURPOSE
from escalation.firing.sweep import tick
from tests.app.delivery.delivering_office import PHONE, SMS, Office
from tests.app.delivery.mail_server import dripping_mail_server, mail_server
from tests.conftest import NOW, Committed
from tests.escalation.raising import raised
from tests.escalation.scene import level_at, person, step
from tests.factories import KEYS, open_ticket, staff
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.directory import one_time_links
from tickets.directory.lines import LineFacts, city_line, insert_lines
from tickets.outbox.posting import post_email, post_screen
from tickets.people.pins import check_pin
from tickets.schema import OutboundMessage, PhonePreference
from tickets.states import Channel, OutboundChannel, OutboundState


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed: Committed, settings: Settings, carrier: FakeCarrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def test_once_a_city_has_entered_its_own_line_texts_leave_from_it_and_no_more_from_the_example(office, carrier):
    with transaction(office.factory) as session:
        example = city_line(session, on=NOW.date())
        own = LineFacts("+842838291022", "1022", example.office_id, is_city=True, valid_from=NOW.date())
        insert_lines(session, [own])
    office.post_sms()

    office.deliver()

    [form] = carrier.received
    assert form["From"] == "+842838291022"


def test_an_sms_leaves_from_the_citys_line_with_its_own_callback_and_is_recorded(office, carrier):
    message = office.post_sms()

    office.deliver()

    [form] = carrier.received
    assert form["To"] == PHONE
    assert form["From"].startswith("+84")
    assert "26 0042 1733" in form["Body"]
    callback = urlsplit(form["StatusCallback"])
    assert (callback.path, parse_qs(callback.query)) == ("/webhooks/twilio/sms-status", {"m": [str(message)]})
    assert callback.fragment == "rc=3&rp=all"
    kept = office.message(message)
    assert (kept.state, kept.provider_account, kept.text) == (OutboundState.SENT, "twilio", form["Body"])
    assert kept.provider_sid.startswith("SM")
    assert kept.segments >= 1


@pytest.mark.parametrize("template", ["ticket_resolved", "ticket_reply", "ticket_question"])
def test_an_answer_longer_than_a_carrier_takes_arrives_with_its_beginning_and_where_to_read_on(
    office, carrier, template
):
    answer = "Phường đã kiểm tra và sẽ khắc phục trước ngày 5. 🙂 " * 150

    message = office.post_sms(template=template, params={"reference": "2600421733", "body": answer})
    office.deliver()

    [form] = carrier.received
    said = form["Body"]
    assert len(said.encode("utf-16-le")) // 2 <= 1600, "else the carrier refuses it as a whole"
    assert "26 0042 1733" in said and answer[:1000] in said
    assert "Đọc tiếp: " in said and "/track" in said
    assert said.rsplit("…", 1)[0].split()[-1] in answer.split(), "no word is cut in two"
    assert office.message(message).state is OutboundState.SENT


def test_an_answer_that_fits_leaves_word_for_word(office, carrier):
    answer = "Đã thay bóng đèn. " * 60

    office.post_sms(template="ticket_reply", params={"reference": "2600421733", "body": answer.strip()})
    office.deliver()

    assert answer.strip() in carrier.received[0]["Body"]


def test_the_secret_link_leaves_with_the_message_and_is_not_kept(office, carrier):
    with transaction(office.factory) as session:
        person = staff(session, phone=PHONE)
    params = {
        "step_id": 7, "reference": "2600421733", "level": 2, "clock": "resolve", "priority": "urgent", "code": "00007",
        "due_at": NOW.isoformat(), "unit": {"vi": "Phường Sài Gòn", "en": "Sai Gon Ward"},
        "category": {"vi": "", "en": ""},
    }  # fmt: skip
    message = office.post_sms(template="escalation_level", params=params, staff_id=person.id)

    office.deliver()

    token = carrier.bodies[0].split("/a/")[1].split()[0]
    with office.factory() as session:
        link = session.scalars(one_time_links.unexpired(token, purposes=[PURPOSE], now=NOW)).one()
    assert (link.params["step_id"], link.staff_id) == (7, person.id)
    assert token not in office.message(message).text
    assert "[[link]]" in office.message(message).text


def test_a_report_that_waited_offers_only_what_its_reader_can_still_do(office, carrier):
    with transaction(office.factory) as session:
        matter, people, at = raised(session)
        fast, late = (person(session, phone=phone, now=at) for phone in ("+84900000071", "+84900000072"))
        step_id = step(session, matter, 2).id
        params = {
            "step_id": step_id, "reference": matter.reference, "level": 2, "clock": "resolve", "priority": "urgent",
            "code": "482130", "due_at": at.isoformat(), "unit": {"vi": "Phường Sài Gòn", "en": "Sai Gon Ward"},
            "category": {"vi": "", "en": ""}, "by_sms": True, "next_level": 3,
        }  # fmt: skip
    office.post_sms("first", template="escalation_level", params=params, to="+84900000071", staff_id=fast.id)
    office.deliver()
    with transaction(office.factory) as session:
        acknowledge(session, step_id, staff_id=people[2].id, via="web", now=at)
        tick(session, now=level_at(session, matter, 5))
    office.post_sms("second", template="escalation_level", params=params, to="+84900000072", staff_id=late.id)
    office.deliver()

    bodies = {form["To"]: form["Body"] for form in carrier.received}
    before, after = bodies["+84900000071"], bodies["+84900000072"]
    assert "TC 482130" in before
    assert f"{people[2].name} đã ghi nhận." in after
    assert "GN 482130" in after
    assert "TC 482130" not in after
    assert "/a/" not in after


def test_the_pin_leaves_with_the_message_and_is_kept_nowhere(office, carrier):
    with transaction(office.factory) as session:
        ticket = open_ticket(session, phone=PHONE, channel=Channel.SMS, now=NOW)
    office.deliver()

    [said] = carrier.bodies
    assert f"PIN {ticket.pin}." in said
    with office.factory() as session:
        [kept] = session.execute(text("select outbound_message::text from outbound_message")).scalars()
        checked = check_pin(session, reference=ticket.reference, pin=ticket.pin, asker="a phone", keys=KEYS, now=NOW)
    assert ticket.pin not in kept
    assert checked.ticket_id == ticket.ticket_id


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (503, 0), (429, 20429)])
def test_a_busy_or_broken_carrier_is_tried_again_with_the_same_words(office, carrier, status, code):
    carrier.answers = [(status, code)]
    message = office.post_sms()

    office.deliver()
    waiting = office.message(message)
    office.now = waiting.not_before
    office.deliver()

    assert waiting.state is OutboundState.WAITING
    assert waiting.not_before > NOW
    assert office.message(message).state is OutboundState.SENT
    assert carrier.bodies == [waiting.text]


def test_a_number_that_cannot_be_sent_to_is_a_dead_letter_at_once(office, carrier):
    carrier.answers = [(400, 21211)]
    message = office.post_sms()

    office.deliver()

    assert (office.message(message).state, office.message(message).error_code) == (OutboundState.FAILED, "21211")


def test_a_refusal_by_the_owner_of_the_phone_is_remembered(office, carrier):
    carrier.answers = [(400, 21610)]
    message = office.post_sms()

    office.deliver()
    later = office.post_sms("later")

    assert office.message(message).state is OutboundState.FAILED
    with office.factory() as session:
        assert session.get_one(PhonePreference, PHONE).sms_opted_out_at == NOW
    assert office.message(later).state is OutboundState.SUPPRESSED


def test_a_connection_that_breaks_after_the_carrier_took_it_is_asked_about_and_nothing_is_sent_twice(office, carrier):
    carrier.reset_after_accept = 1
    message = office.post_sms()

    office.deliver()
    office.now = office.message(message).not_before
    office.deliver()

    assert office.message(message).state is OutboundState.SENT
    assert office.message(message).provider_sid == f"SM{1:032}"
    assert len(carrier.received) == 1


def test_a_message_nobody_can_word_does_not_stop_the_others(office, carrier):
    broken = office.post_sms("broken", params={})
    unknown = office.post_sms("unknown", template="no_such_template")
    good = office.post_sms("good")

    # To one telephone one after the other.
    for _ in range(3):
        office.deliver()

    assert [office.message(m).state for m in (broken, unknown, good)] == [
        OutboundState.FAILED,
        OutboundState.FAILED,
        OutboundState.SENT,
    ]
    assert office.message(unknown).error_code == "no_template"


def call(office: Office) -> int:
    message = office.post_sms()
    with transaction(office.factory) as session:
        row = session.get_one(OutboundMessage, message)
        row.channel, row.template = OutboundChannel.VOICE, "escalation_level"
        row.params = {"reference": "2600421733", "level": 4, "unit": {"vi": "Phường <Sài Gòn>", "en": ""}}
    return message


def test_a_call_says_the_text(office, carrier):
    message = call(office)

    office.deliver()

    assert carrier.paths[0].endswith("/Calls.json")
    assert "Phường &lt;Sài Gòn&gt;" in carrier.received[0]["Twiml"]
    assert office.message(message).state is OutboundState.SENT


def test_a_call_that_a_gateway_gave_up_waiting_for_rings_once(office, carrier):
    message = call(office)
    carrier.answers = [(503, 0)]
    office.deliver()
    # What the carrier behind the gateway did all the same.
    carrier.received.append({"To": office.message(message).address, "Twiml": "<Response/>"})

    office.now += timedelta(minutes=1)
    office.deliver()

    assert office.message(message).state is OutboundState.SENT
    assert office.message(message).provider_sid == f"SM{1:032}"
    assert len(carrier.received) == 1


def test_a_call_that_a_gateway_never_passed_on_is_placed_after_asking_and_not_before(office, carrier):
    message = call(office)
    carrier.answers, carrier.lists_nothing = [(502, 0)], True
    office.deliver()
    office.now += timedelta(minutes=10)
    office.deliver()
    unasked = (office.message(message).state, len(carrier.received))
    carrier.lists_nothing = False

    office.now += timedelta(minutes=10)
    office.deliver()

    assert unasked == (OutboundState.WAITING, 0)
    assert office.message(message).state is OutboundState.SENT
    assert len(carrier.received) == 1


def test_a_call_whose_answer_is_lost_is_shown_to_a_person_and_not_placed_again(office, carrier):
    carrier.reset_after_accept = 1
    message = call(office)

    office.deliver()
    office.now += timedelta(hours=1)
    office.deliver()

    assert office.message(message).state is OutboundState.UNCERTAIN
    assert len(carrier.received) == 1


def test_a_call_that_never_reached_the_carrier_is_placed_later(committed, settings):
    office = Office(
        committed, settings, twilio_account_sid="AC1", twilio_auth_token="t", twilio_base_url="http://127.0.0.1:9"
    )
    message = call(office)

    office.deliver()

    assert (office.message(message).state, office.message(message).error_code) == (OutboundState.WAITING, "unreachable")


def test_without_a_provider_an_sms_is_a_dead_letter_that_says_so(committed, settings):
    office = Office(committed, settings, public_base_url="https://hotline.example.vn")
    message = office.post_sms()

    office.deliver()

    assert (office.message(message).state, office.message(message).error_code) == (OutboundState.FAILED, "no_provider")


def test_notices_for_the_screen_are_worded_and_there(office):
    with transaction(office.factory) as session:
        person = staff(session)
        message = post_screen(
            session, staff_id=person.id, template="citizen_wrote", params={"reference": "2600421733"}, locale="vi",
            dedup_key="s", now=NOW,
        )  # fmt: skip

    office.deliver(OutboundChannel.SCREEN)

    assert office.message(message).state is OutboundState.SENT
    assert office.message(message).text == "26 0042 1733: người dân vừa liên hệ thêm."


def mail_to(office: Office, address: str = "a@example.vn") -> int:
    with transaction(office.factory) as session:
        return post_email(
            session, to=address, template="ticket_resolved", params={"reference": "2600421733", "body": "Đã xử lý."},
            locale="vi", dedup_key="mail", now=NOW,
        )  # fmt: skip


def test_without_a_mail_server_mail_is_kept_and_marked_as_kept(office):
    message = mail_to(office)

    office.deliver(OutboundChannel.EMAIL)

    kept = office.message(message)
    assert (kept.state, kept.provider_account) == (OutboundState.SENT, "kept")
    assert "Đã xử lý." in kept.text


def test_mail_leaves_by_smtp_with_subject_and_a_lasting_message_id(committed, settings):
    with mail_server() as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        message = mail_to(office)

        office.deliver(OutboundChannel.EMAIL)

    [mail] = server.mails
    assert "To: a@example.vn" in mail
    assert f"Message-ID: <outbound-{message}@127.0.0.1>" in mail
    assert (office.message(message).state, office.message(message).provider_account) == (OutboundState.SENT, "smtp")


@pytest.mark.parametrize(
    ("refusal", "state"),
    [("451 try later", OutboundState.WAITING), ("550 no such mailbox", OutboundState.FAILED)],
)
def test_a_passing_refusal_of_mail_is_tried_again_and_a_final_one_is_not(committed, settings, refusal, state):
    with mail_server(refusal) as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        message = mail_to(office)

        office.deliver(OutboundChannel.EMAIL)

    assert (office.message(message).state, office.message(message).error_code) == (state, refusal[:3])


def test_an_unreachable_mail_server_is_tried_again(committed, settings):
    office = Office(committed, settings, smtp_url="smtp://127.0.0.1:9")
    message = mail_to(office)

    office.deliver(OutboundChannel.EMAIL)

    assert (office.message(message).state, office.message(message).error_code) == (OutboundState.WAITING, "unreachable")


def test_a_mail_server_that_never_comes_to_an_end_is_left_and_tried_again(committed, settings, monkeypatch):
    monkeypatch.setattr(mail, "LONGEST_SECONDS", 0.5)
    began = time.monotonic()
    with dripping_mail_server() as address:
        office = Office(committed, settings, smtp_url=f"smtp://{address}")
        message = mail_to(office)
        office.deliver(OutboundChannel.EMAIL)

    assert time.monotonic() - began < 45, "it was left after half a second, not after the minute of a real one"
    assert (office.message(message).state, office.message(message).error_code) == (OutboundState.WAITING, "unreachable")


def test_two_workers_never_send_the_same_message(office, carrier):
    for number in range(30):
        office.post_sms(f"k{number}", to=f"+8490123{number:04d}")
    other = Delivery(**{**vars(office.delivery), "by": "worker:other"})

    threads = [
        threading.Thread(target=lambda worker=worker: [deliver_due(worker, SMS) for _ in range(4)])
        for worker in (office.delivery, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(carrier.received) == 30
    with office.factory() as session:
        states = set(session.scalars(select(OutboundMessage.state)))
    assert states == {OutboundState.SENT}
