"""A leader meets with five items a day at most, but for emergencies; nothing of the rest is lost (R12)."""

from datetime import timedelta

import pytest

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.waiting import waiting_for
from escalation.firing.items_met import leaders_day, met_on
from escalation.firing.pursue import pursue
from escalation.firing.recipients import add_recipients
from escalation.firing.sweep import tick
from escalation.queries.desk_digests import post_desk_digests
from tests.escalation.raising import HOUR, MONDAY
from tests.escalation.scene import full_house, holder, level_at, messages, results, step, ticket, unit_by_code, ward
from tickets.city import day_of
from tickets.outbox import posting
from tickets.outbox.gathering import DAILY_LIST_TEMPLATE
from tickets.outbox.posting import Outgoing
from tickets.people.actor import SYSTEM
from tickets.schema import ContactMethod, RoleAssignment
from tickets.states import OutboundChannel, OutboundState, Priority, Role, StepResult
from tickets.work.assignment import change_priority

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def crowded(session):
    """Seven urgent matters that reach the same leader on Wednesday from eight o'clock on, a minute after each other."""
    unit = ward(session)
    leader = full_house(session, unit, now=MONDAY)[4]
    matters = [ticket(session, unit, arrived_at=MONDAY + n * MINUTE, priority=Priority.URGENT) for n in range(7)]
    for matter in matters:
        tick(session, now=level_at(session, matter, 3))
    for matter in matters:
        tick(session, now=level_at(session, matter, 4))
    return leader, matters, level_at(session, matters[-1], 4)


def texts_to(session, leader):
    return messages(session, staff_id=leader.id, template="escalation_level", channel=OutboundChannel.SMS)


def listed(session, leader):
    """What the list on the screen of the leader names, and what its last line gathers."""
    params = messages(session, staff_id=leader.id, template="daily_list", channel=OutboundChannel.SCREEN)[-1].params
    return params, [one["step_id"] for unit in params["others"] for one in unit["matters"]]


def test_above_four_a_day_what_is_no_emergency_stands_on_the_desk_and_in_the_next_list(session, crowded):
    leader, matters, at = crowded

    assert [message.ticket_id for message in texts_to(session, leader)] == [one.id for one in matters[:4]]
    assert len(waiting_for(session, leader.id, now=at)) == 7
    assert {results(session, one)[4] for one in matters} == {StepResult.NOTIFIED}

    post_desk_digests(session, now=at.replace(hour=9, minute=35))
    params, gathered = listed(session, leader)
    told = {step(session, one, 4).id for one in matters}
    assert params["count"] == 7 and {*gathered, *(item["step_id"] for item in params["items"])} == told
    for message in messages(session, template="daily_list", channel=OutboundChannel.SCREEN):
        message.sent_at = message.created_at
    session.flush()
    assert len(met_on(session, [leader.id], day_of(at), now=at + 2 * HOUR)[leader.id]) == 5


def test_an_emergency_rings_however_full_the_day_is(session, crowded):
    leader, _matters, at = crowded
    danger = ticket(session, ward(session), arrived_at=at, priority=Priority.EMERGENCY)
    for level in (1, 2, 3):
        tick(session, now=level_at(session, danger, level))

    tick(session, now=level_at(session, danger, 4))

    rung = messages(session, staff_id=leader.id, ticket_id=danger.id, channel=OutboundChannel.VOICE)
    assert [message.template for message in rung] == ["escalation_level"]


def arrived(session, now):
    """Whatever was sent so far has been delivered."""
    for message in messages(session):
        message.state, message.delivered_at = OutboundState.DELIVERED, now
    session.flush()


def danger_seen(session, matter, *, now):
    """Of a matter whose earlier levels were heard somebody says that there is danger; what is sent then is heard."""
    arrived(session, now)
    change_priority(session, matter.id, priority=Priority.EMERGENCY, reason="Dây điện đứt", actor=SYSTEM, now=now)
    for number in range(120):
        pursue(session, now=now + number * 5 * SECOND)
        arrived(session, now)


def calls_to(session, leader, matter):
    calls = messages(session, staff_id=leader.id, ticket_id=matter.id, channel=OutboundChannel.VOICE)
    return [call.not_before for call in calls]


def test_what_waits_for_the_next_list_rings_once_and_at_once_when_it_becomes_an_emergency(session, crowded):
    leader, matters, at = crowded
    late, other = matters[5:]
    assert calls_to(session, leader, late) == []

    danger_seen(session, late, now=at + MINUTE)

    assert calls_to(session, leader, late) == [at + MINUTE]
    assert messages(session, ticket_id=other.id, staff_id=leader.id) == []


def test_what_its_leader_has_answered_does_not_ring_when_it_becomes_an_emergency(session, crowded):
    leader, matters, at = crowded
    acknowledge(session, step(session, matters[6], 4).id, staff_id=leader.id, via="web", now=at)

    danger_seen(session, matters[6], now=at + MINUTE)

    assert calls_to(session, leader, matters[6]) == []


def test_nothing_waits_for_a_list_that_would_not_reach_its_leader(session):
    unit = ward(session)
    leader = full_house(session, unit, now=MONDAY)[4]
    by_voice = {"kind": OutboundChannel.VOICE, "address": leader.phone, "position": 1, "verified_at": MONDAY}
    session.add(ContactMethod(staff_id=leader.id, **by_voice))
    matters = [ticket(session, unit, arrived_at=MONDAY + n * MINUTE, priority=Priority.URGENT) for n in range(7)]
    for level in (3, 4):
        for matter in matters:
            tick(session, now=level_at(session, matter, level))

    assert [len(calls_to(session, leader, matter)) for matter in matters] == [1] * 7


@pytest.fixture
def crowded_ward(session):
    """Seven urgent matters that reach the same chair of a ward, who leads it by role, on Wednesday afternoon."""
    unit, tuesday = ward(session), MONDAY + 24 * HOUR
    people = full_house(session, unit, now=MONDAY)
    lead = {"role": Role.LEADER, "unit_id": unit.id, "valid_from": MONDAY - 24 * HOUR}
    session.add(RoleAssignment(staff_id=people[2].id, **lead))
    matters = [ticket(session, unit, arrived_at=tuesday + n * MINUTE, priority=Priority.URGENT) for n in range(7)]
    for level in (1, 2):
        for matter in matters:
            tick(session, now=level_at(session, matter, level))
    return people, matters, level_at(session, matters[-1], 2)


def test_a_chair_of_a_ward_is_spared_as_the_leaders_of_the_city_are_and_both_lists_fit_in_the_day(
    session, crowded_ward
):
    people, matters, at = crowded_ward
    chair = people[2]
    assert [message.ticket_id for message in texts_to(session, chair)] == [one.id for one in matters[:4]]
    assert len(waiting_for(session, chair.id, now=at)) == 7

    post_desk_digests(session, now=at.replace(hour=9, minute=35))
    params, gathered = listed(session, chair)
    for message in messages(session, template="daily_list", channel=OutboundChannel.SCREEN):
        message.sent_at = message.created_at
    session.flush()

    assert {*gathered, *(item["step_id"] for item in params["items"])} == {step(session, m, 2).id for m in matters[4:]}
    assert len(met_on(session, [chair.id], day_of(at), now=at + 2 * HOUR)[chair.id]) == 5


def test_whoever_heads_a_section_and_leads_nothing_is_told_of_each_level_at_once(session, crowded_ward):
    people, matters, _at = crowded_ward

    assert [message.ticket_id for message in texts_to(session, people[1])] == [one.id for one in matters]


def test_an_emergency_rings_a_chair_of_a_ward_however_full_the_day_is(session, crowded_ward):
    people, _matters, at = crowded_ward
    danger = ticket(session, ward(session), arrived_at=at, priority=Priority.EMERGENCY)
    tick(session, now=level_at(session, danger, 1))

    tick(session, now=level_at(session, danger, 2))

    assert messages(session, staff_id=people[2].id, ticket_id=danger.id, channel=OutboundChannel.VOICE)


def test_the_next_day_has_room_again(session, crowded):
    leader, matters, at = crowded
    later = ticket(session, ward(session), arrived_at=MONDAY + 24 * HOUR, priority=Priority.URGENT)
    tick(session, now=level_at(session, later, 3))

    tick(session, now=level_at(session, later, 4))

    assert [message.ticket_id for message in texts_to(session, leader)][4:] == [later.id]
    assert day_of(level_at(session, later, 4)) > day_of(at) and matters


def test_what_comes_at_night_leaves_room_for_both_lists_of_the_day(session):
    """Seven that reach the leader an hour before midnight, whose messages wait for the morning."""
    unit = ward(session)
    leader = full_house(session, unit, now=MONDAY)[4]
    night = MONDAY + 15 * HOUR
    matters = [ticket(session, unit, arrived_at=night + n * MINUTE, priority=Priority.URGENT) for n in range(7)]
    for level in (3, 4):
        for matter in matters:
            tick(session, now=level_at(session, matter, level))
    last = level_at(session, matters[-1], 4)
    morning = (last + 9 * HOUR).replace(hour=0, minute=35)

    for at in (morning, morning + 9 * HOUR):
        post_desk_digests(session, now=at)
        for message in messages(session, template="daily_list", channel=OutboundChannel.SCREEN):
            message.sent_at = message.created_at
        session.flush()

    assert len(texts_to(session, leader)) == 3
    assert len(met_on(session, [leader.id], day_of(morning), now=morning + 10 * HOUR)[leader.id]) <= 5


def test_what_stands_in_the_list_of_one_counts_for_whoever_else_was_told_of_it(session, crowded):
    leader, matters, at = crowded
    later = at + 24 * HOUR
    other = holder(session, "city_leader", unit_by_code(session, "79"), now=MONDAY)
    [first, *_] = [step(session, one, 4).id for one in matters]
    row = {"step_id": first, "post_id": None, "capacity": "holder", "told_at": later, "reply_code": "999999"}
    add_recipients(session, [row | {"staff_id": other.id}])
    listed_again = Outgoing(
        OutboundChannel.SCREEN, "", DAILY_LIST_TEMPLATE, {"items": [{"step_id": first}], "others": []}, "vi", "list",
        staff_id=leader.id,
    )  # fmt: skip
    posting.post_all(session, [listed_again], now=later)
    for message in messages(session, template="daily_list", channel=OutboundChannel.SCREEN):
        message.sent_at = message.created_at
    session.flush()
    day, people = day_of(later), [leader.id, other.id]

    counted = leaders_day(session, [(one, later) for one in people], now=later).counts

    met = met_on(session, people, day, now=later)
    assert {one: counted[one, day] for one in people} == {one: len(steps) for one, steps in met.items()}
    assert met[other.id] == met[leader.id] == {first}
