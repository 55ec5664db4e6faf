"""A leader who is called about a level acknowledges it with a key; nobody else's key, and no voicemail, does."""

from xml.etree import ElementTree

import pytest

from app.phone.accounts import provider_accounts
from app.phone.notice_calls import first_document
from tests.app.web.steering import climb
from tests.telephony.phone import Phone
from tickets.schema import Acknowledgement, AuditEntry, OutboundMessage
from tickets.states import OutboundChannel, OutboundState


@pytest.fixture
def raised(session, now):
    return climb(session, opened_at=now)


@pytest.fixture
def message(session, raised, now):
    row = OutboundMessage(
        channel=OutboundChannel.VOICE,
        address=raised.people[4].phone,
        template="escalation_level",
        params={"step_id": raised.step(session, 4).id},
        locale="vi",
        text="Phản ánh được báo cáo đến ông bà. Bấm phím 1 để ghi nhận.",
        dedup_key="notice-call",
        staff_id=raised.people[4].id,
        ticket_id=raised.ticket.id,
        state=OutboundState.SENT,
        not_before=now,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def test_the_call_says_its_words_twice_and_sends_a_key_to_its_own_address(settings, message):
    account = provider_accounts(settings)["sim"]

    document = ElementTree.fromstring(
        first_document(message.id, "Xin chào", locale="vi", account=account, base_url="https://hotline.example.vn")
    )

    assert [verb.tag for verb in document] == ["Gather", "Gather", "Hangup"]
    assert [say.text for say in document.iter("Say")] == ["Xin chào", "Xin chào"]
    assert {gather.get("action", "").split("#")[0] for gather in document.iter("Gather")} == {
        f"https://hotline.example.vn/webhooks/sim/notice?m={message.id}"
    }


def test_one_acknowledges_once_and_the_audit_knows_by_what_way(client, session, settings, raised, message):
    phone = Phone(client, settings, to=raised.people[4].phone)

    phone.post(f"notice?m={message.id}", Digits="1")
    said = phone.said
    phone.post(f"notice?m={message.id}", Digits="1", CallSid="CA-second-call")

    level = raised.step(session, 4)
    kept = session.get_one(Acknowledgement, level.id)
    assert (kept.via, kept.staff_id) == ("keypad", raised.people[4].id)
    assert said == "Đã ghi nhận. Xin cảm ơn."
    assert phone.said == "Đã ghi nhận. Xin cảm ơn."
    assert session.query(AuditEntry).filter_by(ticket_id=raised.ticket.id, staff_id=raised.people[4].id).count() == 1


def test_zero_says_it_again_and_acknowledges_nothing(client, session, settings, raised, message):
    phone = Phone(client, settings, to=raised.people[4].phone)

    phone.post(f"notice?m={message.id}", Digits="0")

    assert message.text in phone.said
    assert session.get(Acknowledgement, raised.step(session, 4).id) is None


def test_who_is_called_too_late_is_told_that_somebody_was_first(client, session, settings, raised, message, now):
    session.add(
        Acknowledgement(
            step_id=raised.step(session, 4).id, ticket_id=raised.ticket.id, staff_id=raised.people[3].id, at=now,
            via="web", instruction="", holds_until=now,
        )
    )  # fmt: skip
    session.flush()
    phone = Phone(client, settings, to=raised.people[4].phone)

    phone.post(f"notice?m={message.id}", Digits="1")

    assert phone.said == "Việc này đã được giải quyết hoặc đã có người ghi nhận. Xin cảm ơn."


@pytest.mark.parametrize("number", ["", "0", "999999999", "x", "9" * 40])
def test_a_key_for_no_message_of_ours_ends_the_call(client, settings, number):
    phone = Phone(client, settings, to="+84900000000")

    answer = phone.post(f"notice?m={number}", Digits="1")

    assert answer.status_code == 200
    assert list(phone.document) == []
