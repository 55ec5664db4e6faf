"""A leader's codes by text message: taken, counted, answered; guesses lock the phone they come from and no other."""

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.sweep import tick
from tests.escalation.raising import HOUR, MONDAY, code_at, raised
from tests.escalation.scene import level_at, messages, step, ticket, unit_by_code, ward, with_role
from tickets.promises import ledger
from tickets.schema import Acknowledgement, AuditEntry, ContactMethod, OutboundMessage, Staff, Ticket
from tickets.states import OutboundChannel, Priority, Role
from tickets.work.ticket import lock_ticket

_sids = itertools.count(1)
MINUTE = timedelta(minutes=1)


def text(
    session: Session, phone: str | None, *codes: str, words: str = "", sid: str = "", maybe: bool = False, at: datetime
) -> bool:
    reply = Reply(codes, words, may_be_words=maybe)
    return take_reply(session, reply, phone=phone or "", message_sid=sid or f"SM{next(_sids)}", now=at)


def wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 10**6:06}"


def answers_to(session: Session, phone: str | None) -> list[OutboundMessage]:
    kinds = OutboundMessage.template.like("acknowledge%") | (OutboundMessage.template == "codes_answered")
    return list(
        session.scalars(
            select(OutboundMessage).where(OutboundMessage.address == phone, kinds).order_by(OutboundMessage.id)
        )
    )


def answered(session: Session, phone: str | None) -> list[str]:
    return [message.template.removeprefix("acknowledge_") for message in answers_to(session, phone)]


def outcomes(message: OutboundMessage) -> list[str]:
    return [item["outcome"].removeprefix("acknowledge_") for item in message.params["items"]]


def who_answered(session: Session) -> set[tuple[int, str]]:
    rows = session.execute(select(Acknowledgement.staff_id, Acknowledgement.via))
    return {(staff_id, via) for staff_id, via in rows}


def second_level_of_two(session: Session) -> tuple[Ticket, Ticket, dict[int, Staff], datetime]:
    """Two matters of one ward at level two, so that its chair has two codes."""
    first, people, _ = raised(session)
    second = ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.URGENT)
    at = level_at(session, second, 2)
    tick(session, now=at)
    return first, second, people, at


def test_the_code_of_the_message_answers_from_the_phone_it_was_sent_to_and_from_no_other(session):
    matter, people, at = raised(session)
    tick(session, now=level_at(session, matter, 3))
    code = code_at(session, matter, 2)

    text(session, people[3].phone, code, at=at)
    assert answered(session, people[3].phone) == ["unknown"]
    text(session, people[2].phone, code, words="Làm ngay", at=at)

    answer = session.get_one(Acknowledgement, step(session, matter, 2).id)
    assert (answer.via, answer.instruction, answer.staff_id) == ("sms", "Làm ngay", people[2].id)
    sent = messages(session, template="escalation_level", channel=OutboundChannel.SMS, staff_id=people[2].id)
    assert sent[-1].params["code"] == code


@pytest.mark.parametrize("is_proved", [True, False])
def test_a_phone_the_leader_has_proved_to_be_theirs_counts_like_their_accounts(session, is_proved):
    matter, people, at = raised(session)
    own = "+84911222333"
    session.add(
        ContactMethod(
            staff_id=people[2].id, kind=OutboundChannel.SMS, address=own, position=1,
            verified_at=MONDAY if is_proved else None,
        )
    )  # fmt: skip
    session.flush()

    assert text(session, own, code_at(session, matter, 2), at=at) is is_proved
    assert who_answered(session) == ({(people[2].id, "sms")} if is_proved else set())


def test_five_wrong_codes_lock_the_phones_codes_alarm_and_the_right_one_counts_again_when_the_lock_has_ended(session):
    matter, people, at = raised(session)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    phone, code = people[2].phone, code_at(session, matter, 2)

    for number in range(1, 6):
        text(session, phone, wrong(code, number), at=at)
    text(session, phone, code, at=at)
    text(session, phone, code, at=at + 14 * MINUTE)

    # Locked is said once: guessing on in their name does not make their phone ring.
    assert answered(session, phone) == ["unknown"] * 5 + ["locked"]
    assert answers_to(session, phone)[-1].params["until"] == (at + 15 * MINUTE).isoformat()
    assert who_answered(session) == set()
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "escalation.codes_locked")).one()
    assert audited.subject_id == people[2].id
    assert {m.channel for m in messages(session, template="codes_locked", staff_id=administrator.id)} == {
        OutboundChannel.SCREEN,
        OutboundChannel.EMAIL,
    }
    text(session, phone, code, at=at + 16 * MINUTE)
    assert who_answered(session) == {(people[2].id, "sms")}
    assert answered(session, phone)[-1] == "taken"


def test_whoever_guesses_on_after_the_lock_is_locked_again(session):
    matter, people, at = raised(session)
    phone, code = people[2].phone, code_at(session, matter, 2)

    for hour in range(3):
        for number in range(1, 8):
            text(session, phone, wrong(code, number), at=at + hour * HOUR)

    assert answered(session, phone) == (["unknown"] * 5 + ["locked"]) * 3


def test_guesses_from_one_phone_lock_no_other(session):
    matter, people, at = raised(session)
    tick(session, now=level_at(session, matter, 3))
    guess = wrong(code_at(session, matter, 2))

    for _ in range(9):
        text(session, people[3].phone, guess, at=at)
    text(session, people[2].phone, code_at(session, matter, 2), at=at)

    assert answered(session, people[3].phone)[-1] == "locked"
    assert who_answered(session) == {(people[2].id, "sms")}


def test_guessing_ten_codes_in_one_message_is_ten_guesses_and_the_right_one_among_them_is_not_taken(session):
    matter, people, at = raised(session)
    code = code_at(session, matter, 2)

    text(session, people[2].phone, *(wrong(code, number) for number in range(1, 10)), code, at=at)

    assert answered(session, people[2].phone) == ["locked"]
    assert who_answered(session) == set()


def test_several_codes_in_one_message_are_each_taken_and_answered_together(session):
    first, second, people, at = second_level_of_two(session)
    codes = code_at(session, first, 2), code_at(session, second, 2)

    text(session, people[2].phone, *codes, words="làm ngay", at=at)

    said = {one.ticket_id: one.instruction for one in session.scalars(select(Acknowledgement))}
    assert said == {first.id: "làm ngay", second.id: "làm ngay"}
    (answer,) = answers_to(session, people[2].phone)
    assert outcomes(answer) == ["taken", "taken"]
    assert {item["reference"] for item in answer.params["items"]} == {first.reference, second.reference}


def test_of_several_codes_each_is_told_what_became_of_it(session):
    first, second, people, at = second_level_of_two(session)
    leader = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    acknowledge(session, step(session, first, 2).id, staff_id=leader.id, via="web", now=at)
    taken, good = code_at(session, first, 2), code_at(session, second, 2)

    text(session, people[2].phone, taken, good, wrong(good), at=at)

    assert outcomes(answers_to(session, people[2].phone)[0]) == ["taken_before", "taken", "unknown"]


def test_ordinary_words_with_a_number_are_a_reply_only_if_it_is_a_code_and_count_as_a_guess_otherwise(session):
    matter, people, at = raised(session)
    phone, code = people[2].phone, code_at(session, matter, 2)

    assert not text(session, phone, wrong(code), words="hộ dân bị ngập", maybe=True, at=at)
    assert answered(session, phone) == []
    assert text(session, phone, code, words="làm ngay", maybe=True, at=at)
    for number in range(1, 6):
        text(session, phone, wrong(code, number), words="x", maybe=True, at=at + HOUR)
    text(session, phone, code, words="x", maybe=True, at=at + HOUR)

    assert answered(session, phone) == ["taken", "locked"]


def test_a_code_ends_after_a_week(session):
    matter, people, at = raised(session)

    text(session, people[2].phone, code_at(session, matter, 2), at=at + timedelta(days=8))

    assert answered(session, people[2].phone) == ["unknown"]


def test_a_leader_who_answers_by_sms_is_told_that_it_arrived_once_for_every_message(session):
    matter, people, at = raised(session)
    phone, code = people[2].phone, code_at(session, matter, 2)

    taken = [text(session, phone, code, words="làm ngay", sid=sid, at=at) for sid in ("SMa", "SMa", "SMb")]

    assert taken == [True, True, True]
    assert session.get_one(Acknowledgement, step(session, matter, 2).id).instruction == "làm ngay"
    first, repeated = answers_to(session, phone)
    assert (first.params["is_repeat"], repeated.params["is_repeat"]) == (False, True)
    # What comes next is said as it stands after the answer.
    assert first.params["next_level"] == 3
    assert first.params["next_at"] == level_at(session, matter, 3).isoformat()


def test_a_further_word_by_sms_after_anybodys_answer_is_recorded_and_told_as_one(session):
    matter, people, at = raised(session)
    leader = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    phone, code = people[2].phone, code_at(session, matter, 2)
    acknowledge(session, step(session, matter, 2).id, staff_id=leader.id, via="web", now=at)

    text(session, phone, code, at=at)
    text(session, phone, code, words="báo cáo trước 17 giờ", at=at)

    assert answered(session, phone) == ["taken_before", "taken"]
    assert answers_to(session, phone)[-1].params["is_further"]


def test_the_last_level_of_a_chain_is_not_told_of_a_next_one(session):
    matter, people, at = raised(session, level=5)

    text(session, people[5].phone, code_at(session, matter, 5), at=at)

    (answer,) = answers_to(session, people[5].phone)
    assert answer.params["next_level"] is None


def test_a_code_of_a_matter_that_is_settled_is_told_so_and_records_nothing(session):
    matter, people, at = raised(session)
    code = code_at(session, matter, 2)
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=at)

    text(session, people[2].phone, code, words="làm ngay", at=at + MINUTE)

    assert answered(session, people[2].phone) == ["settled"]
    assert who_answered(session) == set()


def test_a_text_from_somebody_nobody_reports_to_is_no_acknowledgement(session):
    matter, _, at = raised(session)

    assert not text(session, "+84909999999", code_at(session, matter, 2), at=at)
    assert answered(session, "+84909999999") == []
