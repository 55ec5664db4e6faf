"""A leader who is called about a level acknowledges it with a key; nobody else's key, and no voicemail, does."""

from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from app.phone.accounts import provider_accounts
from app.phone.deadline import within
from app.phone.notice_calls import first_document
from app.wording.raised_words import instruction_by_key
from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.sweep import tick
from escalation.queries.attempts import attempts_of
from tests.app.web.steering import climb
from tests.telephony.phone import Phone
from tickets.promises import ledger
from tickets.queries.reached_levels import heard_by
from tickets.schema import Acknowledgement, AuditEntry, Instruction, OutboundMessage
from tickets.states import OutboundChannel, OutboundState, StepResult
from tickets.work.ticket import lock_ticket

OVER = {"CallStatus": "completed", "CallDuration": "20"}


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


@pytest.mark.parametrize(
    ("told", "state", "why"),
    [
        ({"CallStatus": "busy"}, OutboundState.FAILED, "busy"),
        ({"CallStatus": "no-answer"}, OutboundState.FAILED, "no_answer"),
        ({"CallStatus": "failed"}, OutboundState.FAILED, "call_failed"),
        ({**OVER, "AnsweredBy": "machine_start"}, OutboundState.FAILED, "machine"),
        ({**OVER, "AnsweredBy": "fax"}, OutboundState.FAILED, "machine"),
        ({**OVER, "AnsweredBy": "unknown"}, OutboundState.FAILED, "no_key"),
        (OVER, OutboundState.FAILED, "no_key"),
        ({**OVER, "AnsweredBy": "human", "CallDuration": "2"}, OutboundState.FAILED, "hung_up"),
        ({**OVER, "AnsweredBy": "human"}, OutboundState.DELIVERED, ""),
        ({"CallStatus": "ringing"}, OutboundState.SENT, ""),
    ],
)  # fmt: skip
def test_what_became_of_a_call_is_what_became_of_the_attempt(
    client, session, settings, raised, message, told, state, why
):
    Phone(client, settings, to=message.address).post(f"notice-status?m={message.id}", **told)

    session.refresh(message)
    assert (message.state, message.error_code) == (state, why)
    level = raised.step(session, 4).id
    kept = attempts_of(session, [level])[(level, message.staff_id)][-1]
    assert (kept.state.value, kept.last.why) == (state.value, why)


@pytest.mark.parametrize("order", ["key first", "end first"])
def test_a_key_proves_a_person_whatever_the_end_of_the_call_says(client, session, settings, message, order):
    phone = Phone(client, settings, to=message.address)
    key = (f"notice?m={message.id}", {"Digits": "1"})
    end = (f"notice-status?m={message.id}", {"CallStatus": "completed", "CallDuration": "9"})

    for path, fields in (key, end) if order == "key first" else (end, key):
        phone.post(path, fields)

    level = message.params["step_id"]
    assert set(heard_by(session, [level])) == {level}
    assert session.get_one(Acknowledgement, level).via == "keypad"


def test_a_report_that_comes_twice_or_late_changes_nothing(client, session, settings, message):
    phone = Phone(client, settings, to=message.address)
    for status in ("no-answer", "no-answer", "ringing", "in-progress"):
        phone.post(f"notice-status?m={message.id}", CallStatus=status)

    level = message.params["step_id"]
    states = [one.state.value for one in attempts_of(session, [level])[(level, message.staff_id)][-1].stations]
    assert states == ["sent", "failed"]


def test_two_passes_it_up_and_the_next_level_is_told(client, session, settings, raised, message):
    phone = Phone(client, settings, to=raised.people[4].phone)

    phone.post(f"notice?m={message.id}", Digits="2")
    tick(session, now=raised.at)

    assert phone.said == "Đã trình lên cấp trên. Xin cảm ơn."
    assert session.get_one(Acknowledgement, raised.step(session, 4).id).passed_to_level == 5
    assert raised.step(session, 5).result is StepResult.NOTIFIED


def test_two_at_the_top_of_the_chain_is_told_that_nobody_is_above(client, session, settings, raised, message, now):
    tick(session, now=raised.step(session, 5).planned_at)
    message.params = {"step_id": raised.step(session, 5).id}
    message.staff_id = raised.people[5].id
    session.flush()
    phone = Phone(client, settings, to=raised.people[5].phone)

    phone.post(f"notice?m={message.id}", Digits="2")

    assert phone.said.startswith("Trên cấp của ông bà không còn cấp nào nữa. Xin cảm ơn. Phản ánh được báo cáo")
    assert session.get(Acknowledgement, raised.step(session, 5).id) is None
    # Still on the line, they answer for it.
    phone.post(f"notice?m={message.id}", Digits="1")
    assert session.get_one(Acknowledgement, raised.step(session, 5).id).via == "keypad"


@pytest.mark.parametrize("answered_before", [False, True])
def test_three_is_an_instruction_that_the_unit_owes_an_answer_to(
    client, session, settings, raised, message, now, answered_before
):
    level, leader = raised.step(session, 4), raised.people[4]
    if answered_before:
        acknowledge(session, level.id, staff_id=raised.people[5].id, via="web", now=now)
    phone = Phone(client, settings, to=leader.phone)

    for _again in range(2):
        phone.post(f"notice?m={message.id}", Digits="3")

    assert phone.said == "Đơn vị đã nhận yêu cầu báo cáo ông bà. Xin cảm ơn."
    [task] = session.scalars(select(Instruction).where(Instruction.step_id == level.id))
    assert (task.given_by_id, task.unit_id) == (leader.id, raised.ticket.unit_id)
    assert task.words == "Chỉ đạo qua điện thoại: báo cáo ngay việc này đang được xử lý đến đâu."
    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "instruction"))
    assert {one.params["instruction"] for one in told if one.params["instruction"]} == {task.words}


def test_what_a_key_instructs_is_in_the_citys_language_in_the_thread_that_answers_calls(settings):
    words = within(10, lambda: instruction_by_key(settings))

    assert words == "Chỉ đạo qua điện thoại: báo cáo ngay việc này đang được xử lý đến đâu."


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_a_key_about_what_was_settled_while_it_rang_records_nothing(client, session, settings, raised, message, key):
    ledger.on_resolved(session, lock_ticket(session, raised.ticket.id), now=raised.at)
    session.flush()
    phone = Phone(client, settings, to=raised.people[4].phone)

    phone.post(f"notice?m={message.id}", Digits=key)

    assert phone.said == "Việc này đã được giải quyết hoặc đã có người ghi nhận. Xin cảm ơn."
    assert session.get(Acknowledgement, raised.step(session, 4).id) is None


@pytest.mark.parametrize("number", ["", "0", "999999999", "x", "9" * 40])
def test_a_key_for_no_message_of_ours_ends_the_call(client, settings, number):
    phone = Phone(client, settings, to="+84900000000")

    answer = phone.post(f"notice?m={number}", Digits="1")

    assert answer.status_code == 200
    assert list(phone.document) == []
