"""A3: a level is told when a message was delivered; until then the next is tried, in an emergency by telephone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.web.api.escalation_view import escalations_of
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.decline import decline
from escalation.acknowledging.delegate import delegate
from escalation.firing.pursue import pursue
from escalation.firing.recipients import mark_read
from escalation.firing.sweep import tick
from tests.escalation.scene import (
    holder,
    level_at,
    messages,
    step,
    ticket,
    told,
    unit_by_code,
    ward,
    with_role,
)
from tickets.people import citizens
from tickets.promises import ledger
from tickets.schema import ContactMethod, OutboundMessage, ReachTime, Ticket
from tickets.states import OutboundChannel, OutboundState, Priority, Role
from tickets.work.ticket import lock_ticket

# A Monday, half past one at night in the city.
NIGHT = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def failed(session: Session, staff_id: int) -> None:
    """Whatever was sent to this person was not delivered: a dead telephone, a full mailbox."""
    unsent = (OutboundMessage.staff_id == staff_id, OutboundMessage.channel != OutboundChannel.SCREEN)
    session.execute(update(OutboundMessage).where(*unsent).values(state=OutboundState.FAILED, error_code="unreachable"))


def delivered(session: Session, staff_id: int, channel: OutboundChannel = OutboundChannel.SMS) -> None:
    to = (OutboundMessage.staff_id == staff_id, OutboundMessage.channel == channel)
    session.execute(update(OutboundMessage).where(*to).values(state=OutboundState.DELIVERED, delivered_at=NIGHT))


def raised(session: Session, *, priority: Priority = Priority.EMERGENCY) -> tuple[Ticket, datetime]:
    """A ticket whose first level has just fired."""
    matter = ticket(session, ward(session), arrived_at=NIGHT, priority=priority)
    at = level_at(session, matter, 1)
    tick(session, now=at)
    return matter, at


def run(session: Session, *, since: datetime, until: datetime) -> list[datetime]:
    """The scheduler of these minutes, five seconds at a time; when something was looked at."""
    ticks = (since + 5 * SECOND * number for number in range(int((until - since) / (5 * SECOND)) + 1))
    return [at for at in ticks if pursue(session, now=at)]


def api(session: Session, matter: Ticket) -> dict:
    return escalations_of(session, matter.id)[-1]


def unheard(session: Session, staff_id: int, *, why: str, now: datetime) -> None:
    """Whatever call waits for this person has come to nothing."""
    waiting = (
        OutboundMessage.staff_id == staff_id,
        OutboundMessage.channel == OutboundChannel.VOICE,
        OutboundMessage.state == OutboundState.WAITING,
    )
    ended = {"state": OutboundState.FAILED, "error_code": why, "settled_at": now}
    session.execute(update(OutboundMessage).where(*waiting).values(**ended))


def called(session: Session, staff_id: int) -> list[datetime]:
    return [m.not_before for m in messages(session, channel=OutboundChannel.VOICE, staff_id=staff_id)]


def test_in_an_emergency_the_telephone_rings_before_anything_is_written(session):
    head = holder(session, "section_head", ward(session), now=NIGHT)
    _, at = raised(session)

    assert called(session, head.id) == [at]
    assert messages(session, channel=OutboundChannel.SMS, staff_id=head.id) == []
    run(session, since=at, until=at + MINUTE)
    assert len(messages(session, channel=OutboundChannel.SMS, staff_id=head.id)) == 1


def test_a_telephone_that_nobody_answered_rings_again_while_there_is_time_and_then_the_next_way_is_tried(session):
    head = holder(session, "section_head", ward(session), now=NIGHT)
    _, at = raised(session)

    unheard(session, head.id, why="busy", now=at + 5 * SECOND)
    run(session, since=at + 5 * SECOND, until=at + 10 * SECOND)
    unheard(session, head.id, why="no_answer", now=at + 50 * SECOND)
    run(session, since=at + 50 * SECOND, until=at + MINUTE)

    assert called(session, head.id) == [at, at + 20 * SECOND]
    assert len(messages(session, channel=OutboundChannel.SMS, staff_id=head.id)) == 1


@pytest.mark.parametrize(("why", "calls"), [("machine", 3), ("no_provider", 1)])
def test_when_nobody_was_reached_in_an_emergency_all_are_called_again_but_where_no_call_can_be_made(
    session, why, calls
):
    unit = ward(session)
    head = holder(session, "section_head", unit, now=NIGHT)
    deputy = holder(session, "section_head", unit, kind="deputy", now=NIGHT)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=NIGHT)
    matter, at = raised(session)

    for minute in range(20):
        run(session, since=at + minute * MINUTE, until=at + minute * MINUTE + 30 * SECOND)
        for person in (head, deputy):
            unheard(session, person.id, why=why, now=at + minute * MINUTE + 30 * SECOND)

    assert [len(called(session, person.id)) for person in (head, deputy)] == [calls, calls]
    assert step(session, matter, 1).reach_by is None
    assert {m.channel for m in messages(session, template="nobody_reachable", staff_id=administrator.id)} == {
        OutboundChannel.SCREEN,
        OutboundChannel.EMAIL,
    }


def test_who_chose_to_be_called_is_called_again_after_the_pause_of_the_city(session):
    head = holder(session, "section_head", ward(session), now=NIGHT)
    session.add(
        ContactMethod(
            staff_id=head.id, kind=OutboundChannel.VOICE, address=head.phone, position=1, verified_at=NIGHT
        )
    )  # fmt: skip
    rule = session.get_one(ReachTime, Priority.URGENT)
    rule.most_calls, rule.call_pause_seconds = 2, 90
    session.flush()
    matter, at = raised(session, priority=Priority.URGENT)

    for minute in range(5):
        unheard(session, head.id, why="no_answer", now=at + minute * MINUTE)
        run(session, since=at + minute * MINUTE, until=at + minute * MINUTE + 55 * SECOND)

    assert called(session, head.id) == [at, at + 90 * SECOND]
    assert told(session, matter, 1) == [head.id]


@pytest.mark.parametrize("by", ["delivery", "reading", "answer"])
def test_whoever_was_reached_is_followed_by_nobody(session, by):
    unit = ward(session)
    head = holder(session, "section_head", unit, now=NIGHT)
    holder(session, "section_head", unit, kind="deputy", now=NIGHT)
    matter, at = raised(session)

    if by == "delivery":
        delivered(session, head.id, OutboundChannel.VOICE)
    elif by == "reading":
        session.execute(update(OutboundMessage).where(OutboundMessage.staff_id == head.id).values(read_at=at))
    else:
        acknowledge(session, step(session, matter, 1).id, staff_id=head.id, via="web", now=at)
    looked_at = run(session, since=at, until=at + 10 * MINUTE)

    assert len(looked_at) <= 1
    assert told(session, matter, 1) == [head.id]
    assert step(session, matter, 1).reach_by is None
    assert api(session, matter)["reached"] is True


@pytest.mark.parametrize("fault", ["no phone", "opted out"])
def test_a_holder_without_a_telephone_that_takes_messages_is_followed_by_the_deputy_who_has_one(session, fault):
    unit = ward(session)
    head = holder(session, "section_head", unit, now=NIGHT)
    deputy = holder(session, "section_head", unit, kind="deputy", now=NIGHT)
    if fault == "no phone":
        head.phone = None
    else:
        citizens.opt_out(session, head.phone, reason="STOP", now=NIGHT)
    session.flush()
    matter, at = raised(session)

    run(session, since=at, until=at + 3 * MINUTE)

    assert told(session, matter, 1) == [head.id, deputy.id]
    assert len(messages(session, template="escalation_level", channel=OutboundChannel.SMS, staff_id=deputy.id)) == 1
    methods = {a["method"]: a["state"] for a in api(session, matter)["attempts"] if a["to"] == head.name}
    assert methods.get("sms") == ("suppressed" if fault == "opted out" else None)


def test_a_level_that_reached_nobody_goes_to_those_above_and_then_alarms_the_administrators_once(session):
    unit = ward(session)
    head, chair = holder(session, "section_head", unit, now=NIGHT), holder(session, "ward_chair", unit, now=NIGHT)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=NIGHT)
    matter, at = raised(session)

    run(session, since=at, until=at + 15 * MINUTE)

    assert told(session, matter, 1) == [head.id, chair.id]
    alarms = messages(session, template="nobody_reachable", staff_id=administrator.id)
    assert {m.channel for m in alarms} == {OutboundChannel.SCREEN, OutboundChannel.EMAIL}
    assert all(m.params["unreached"] for m in alarms)


def test_one_way_is_tried_at_a_time_and_one_that_failed_is_not_waited_for(session):
    unit = ward(session)
    head = holder(session, "section_head", unit, now=NIGHT)
    matter, at = raised(session, priority=Priority.URGENT)

    def ways() -> list[str]:
        return [m.channel for m in messages(session, staff_id=head.id) if m.channel is not OutboundChannel.SCREEN]

    first = ways()
    [sms] = messages(session, staff_id=head.id, channel=OutboundChannel.SMS)
    sms.state, sms.settled_at = OutboundState.FAILED, at + MINUTE
    session.flush()
    pursue(session, now=at + MINUTE)

    assert (first, ways()) == ([OutboundChannel.SMS], [OutboundChannel.SMS, OutboundChannel.EMAIL])
    assert told(session, matter, 1) == [head.id]
    [mail] = messages(session, staff_id=head.id, channel=OutboundChannel.EMAIL)
    assert mail.params["code"] == sms.params["code"]


def test_a_city_decides_how_long_each_is_given(session):
    unit = ward(session)
    holder(session, "section_head", unit, now=NIGHT)
    session.get_one(ReachTime, Priority.URGENT).seconds = 60
    session.flush()
    _, at = raised(session, priority=Priority.URGENT)

    assert run(session, since=at, until=at + 90 * SECOND) == [at + MINUTE]


def test_an_urgent_matter_waits_ten_minutes_each_and_a_finished_one_is_not_followed(session):
    unit = ward(session)
    holder(session, "section_head", unit, now=NIGHT)
    deputy = holder(session, "section_head", unit, kind="deputy", now=NIGHT)
    matter, at = raised(session, priority=Priority.URGENT)

    assert run(session, since=at, until=at + 9 * MINUTE) == []
    looked_at = [at + 10 * MINUTE, at + 20 * MINUTE]
    assert run(session, since=at + 10 * MINUTE, until=at + 20 * MINUTE) == looked_at
    assert told(session, matter, 1)[-1] == deputy.id
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=at + 21 * MINUTE)
    before = len(session.scalars(select(OutboundMessage.id)).all())
    run(session, since=at + 30 * MINUTE, until=at + 31 * MINUTE)

    assert len(session.scalars(select(OutboundMessage.id)).all()) == before


@pytest.mark.parametrize("is_given_back", [False, True])
def test_a_delegate_who_has_read_of_an_emergency_ends_the_search_until_they_give_it_back(session, is_given_back):
    unit, office = ward(session), unit_by_code(session, "VPUB")
    head = holder(session, "section_head", unit, now=NIGHT)
    deputy = holder(session, "section_head", unit, kind="deputy", now=NIGHT)
    asking, asked = (with_role(session, Role.CITY_OFFICE, office, now=NIGHT) for _ in range(2))
    matter, at = raised(session)
    level = step(session, matter, 1).id

    delegate(session, level, from_id=asking.id, to_id=asked.id, reason="đi họp", now=at)
    mark_read(session, asked.id, step_ids=[level], now=at)
    failed(session, head.id)
    if is_given_back:
        decline(session, level, staff_id=asked.id, reason="không rõ vụ việc", now=at + SECOND)
    run(session, since=at + 5 * SECOND, until=at + 3 * MINUTE)

    assert told(session, matter, 1) == [head.id, asked.id, *([deputy.id] if is_given_back else [])]
    assert bool(called(session, deputy.id)) is is_given_back
