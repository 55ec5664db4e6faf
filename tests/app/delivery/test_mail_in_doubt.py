"""Mail servers that fall silent: a mail is neither lost nor there again and again, and nobody has to guess."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.delivery import mail
from app.storage.database import transaction
from tests.app.delivery.delivering_office import Office
from tests.app.delivery.mail_server import mail_server
from tests.factories import staff
from tickets.outbox.posting import post_email
from tickets.schema import RoleAssignment
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
