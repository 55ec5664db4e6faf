"""Mail servers that fall silent: a mail is neither lost nor there again and again, and nobody has to guess."""

import threading
import time
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.delivery import mail
from app.delivery.deliver import Delivery
from app.delivery.letter import Letter
from app.storage.database import transaction
from tests.app.delivery.delivering_office import Office
from tests.app.delivery.mail_server import MailServer, mail_server
from tests.conftest import NOW
from tests.factories import staff
from tests.faults.nodes import wait_until
from tickets.outbox.posting import post_email
from tickets.schema import OutboundMessage, RoleAssignment
from tickets.states import OutboundChannel, OutboundState


def mail_to(office: Office, key: str = "mail") -> int:
    with transaction(office.factory) as session:
        return post_email(
            session, to="a@example.vn", template="ticket_resolved",
            params={"reference": "2600421733", "body": "Đã xử lý."}, locale="vi", dedup_key=key, now=office.now,
        )  # fmt: skip


@pytest.mark.parametrize("after", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_mail_server_that_falls_silent_before_it_has_the_mail_is_tried_again_in_seconds(
    committed, settings, monkeypatch, after: str
):
    monkeypatch.setattr(mail, "LONGEST_SECONDS", 0.5)
    with mail_server(silent_after=after) as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        message = mail_to(office)
        office.deliver(OutboundChannel.EMAIL)
        server.silent_after = ""
        office.now += timedelta(seconds=10)
        office.deliver(OutboundChannel.EMAIL)

    row = office.message(message)
    assert (row.state, row.attempts, row.doubtful_since) == (OutboundState.SENT, 2, None)
    assert len(server.mails) == 1


PHASES = ["connect", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."]
SENDER = "hotline@example.vn"
LETTER = Letter(1, OutboundChannel.EMAIL, "a@example.vn", "vi", "s", "t", 1, "mail", "t", None, "")
# Longer than any server was waited for before.
SLOW_SECONDS = 35.0


def waits_at(phase: str) -> AbstractContextManager[MailServer]:
    return mail_server(slow_after=phase, offers_tls=phase == "STARTTLS", knows_us=True if phase == "AUTH" else None)


@pytest.mark.parametrize("phase", PHASES)
def test_a_mail_is_nobody_elses_while_a_slow_server_is_waited_for(committed, settings, monkeypatch, phase: str):
    monkeypatch.setattr(mail, "HELD_EVERY_SECONDS", 0.05)
    with waits_at(phase) as server:
        sign_in = "city:secret@" if phase == "AUTH" else ""
        office, other = (Office(committed, settings, smtp_url=f"smtp://{sign_in}{server.address}") for _ in range(2))
        other.delivery = Delivery(**{**vars(other.delivery), "by": "worker:other"})
        message = mail_to(office)
        sending = threading.Thread(target=office.deliver, args=(OutboundChannel.EMAIL,))
        sending.start()
        assert server.is_asked.wait(20)
        for seconds in range(50, 250, 50):
            # A claim holds for a minute.
            office.now = NOW + timedelta(seconds=seconds)
            assert wait_until(lambda: office.message(message).lease_until > office.now + timedelta(seconds=50))
            other.now = office.now + timedelta(seconds=11)
            assert other.deliver(OutboundChannel.EMAIL) == 0
        server.goes_on.set()
        sending.join()

    row = office.message(message)
    if phase == "STARTTLS":
        assert (row.state, row.error_code, server.mails) == (OutboundState.WAITING, "454", [])
    else:
        assert (row.state, row.attempts, len(server.mails)) == (OutboundState.SENT, 1, 1)


def test_a_mail_that_somebody_else_has_taken_meanwhile_does_not_leave_us(committed, settings, monkeypatch):
    monkeypatch.setattr(mail, "HELD_EVERY_SECONDS", 0.05)
    with mail_server(slow_after="RCPT") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        message = mail_to(office)
        sending = threading.Thread(target=office.deliver, args=(OutboundChannel.EMAIL,))
        sending.start()
        assert server.is_asked.wait(20)
        with transaction(office.factory) as session:
            session.execute(update(OutboundMessage).values(claimed_by="worker:other"))
        sending.join(20)
        server.goes_on.set()

    assert not sending.is_alive()
    assert (server.mails, office.message(message).state) == ([], OutboundState.CLAIMED)


@pytest.mark.slow
def test_a_server_that_takes_its_time_gets_its_mail_whatever_it_hesitates_at(committed, settings):
    with ExitStack() as opened:
        servers = {phase: opened.enter_context(waits_at(phase)) for phase in PHASES if phase != "STARTTLS"}
        sending = []
        for phase, server in servers.items():
            url = f"smtp://{'city:secret@' if phase == 'AUTH' else ''}{server.address}"
            sending.append(
                threading.Thread(target=mail.send_mail, args=(LETTER,), kwargs={"smtp_url": url, "sender": SENDER})
            )
        for one in sending:
            one.start()
        time.sleep(SLOW_SECONDS)
        for server in servers.values():
            server.goes_on.set()
        for one in sending:
            one.join(10)

        assert {phase: len(server.mails) for phase, server in servers.items()} == dict.fromkeys(servers, 1)


def test_a_mail_that_was_taken_without_a_word_is_handed_over_four_times_at_most_and_then_shown_to_a_person(
    committed, settings, monkeypatch
):
    monkeypatch.setattr(mail, "LONGEST_SECONDS", 0.5)
    with mail_server(silent_after=".") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        message = mail_to(office)
        office.deliver(OutboundChannel.EMAIL)
        first = office.message(message)
        for _ in range(60):
            office.now += timedelta(minutes=1)
            office.deliver(OutboundChannel.EMAIL)

    assert (first.state, first.error_code) == (OutboundState.WAITING, "no_answer")
    assert office.message(message).state is OutboundState.UNCERTAIN
    assert len(server.mails) == 4
    assert len({line for one in server.mails for line in one.splitlines() if line.startswith("Message-ID")}) == 1


@pytest.mark.parametrize("farewell", ["421 too many connections", "500 what?", "250 ok"])
def test_what_a_mail_server_says_after_it_has_taken_the_mail_sends_it_no_second_time(
    committed, settings, farewell: str
):
    with mail_server(farewell=farewell) as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        message = mail_to(office)
        for _ in range(3):
            office.deliver(OutboundChannel.EMAIL)
            office.now += timedelta(minutes=15)

    assert office.message(message).state is OutboundState.SENT
    assert len(server.mails) == 1


def test_no_mail_is_claimed_before_there_is_somebody_to_send_it(committed, settings):
    with mail_server() as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        for number in range(12):
            mail_to(office, f"mail {number}")

        assert [office.deliver(OutboundChannel.EMAIL) for _ in range(3)] == [8, 4, 0]

    assert len(server.mails) == 12


def test_no_password_and_no_mail_goes_in_the_clear_to_a_server_that_offers_to_encrypt(committed, settings):
    with mail_server(knows_us=True, offers_tls=True) as server:
        office = Office(committed, settings, smtp_url=f"smtp://city:secret@{server.address}")
        message = mail_to(office)
        office.deliver(OutboundChannel.EMAIL)

    assert server.heard[:2] == ["EHLO", "STARTTLS"]
    assert not {"AUTH", "MAIL", "DATA"} & set(server.heard)
    assert (office.message(message).state, office.message(message).error_code) == (OutboundState.WAITING, "454")


def test_a_mail_in_doubt_goes_out_no_second_time_once_it_is_not_its_readers_any_more(committed, settings, monkeypatch):
    monkeypatch.setattr(mail, "LONGEST_SECONDS", 0.5)
    with mail_server(silent_after=".") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        with transaction(office.factory) as session:
            reader = staff(session)
            message = post_email(
                session, to="a@example.vn", template="ticket_resolved", staff_id=reader.id,
                params={"reference": "2600421733", "body": "Đã xử lý."}, locale="vi", dedup_key="mail", now=office.now,
            )  # fmt: skip
        office.deliver(OutboundChannel.EMAIL)
        with transaction(office.factory) as session:
            session.execute(update(RoleAssignment).values(valid_to=office.now + timedelta(minutes=1)))
        for _ in range(40):
            office.now += timedelta(minutes=1)
            office.deliver(OutboundChannel.EMAIL)

    assert office.message(message).error == "role_ended"
    assert len(server.mails) == 1
