"""A leader's reply without a code acknowledges the one level that waits, and does nothing else.

The sender's number of a text can be a false one: whatever asks more of the unit, or of the level above, needs the code.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.sweep import tick
from tests.escalation.raising import MONDAY, code_at, raised
from tests.escalation.scene import holder, level_at, messages, step, ticket, told, ward
from tickets.schema import Acknowledgement, Clock, OutboundMessage, RoleAssignment, Staff, Ticket
from tickets.states import OutboundChannel, Priority, Role

GN, TC = Reply(), Reply(passes_up=True)


@pytest.fixture
def chair(session: Session) -> tuple[Ticket, Staff, datetime]:
    matter, people, at = raised(session)
    here = ward(session).id
    session.add(
        RoleAssignment(staff_id=people[2].id, role=Role.LEADER, unit_id=here, valid_from=MONDAY - timedelta(days=1))
    )
    session.flush()
    return matter, people[2], at


def text(session: Session, who: Staff, reply: Reply, *, at: datetime) -> OutboundMessage:
    sid = f"SM{len(messages(session))}"
    assert take_reply(session, reply, phone=who.phone or "", message_sid=sid, now=at)
    return messages(session, staff_id=who.id, dedup_key=f"code:{sid}")[0]


def one_more(session: Session) -> tuple[Ticket, datetime]:
    matter = ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.URGENT)
    at = level_at(session, matter, 2)
    tick(session, now=at)
    return matter, at


def test_alone_acknowledges_the_only_one_that_waits(session, chair):
    matter, who, at = chair

    answer = text(session, who, GN, at=at)

    assert (answer.template, answer.params["reference"]) == ("acknowledge_taken", matter.reference)
    assert session.get_one(Acknowledgement, step(session, matter, 2).id).via == "sms"


def test_the_leader_and_the_unit_hear_of_it(session, chair):
    matter, who, at = chair
    lead = holder(session, "unit_lead", ward(session), now=MONDAY)

    text(session, who, GN, at=at)

    heard = messages(session, template="instruction", ticket_id=matter.id)
    assert [(one.staff_id, one.channel) for one in heard] == [(lead.id, OutboundChannel.SCREEN)]
    assert heard[0].params["instruction"] == ""


@pytest.mark.parametrize("reply", [TC, Reply(words="làm ngay")])
def test_more_than_acknowledging_needs_the_code_even_of_the_only_one(session, chair, reply):
    matter, who, at = chair
    code = code_at(session, matter, 2)
    planned = step(session, matter, 3).planned_at

    answer = text(session, who, reply, at=at)
    tick(session, now=at)

    assert answer.template == "acknowledge_which"
    assert [item["code"] for item in answer.params["items"]] == [code]
    assert session.scalars(select(Acknowledgement)).all() == []
    assert (told(session, matter, 3), step(session, matter, 3).planned_at) == ([], planned)
    text(session, who, Reply((code,), reply.words, reply.passes_up), at=at)
    assert session.get_one(Acknowledgement, step(session, matter, 2).id).instruction == reply.words


def test_by_it_the_chain_is_held_for_a_quarter_of_the_target_at_most_and_only_once(session, chair):
    matter, who, at = chair
    third = step(session, matter, 3)
    before = third.planned_at

    text(session, who, GN, at=at)
    held = third.planned_at
    text(session, who, GN, at=at + timedelta(minutes=5))

    target = session.scalars(select(Clock.target_seconds).where(Clock.id == third.clock_id)).one()
    assert before <= held <= max(before, at + timedelta(seconds=min(4 * 3600, target / 4)))
    assert third.planned_at == held
    tick(session, now=held)
    assert len(told(session, matter, 3)) == 1


@pytest.mark.parametrize("reply", [GN, TC, Reply(words="làm ngay")])
def test_of_several_nothing_is_done_and_each_is_named_with_its_code(session, chair, reply):
    first, who, _ = chair
    second, at = one_more(session)

    answer = text(session, who, reply, at=at)

    assert answer.template == "acknowledge_which"
    named = {(item["reference"], item["code"]) for item in answer.params["items"]}
    assert named == {(one.reference, code_at(session, one, 2)) for one in (first, second)}
    assert session.scalars(select(Acknowledgement)).all() == []


def test_the_code_that_was_named_then_does_it(session, chair):
    first, who, _ = chair
    _, at = one_more(session)
    codes = {item["reference"]: item["code"] for item in text(session, who, TC, at=at).params["items"]}

    text(session, who, Reply((codes[first.reference],), passes_up=True), at=at)

    assert session.scalars(select(Acknowledgement.ticket_id)).all() == [first.id]


def test_what_has_been_answered_waits_no_more_and_is_not_meant(session, chair):
    _matter, who, at = chair
    text(session, who, GN, at=at)

    assert text(session, who, TC, at=at).template == "nothing_waits"


def test_a_locked_phone_is_refused_without_a_code_too_and_what_was_done_without_one_clears_no_count(session, chair):
    matter, who, at = chair
    for guess in range(5):
        text(session, who, Reply((f"99999{guess}",)), at=at)
    text(session, who, GN, at=at)
    _, at = one_more(session)

    take_reply(session, Reply(("999990",)), phone=who.phone or "", message_sid="SMsixth", now=at)
    take_reply(session, GN, phone=who.phone or "", message_sid="SMalone", now=at)

    assert len(messages(session, template="acknowledge_locked", staff_id=who.id)) == 1
    assert messages(session, dedup_key="code:SMalone") == []
    assert session.scalars(select(Acknowledgement.ticket_id)).all() == [matter.id]


@pytest.mark.parametrize("reply", [GN, TC])
def test_whoever_goes_on_asking_for_nothing_is_answered_five_times_and_then_once_more(session, chair, reply):
    _matter, who, at = chair
    one_more(session)

    for number in range(20):
        take_reply(session, reply, phone=who.phone or "", message_sid=f"SMflood{number}", now=at)

    answers = [one for one in messages(session, staff_id=who.id) if one.dedup_key.startswith("code")]
    assert len(answers) <= 7
    assert [one.template for one in answers].count("acknowledge_locked") == 1
