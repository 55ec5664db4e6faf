"""A matter taken up again climbs anew: nobody answers for, or holds by, what was raised before it was settled (R9)."""

from datetime import timedelta

import pytest

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.locked_level import LevelOver
from escalation.acknowledging.pass_up import pass_up
from escalation.acknowledging.reply_deeds import Reply
from escalation.acknowledging.waiting import waiting_for
from escalation.firing.sweep import tick
from tests.escalation.raising import code_at, raised
from tests.escalation.scene import level_at, messages, step
from tickets.promises import ledger, standing_levels
from tickets.schema import Acknowledgement
from tickets.work.ticket import lock_ticket

MINUTE = timedelta(minutes=1)


def settled_and_taken_up_again(session, matter, *, at):
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=at)
    ledger.on_reopened(session, lock_ticket(session, matter.id), now=at + MINUTE)
    return at + 2 * MINUTE


def texted(session, leader, code, *, at):
    """What the leader is answered to the code with an instruction."""
    take_reply(session, Reply((code,), "Làm ngay"), phone=leader.phone, message_sid=f"SM{code}{at}", now=at)
    return messages(session, staff_id=leader.id, address=leader.phone)[-1].template


def test_an_old_code_is_answered_and_does_nothing_and_the_new_level_has_a_code_of_its_own(session):
    matter, people, at = raised(session)
    old, chair = code_at(session, matter, 2), people[2]
    at = settled_and_taken_up_again(session, matter, at=at + MINUTE)
    planned = [level_at(session, matter, level) for level in (1, 2, 3)]

    assert waiting_for(session, chair.id, now=at) == []
    assert texted(session, chair, old, at=at) == "acknowledge_reopened"
    assert [level_at(session, matter, level) for level in (1, 2, 3)] == planned

    tick(session, now=(at := planned[1]))
    assert texted(session, chair, old, at=at) == "acknowledge_reopened"
    [new] = waiting_for(session, chair.id, now=at)
    assert new.step_id == step(session, matter, 2).id and new.code != old
    assert texted(session, chair, new.code, at=at) == "acknowledge_taken"
    assert session.get(Acknowledgement, new.step_id).instruction == "Làm ngay"
    assert standing_levels.tickets_that_differ(session) == []


def test_no_other_door_takes_an_answer_for_what_was_raised_before(session):
    matter, people, at = raised(session)
    old = step(session, matter, 2).id
    at = settled_and_taken_up_again(session, matter, at=at + MINUTE)

    for answer in (acknowledge, pass_up):
        with pytest.raises(LevelOver):
            answer(session, old, staff_id=people[2].id, via="web", now=at)
    assert session.get(Acknowledgement, old) is None


def test_what_was_passed_up_and_settled_before_it_came_does_not_come_at_the_reopening(session):
    matter, people, at = raised(session)
    pass_up(session, step(session, matter, 2).id, staff_id=people[2].id, via="sms", now=at)
    assert level_at(session, matter, 3) == at

    at = settled_and_taken_up_again(session, matter, at=at + MINUTE)

    assert level_at(session, matter, 3) > level_at(session, matter, 2) > at
    assert tick(session, now=at + MINUTE).fired == 0
