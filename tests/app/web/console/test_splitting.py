"""A ticket of two matters: an agent makes the second one of its own; nothing is lost, and both name each other."""

import pytest
from sqlalchemy import select

from tests.factories import open_ticket, unit
from tests.signing_in import sign_in
from tests.whole_app.test_rights import csrf
from tickets.schema import AuditEntry, Category, Clock, OutboundMessage, Ticket
from tickets.states import Channel, Role

FIRST = "Đèn đường trước số 12 Lê Lợi phường Sài Gòn hỏng cả tuần nay"
SECOND = "hàng xóm hát karaoke ầm ĩ tới nửa đêm"


@pytest.fixture
def ticket(session, client, now):
    body = f"{FIRST}. Ngoài ra {SECOND}"
    opened = open_ticket(session, body=body, subject="", category_code=None, channel=Channel.SMS, now=now)
    sign_in(client, session, role=Role.AGENT, unit=unit(session), now=now)
    return session.get_one(Ticket, opened.ticket_id)


def split(client, ticket, said):
    sent = {"second": said, "once": "split-1", "csrf_token": csrf(client)}
    return client.post(f"/console/tickets/{ticket.reference}/split", data=sent)


def others(session, ticket):
    return session.scalars(select(Ticket).where(Ticket.id != ticket.id).order_by(Ticket.id)).all()


def test_what_seems_to_be_the_second_matter_stands_in_the_form(client, ticket):
    page = client.get(f"/console/tickets/{ticket.reference}").text

    assert "Hai việc trong một phiếu" in page
    assert f">{SECOND[0].upper()}{SECOND[1:]}</textarea>" in page


def test_the_second_has_its_own_kind_promise_and_number_and_the_first_keeps_its_words(client, session, ticket, now):
    words = ticket.body

    assert split(client, ticket, SECOND).status_code == 303

    (second,) = others(session, ticket)
    assert (second.body, second.reply_phone, second.unit_id) == (SECOND, ticket.reply_phone, ticket.unit_id)
    kind = session.get_one(Category, second.category_id)
    assert kind.code == "night_noise"
    assert session.scalars(select(Clock).where(Clock.ticket_id == second.id)).all() != []
    assert second.opened_at == ticket.opened_at
    assert session.get_one(Ticket, ticket.id).body == words
    told = session.scalars(select(OutboundMessage.template).where(OutboundMessage.ticket_id == second.id)).all()
    assert told == ["ticket_opened"]
    assert "ticket.split" in session.scalars(select(AuditEntry.action)).all()


def test_both_pages_name_the_other(client, session, ticket):
    split(client, ticket, SECOND)
    (second,) = others(session, ticket)

    spaced = f"{second.reference[:2]} {second.reference[2:6]} {second.reference[6:]}"
    assert f"việc thứ hai đã thành phiếu {spaced}" in client.get(f"/console/tickets/{ticket.reference}").text
    assert "việc thứ hai của" in client.get(f"/console/tickets/{second.reference}").text


def test_the_same_words_twice_open_one_ticket_and_no_words_open_none(client, session, ticket):
    for once in ("a", "b"):
        data = {"second": SECOND, "once": once, "csrf_token": csrf(client)}
        client.post(f"/console/tickets/{ticket.reference}/split", data=data)
    refused = split(client, ticket, "   ")

    assert len(others(session, ticket)) == 1
    assert refused.status_code in (400, 422)
