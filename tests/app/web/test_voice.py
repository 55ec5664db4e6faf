"""A phone call walks through the signed webhooks to a ticket, a person, a message or a callback."""

import pytest
from sqlalchemy import select

from tests.factories import unit
from tests.telephony.phone import Phone
from tickets.schema import Call, Contact, Line, Ticket
from tickets.states import CallState


@pytest.fixture
def city_line(session):
    return session.scalars(select(Line).where(Line.is_city)).first().phone


@pytest.fixture
def phone(client, settings, city_line):
    return Phone(client, settings, to=city_line)


def call_of(session, phone):
    return session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()


def ticket_of(session, phone):
    return session.get(Ticket, call_of(session, phone).ticket_id)


def test_the_first_webhook_writes_contact_and_call_and_no_ticket(session, phone):
    phone.ring()

    call = call_of(session, phone)
    assert "ghi âm" in phone.said
    assert (call.state, call.phone, call.ticket_id) == (CallState.MENU, "+84901234567", None)
    assert session.get(Contact, call.contact_id).phone == "+84901234567"


def test_a_report_whose_place_was_said_stands_in_the_wards_queue_with_reasons(session, phone):
    phone.ring().press("1").speak("phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả")

    ticket = ticket_of(session, phone)
    assert ticket.unit_id == unit(session, "26740").id
    assert "khai sinh" in ticket.body
    assert any(reason["code"] == "place_unique" for reason in ticket.routing_reasons)
    assert ticket.opened_at == call_of(session, phone).arrived_at
    assert ticket.hop_count == 1
