"""A leader's reply codes by text message: taken and answered from the leader's phone, nobody's matter from another."""

import pytest
from sqlalchemy import select

from tests.app.web.steering import climb
from tests.telephony.phone import Phone
from tickets.schema import Acknowledgement, OutboundMessage, StepRecipient, Ticket


def sent(session):
    return session.scalars(select(OutboundMessage).order_by(OutboundMessage.id)).all()


def tickets(session):
    return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def test_a_leaders_code_is_taken_and_answered_and_opens_no_ticket(session, client, settings, now):
    climbed = climb(session, opened_at=now)
    leader, told = climbed.people[4], climbed.step(session, 4)
    code = session.scalar(select(StepRecipient.reply_code).where(StepRecipient.step_id == told.id))
    before = len(tickets(session))
    phone = Phone(client, settings, number=leader.phone)

    phone.post("sms", MessageSid="SM-code", SmsSid="SM-code", Body=f"GN {code} xu ly ngay", NumSegments="1")

    assert session.get_one(Acknowledgement, told.id).instruction == "xu ly ngay"
    assert sent(session)[-1].template == "acknowledge_taken"
    assert len(tickets(session)) == before


def test_a_code_from_a_phone_that_is_not_the_leaders_is_a_citizens_matter(session, client, settings, now):
    climbed = climb(session, opened_at=now)
    told = climbed.step(session, 4)
    code = session.scalar(select(StepRecipient.reply_code).where(StepRecipient.step_id == told.id))
    phone = Phone(client, settings, number="+84907654321")

    phone.post("sms", MessageSid="SM-other", SmsSid="SM-other", Body=f"GN {code} cho dong ho so", NumSegments="1")

    assert session.get(Acknowledgement, told.id) is None
    assert tickets(session)[-1].body == f"GN {code} cho dong ho so"


@pytest.mark.parametrize("body", ["ok 2024 vẫn chưa có ai đến", "ok 1500 hộ dân bị ngập", "Ghi nhận 300 trường hợp"])
def test_a_leaders_ordinary_words_with_a_number_are_no_wrong_code(session, client, settings, now, body):
    leader = climb(session, opened_at=now).people[4]
    phone = Phone(client, settings, number=leader.phone)

    phone.post("sms", MessageSid="SM-words", SmsSid="SM-words", Body=body, NumSegments="1")

    assert tickets(session)[-1].body == body
    assert "acknowledge_unknown" not in [message.template for message in sent(session)]


def test_a_leaders_code_read_out_in_groups_is_taken(session, client, settings, now):
    climbed = climb(session, opened_at=now)
    leader, told = climbed.people[4], climbed.step(session, 4)
    code = session.scalar(select(StepRecipient.reply_code).where(StepRecipient.step_id == told.id))
    phone = Phone(client, settings, number=leader.phone)

    body = f"GN {code[:3]} {code[3:]} hop sang mai"
    phone.post("sms", MessageSid="SM-groups", SmsSid="SM-groups", Body=body, NumSegments="1")

    assert session.get_one(Acknowledgement, told.id).instruction == "hop sang mai"


def test_a_leaders_bare_code_is_taken_and_a_mistyped_one_is_answered_and_neither_opens_a_ticket(
    session, client, settings, now
):
    climbed = climb(session, opened_at=now)
    leader, told = climbed.people[4], climbed.step(session, 4)
    code = session.scalar(select(StepRecipient.reply_code).where(StepRecipient.step_id == told.id))
    before = len(tickets(session))
    phone = Phone(client, settings, number=leader.phone)

    phone.post("sms", MessageSid="SM-off", SmsSid="SM-off", Body=f"{(int(code) + 1) % 10**6:06}", NumSegments="1")
    phone.post("sms", MessageSid="SM-bare", SmsSid="SM-bare", Body=code, NumSegments="1")

    answers = [m.template for m in sent(session) if m.template.startswith("acknowledge_")]
    assert answers == ["acknowledge_unknown", "acknowledge_taken"]
    assert session.get_one(Acknowledgement, told.id).staff_id == leader.id
    assert len(tickets(session)) == before
