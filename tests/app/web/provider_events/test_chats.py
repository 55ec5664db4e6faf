"""Whoever writes by a chat has no number: they are kept as anybody is, and told at once how else they are answered."""

import itertools
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from app.phone.answers import Phones, answer, answer_replayed, take_in
from app.reference import Reference
from telephony.provider.webhook_inbox import Webhook
from telephony.sms.chats import MOST_SAID_A_DAY
from tests.factories import unit
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tickets.people.references import grouped
from tickets.schema import InboundSms, Line, NoiseContact, OutboundMessage, Ticket, Unit
from tickets.states import Channel, Priority, Role

_sids = itertools.count(1)
ZALO, VIBER, WASTE = "zalo:2512523625412515000", "viber:01234567890A=", "Rác ở phường Bến Thành không ai lấy"
FIRE = "Cháy nhà ở phường Bến Thành, có người mắc kẹt"


@pytest.fixture
def write(client, settings, session):
    """Sends a message by a service, and gives back what its answer says to whoever wrote."""
    phone = Phone(client, settings, to=session.scalars(select(Line).where(Line.is_city)).first().phone)

    def write(sender, body, *, sid=None):
        sid = sid or f"SM{next(_sids):030d}ch"
        answer = phone.post("sms", MessageSid=sid, SmsSid=sid, From=sender, Body=body, NumSegments="1")
        assert answer.status_code == 200
        return [message.text for message in ElementTree.fromstring(answer.data).iter("Message")]

    return write


def tickets(session):
    return session.scalars(select(Ticket).order_by(Ticket.id)).all()


@pytest.mark.parametrize("sender", [ZALO, VIBER, "messenger:84901234567", "whatsapp:VN.13491208655302741918"])
def test_a_fire_told_by_a_chat_is_an_emergency_and_the_chat_says_whom_to_call(session, write, sender):
    [said] = write(sender, FIRE)

    [ticket] = tickets(session)
    assert (ticket.priority, ticket.channel, ticket.reply_phone) == (Priority.EMERGENCY, Channel.SMS, None)
    assert session.scalars(select(NoiseContact)).all() == []
    assert said.startswith("Nếu nguy hiểm, gọi ngay 114")
    assert grouped(ticket.reference) in said and "Kênh này chỉ nhận tin" in said
    assert {message.staff_id is None for message in session.scalars(select(OutboundMessage))} <= {False}


@pytest.mark.parametrize("sender", ["viber:+84901234567", "zalo:84901234567"])
def test_who_writes_by_a_chat_from_a_number_is_answered_by_a_text_to_it(session, write, sender):
    assert write(sender, WASTE) == []

    [ticket] = tickets(session)
    assert ticket.reply_phone == "+84901234567"
    assert "+84901234567" in session.scalars(select(OutboundMessage.address)).all()


def test_what_one_person_writes_by_a_chat_is_one_matter_and_told_once(session, write):
    first = write(ZALO, WASTE)
    assert len(first) == 1
    assert write(ZALO, "Đã 3 ngày rồi") == []
    assert write("zalo:2512523625412515001", "Đèn đường ở phường Dĩ An bị hỏng") != []

    assert len(tickets(session)) == 2


def test_a_repeated_delivery_is_answered_by_the_same_words(session, write):
    first = write(VIBER, WASTE, sid="SM-chat-twice")

    assert first == write(VIBER, WASTE, sid="SM-chat-twice") != []
    assert len(tickets(session)) == 1


def test_danger_in_a_later_message_of_a_chat_is_answered_again(session, write):
    write(ZALO, WASTE)

    [said] = write(ZALO, "Bây giờ cháy rồi, có người mắc kẹt")

    assert "114" in said
    assert tickets(session)[0].priority is Priority.EMERGENCY


def test_a_greeting_by_a_chat_is_told_once_a_day_where_we_answer(session, write):
    """So that a machine that answers us ends the talk with its first answer."""
    [said] = write(ZALO, "xin chào")
    assert "Kênh này chỉ nhận tin" in said and "Mã" not in said

    assert write(ZALO, "xin chào") == []
    assert tickets(session) == []


def test_in_english_whoever_writes_english_is_told(session, write):
    [said] = write(ZALO, "The street light in front of our house in Ben Thanh ward is broken since Monday")

    assert "We cannot answer here." in said


def test_the_agent_sees_by_which_service_it_came_and_that_nothing_goes_back_there(session, client, write, now):
    write(ZALO, "Rác ở phường Sài Gòn không ai lấy")
    [ticket] = tickets(session)
    sign_in(client, session, role=Role.AGENT, unit=unit(session, "26740"), now=now)

    page = client.get(f"/console/tickets/{ticket.reference}").get_data(as_text=True)

    assert "Nhắn qua Zalo, kênh không trả lời được." in page


@pytest.mark.parametrize(
    "words", [WASTE, FIRE, "xin chào", "The street light in Ben Thanh ward is broken since Monday"]
)
@pytest.mark.parametrize("quoting", ["{}", "“{}”", "> {}"])
def test_our_own_answer_that_comes_back_opens_nothing_and_is_not_answered(session, write, words, quoting):
    """A business account quotes whom it answers; its owner has told us one thing."""
    [said] = write(ZALO, words)
    before = [(ticket.id, ticket.priority) for ticket in tickets(session)]

    assert write(ZALO, quoting.format(said)) == []

    session.expire_all()
    assert [(ticket.id, ticket.priority) for ticket in tickets(session)] == before
    assert session.scalars(select(NoiseContact.kind).order_by(NoiseContact.contact_id.desc())).first() == "echo"


def test_what_we_say_where_a_chat_is_not_answered_is_no_danger_to_whoever_passes_it_on(session, write):
    [said] = write(ZALO, WASTE)

    write("zalo:2512523625412515009", said)

    assert all(ticket.priority is not Priority.EMERGENCY for ticket in tickets(session))


def test_a_machine_that_names_danger_in_every_answer_is_told_twice_at_most_about_one_matter(session, write):
    write(ZALO, WASTE)

    told = [write(ZALO, f"Shop nghỉ. Nếu có cháy xin gọi 114. Tin số {n}") for n in range(6)]

    assert sum(map(len, told)) <= 1
    assert len(tickets(session)) == 1


def test_nobody_is_answered_by_a_chat_more_than_so_often_in_a_day(session, write):
    wards = ["Bến Thành", "Dĩ An", "Sài Gòn", "Tân Định", "Bình Dương", "Thủ Đức", "Vũng Tàu"]

    told = [write(ZALO, f"Cháy nhà ở phường {ward}, có người mắc kẹt") for ward in wards]

    assert len(tickets(session)) > MOST_SAID_A_DAY
    assert sum(map(len, told)) == MOST_SAID_A_DAY


@pytest.fixture
def came(session, settings):
    """A text by a chat as the door takes it in, without anybody who waits for its answer."""
    phones = Phones(settings, Reference.from_settings(settings))
    line = session.scalars(select(Line).where(Line.is_city)).first().phone

    def came(act, body, *, sid, **at):
        form = {"message_sid": sid, "from": ZALO, "to": line, "body": body}
        return act(session, Webhook("sim", "sms", form, {}), phones, **at).body

    return came


def replayed_after_an_outage(came, now):
    came(answer_replayed, WASTE, sid="SMlost", received_at=now, now=now + timedelta(minutes=3))


def fetched_from_the_provider(came, now):
    came(take_in, WASTE, sid="SMlost", received_at=now, now=now)


def finished_when_nobody_waited_any_more(came, now):
    came(answer, WASTE, sid="SMlost", received_at=now, now=now)
    came(answer_replayed, WASTE, sid="SMlost", received_at=now, now=now + timedelta(minutes=3))


@pytest.mark.parametrize(
    "lose", [replayed_after_an_outage, fetched_from_the_provider, finished_when_nobody_waited_any_more]
)
def test_whoever_wrote_while_we_could_not_answer_is_told_when_they_write_again(session, client, write, came, now, lose):
    lose(came, now)
    [ticket] = tickets(session)
    sign_in(client, session, role=Role.AGENT, unit=ticket_unit(session, ticket), now=now)
    page = f"/console/tickets/{ticket.reference}"
    assert session.scalars(select(InboundSms.answer)).all() == [""]
    assert "Chưa báo được cho người gửi" in client.get(page).get_data(as_text=True)

    [said] = write(ZALO, "Rác vẫn còn đó")

    assert grouped(ticket.reference) in said
    assert len(tickets(session)) == 1
    assert "Người gửi đã được báo" in client.get(page).get_data(as_text=True)
    assert write(ZALO, "Rác vẫn chưa ai lấy") == []


def ticket_unit(session, ticket):
    return session.get_one(Unit, ticket.unit_id)
