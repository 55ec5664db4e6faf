"""R20: a level is answered once, by any of four ways; it holds the next one or moves the date, and the unit is told."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from escalation.acknowledging.acknowledge import (
    AlreadyAcknowledged,
    acknowledge,
    acknowledge_by_link,
)
from escalation.acknowledging.links import make_link
from escalation.firing.codes import new_codes
from escalation.firing.sweep import tick
from tests.escalation.raising import HOUR, MONDAY, raised
from tests.escalation.scene import (
    clock,
    full_house,
    holder,
    level_at,
    messages,
    person,
    results,
    step,
    ticket,
    told,
    unit_by_code,
    ward,
    with_role,
)
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.actor import SYSTEM
from tickets.promises import retargeting
from tickets.schema import (
    Acknowledgement,
    AuditEntry,
    PromiseBreach,
    StepRecipient,
    TimelineEntry,
)
from tickets.states import ClockKind, OutboundChannel, Priority, Role, StepResult, TimelineKind
from tickets.work.ticket import lock_ticket


def test_the_person_told_acknowledges_with_an_instruction(session):
    matter, people, at = raised(session)

    done = acknowledge(
        session,
        step(session, matter, 2).id,
        staff_id=people[2].id,
        instruction="Xử lý trong hôm nay",
        via="web",
        now=at,
    )

    answer = session.get_one(Acknowledgement, done.step_id)
    assert (answer.staff_id, answer.instruction, answer.via) == (people[2].id, "Xử lý trong hôm nay", "web")
    entry = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == TimelineKind.ACKNOWLEDGED)).one()
    assert (entry.body, entry.is_public) == ("Xử lý trong hôm nay", False)
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "escalation.acknowledged")).one()
    assert "Xử lý" not in str(audited.params)


def test_it_holds_the_next_level_for_four_open_hours_and_keeps_the_distance_of_those_above(session):
    matter, people, _ = raised(session)
    third, fourth = level_at(session, matter, 3), level_at(session, matter, 4)
    later = third - timedelta(minutes=1)

    acknowledge(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=later)

    assert level_at(session, matter, 3) == later + 4 * HOUR
    assert level_at(session, matter, 4) - level_at(session, matter, 3) == fourth - third
    tick(session, now=third)
    assert results(session, matter)[3] is None
    tick(session, now=later + 4 * HOUR)
    assert results(session, matter)[3] is StepResult.NOTIFIED


@pytest.mark.parametrize("kind", [ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.RESOLVE])
@pytest.mark.parametrize("priority", [Priority.EMERGENCY, Priority.URGENT])
def test_seen_only_it_holds_a_quarter_of_a_short_promise_once_and_then_the_chain_goes_on(session, kind, priority):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    leader = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=priority, clocks={kind})
    tick(session, now=level_at(session, matter, 1, kind))
    first, at = step(session, matter, 1, kind), level_at(session, matter, 2, kind) - timedelta(seconds=1)
    quarter = timedelta(seconds=min(4 * 3600, clock(session, matter, kind).target_seconds // 4))

    acknowledge(session, first.id, staff_id=leader.id, via="sms", now=at)
    acknowledge(session, first.id, staff_id=leader.id, via="sms", now=at + quarter / 2)

    assert level_at(session, matter, 2, kind) == at + quarter
    tick(session, now=at + quarter - timedelta(seconds=1))
    assert step(session, matter, 2, kind).result is None
    tick(session, now=at + quarter)
    assert step(session, matter, 2, kind).result is StepResult.NOTIFIED


def test_a_next_level_that_is_further_away_than_the_hold_stays_where_it_is(session):
    matter, people, at = raised(session)
    third = level_at(session, matter, 3)

    acknowledge(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=at)

    assert level_at(session, matter, 3) == third


def test_the_chair_is_told_of_what_the_fourth_level_answered_only_when_that_has_come_to_nothing(session):
    matter, people, at = raised(session, level=4)
    fifth = level_at(session, matter, 5)
    acknowledge(session, step(session, matter, 4).id, staff_id=people[4].id, via="web", now=at)

    tick(session, now=fifth)

    assert results(session, matter)[5] is None
    assert level_at(session, matter, 5) > fifth
    tick(session, now=level_at(session, matter, 5))
    assert told(session, matter, 5) == [people[5].id]


def test_a_date_given_after_the_breach_stands_beside_it_and_the_chain_goes_on_when_that_one_breaks_too(session):
    matter, people, at = raised(session, level=3)
    due, wanted = clock(session, matter).due_at, at + timedelta(days=365)

    acknowledge(session, step(session, matter, 3).id, staff_id=people[3].id, new_due_at=wanted, via="web", now=at)

    broken = session.get_one(PromiseBreach, clock(session, matter).id)
    assert (broken.due_at, clock(session, matter).due_at) == (due, due)
    tick(session, now=wanted - HOUR)
    assert results(session, matter)[4] is None
    tick(session, now=level_at(session, matter, 4))
    assert level_at(session, matter, 4) == wanted
    assert results(session, matter)[4] is StepResult.NOTIFIED


def test_a_leaders_date_moves_a_promise_that_is_not_broken_and_the_levels_climb_from_there(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    leader = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.EMERGENCY)
    at = level_at(session, matter, 1)
    tick(session, now=at)
    wanted = clock(session, matter).due_at + 2 * HOUR

    acknowledge(session, step(session, matter, 1).id, staff_id=leader.id, new_due_at=wanted, via="web", now=at)

    assert clock(session, matter).due_at == wanted
    assert clock(session, matter).history[-1]["cause"] == "manual"
    assert level_at(session, matter, 2) > wanted


def test_a_date_of_the_owing_units_own_head_stands_beside_the_promise_which_goes_on(session):
    matter, people, at = raised(session)
    due_at, third = clock(session, matter).due_at, level_at(session, matter, 3)

    acknowledge(
        session,
        step(session, matter, 2).id,
        staff_id=people[2].id,
        new_due_at=at + timedelta(days=30),
        via="web",
        now=at,
    )
    tick(session, now=third)

    assert session.scalars(select(Acknowledgement.new_due_at)).one() == at + timedelta(days=30)
    assert clock(session, matter).due_at == due_at
    assert results(session, matter)[3] is StepResult.NOTIFIED


def test_what_is_said_after_the_first_answer_is_told_too_once_each_and_holds_nothing_again(session):
    unit = ward(session)
    lead = holder(session, "unit_lead", unit, now=MONDAY)
    matter, people, at = raised(session)
    step_id = step(session, matter, 2).id
    acknowledge(session, step_id, staff_id=people[2].id, via="web", now=at)
    held = step(session, matter, 3).planned_at

    said = [
        acknowledge(session, step_id, staff_id=people[2].id, instruction=words, via="sms", now=at + n * HOUR)
        for n, words in enumerate(("Cử người ngay", "Cử người ngay", "Báo lại tôi"), start=1)
    ]

    told = messages(session, template="instruction", channel=OutboundChannel.SCREEN, staff_id=lead.id)
    assert [(one.is_further, one.is_repeat) for one in said] == [(True, False), (False, True), (True, False)]
    assert [message.params["instruction"] for message in told] == ["", "Cử người ngay", "Báo lại tôi"]
    assert step(session, matter, 3).planned_at == held
    assert session.get_one(Acknowledgement, step_id).instruction == ""


def test_the_same_person_twice_is_one_answer_and_another_person_is_told_who_was_first(session):
    matter, people, at = raised(session)
    leader = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    step_id = step(session, matter, 2).id

    first = acknowledge(session, step_id, staff_id=people[2].id, instruction="một", via="web", now=at)
    again = acknowledge(session, step_id, staff_id=people[2].id, instruction="một", via="link", now=at + HOUR)
    with pytest.raises(AlreadyAcknowledged) as refused:
        acknowledge(session, step_id, staff_id=leader.id, via="web", now=at + HOUR)

    assert (first.is_repeat, again.is_repeat, again.at) == (False, True, at)
    assert session.get_one(Acknowledgement, step_id).instruction == "một"
    assert refused.value.by == people[2].name


def test_a_stranger_may_not_answer_but_a_leader_of_the_city_may(session):
    matter, _, at = raised(session)
    stranger = with_role(session, Role.SUPERVISOR, ward(session, "Phường Bến Thành"), now=MONDAY)
    leader = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    step_id = step(session, matter, 2).id

    with pytest.raises(NotAllowed):
        acknowledge(session, step_id, staff_id=stranger.id, via="web", now=at)
    done = acknowledge(session, step_id, staff_id=leader.id, via="web", now=at)

    assert done.is_repeat is False


def test_a_level_that_has_not_fired_cannot_be_answered(session):
    matter, people, at = raised(session)

    with pytest.raises(NotFound):
        acknowledge(session, step(session, matter, 4).id, staff_id=people[4].id, via="web", now=at)


def test_a_date_that_is_past_is_refused_and_nothing_is_kept(session):
    matter, people, at = raised(session)

    with pytest.raises(InvalidInput) as refused:
        acknowledge(
            session, step(session, matter, 2).id, staff_id=people[2].id, new_due_at=at - HOUR, via="web", now=at
        )

    assert (refused.value.field, refused.value.code) == ("new_due_at", "past")
    assert session.scalars(select(Acknowledgement)).all() == []


def test_the_link_of_the_message_answers_once_and_not_after_a_week(session):
    matter, people, at = raised(session)
    step_id = step(session, matter, 2).id
    token = make_link(session, step_id=step_id, staff_id=people[2].id, now=at)

    with pytest.raises(NotFound):
        acknowledge_by_link(session, token, now=at + timedelta(days=8))
    with pytest.raises(NotFound):
        acknowledge_by_link(session, token + "x", now=at)
    done = acknowledge_by_link(session, token, instruction="Đã xem", now=at)

    assert done.step_id == step_id
    assert acknowledge_by_link(session, token, now=at + HOUR).is_repeat


def test_an_instruction_is_told_to_who_works_the_ticket_and_to_who_leads_there(session):
    unit = ward(session)
    lead, agent = holder(session, "unit_lead", unit, now=MONDAY), person(session, now=MONDAY)
    matter, people, at = raised(session, assignee=agent)

    acknowledge(
        session,
        step(session, matter, 2).id,
        staff_id=people[2].id,
        instruction="Báo cáo trước 17 giờ",
        via="web",
        now=at,
    )

    assert {(m.staff_id, m.channel) for m in messages(session, template="instruction")} == {
        (who.id, channel) for who in (lead, agent) for channel in (OutboundChannel.SCREEN, OutboundChannel.SMS)
    }


def test_codes_of_one_person_differ_until_they_are_used(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matters = [ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT) for _ in range(20)]

    tick(session, now=level_at(session, matters[0], 1))

    codes = session.scalars(select(StepRecipient.reply_code).where(StepRecipient.staff_id == people[1].id)).all()
    assert len(codes) == len(set(codes)) == 20
    assert all(4 <= len(code) <= 8 and code.isdigit() for code in codes)


def test_a_code_that_is_still_open_is_not_given_to_the_same_person_again(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    first = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    tick(session, now=level_at(session, first, 1))
    open_step = step(session, first, 1).id
    (of_first,) = session.scalars(select(StepRecipient.reply_code).where(StepRecipient.staff_id == people[1].id))

    # Chance draws the same digits again.
    def drawn(*codes: int) -> Callable[[int], int]:
        waiting = iter(codes)
        return lambda _below: next(waiting)

    later = open_step + 1
    mine, theirs = (later, people[1].id), (later, people[2].id)
    codes = new_codes(session, [mine, theirs], draw=drawn(int(of_first), int(of_first), 123))
    assert codes == {mine: "000123", theirs: of_first}

    acknowledge(session, open_step, staff_id=people[1].id, via="web", now=MONDAY + HOUR)
    assert new_codes(session, [mine], draw=drawn(int(of_first))) == {mine: of_first}


def test_nothing_that_can_be_counted_gives_a_code_away(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matters = [ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT) for _ in range(50)]

    tick(session, now=level_at(session, matters[0], 1))

    rows = session.execute(select(StepRecipient.step_id, StepRecipient.reply_code).order_by(StepRecipient.id)).all()
    codes = [int(code) for _, code in rows]
    assert len(codes) == 50
    assert not any(str(step_id).endswith(code.lstrip("0")) for step_id, code in rows)
    # Neither rising with the steps nor at one distance from each other.
    assert codes != sorted(codes)
    assert len({b - a for a, b in pairwise(codes)}) > 40


def test_a_plan_made_anew_while_the_answer_holds_keeps_the_hold(session):
    matter, people, _ = raised(session)
    later = level_at(session, matter, 3) - timedelta(minutes=1)
    acknowledge(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=later)
    ticket = lock_ticket(session, matter.id)

    retargeting.retarget(session, ticket, cause="priority", actor=SYSTEM, now=later + timedelta(minutes=1))

    assert level_at(session, matter, 3) >= later + 4 * HOUR


@pytest.mark.parametrize("later", [None, MONDAY + timedelta(days=9)])
def test_when_a_report_was_read_is_written_once(session, later):
    matter, people, at = raised(session)
    reached = step(session, matter, 2)
    acknowledge(session, reached.id, staff_id=people[2].id, via="web", now=at)

    with pytest.raises(ProgrammingError, match="is a fact"), session.begin_nested():
        session.execute(update(StepRecipient).where(StepRecipient.step_id == reached.id).values(read_at=later))
