"""A level covers those that came with it only if somebody hears of it: else whoever they would have told is told."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.pursue import pursue
from escalation.firing.sweep import tick
from tests.escalation.scene import (
    full_house,
    level_at,
    messages,
    results,
    step,
    ticket,
    told,
    unit_by_code,
    ward,
    with_role,
)
from tickets.people import citizens
from tickets.schema import ContactMethod, Staff
from tickets.states import OutboundChannel, Priority, Role, StepResult

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def texts_alone_that_are_unwanted(session: Session, who: Staff) -> None:
    """Their one way is a phone that has opted out of texts."""
    way = {"kind": OutboundChannel.SMS, "address": who.phone, "position": 1, "verified_at": MONDAY}
    session.add(ContactMethod(staff_id=who.id, **way))
    session.flush()
    citizens.opt_out(session, who.phone, reason="STOP", now=MONDAY)


def test_the_highest_of_three_is_deaf_and_the_next_below_is_told_in_the_same_minute(session: Session) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    texts_alone_that_are_unwanted(session, people[3])
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    at = level_at(session, matter, 3) + SECOND

    tick(session, now=at)
    for seconds in range(0, 60, 5):
        pursue(session, now=at + seconds * SECOND)

    found = results(session, matter)
    assert [found[rank] for rank in (1, 2, 3)] == [StepResult.SUPERSEDED, StepResult.SUPERSEDED, StepResult.NOTIFIED]
    assert told(session, matter, 3) == [people[3].id, people[2].id]
    assert [m.staff_id for m in messages(session, channel=OutboundChannel.SMS, state="waiting")] == [people[2].id]
    assert {m.staff_id for m in messages(session, template="nobody_reachable")} == {administrator.id}


def test_whoever_was_told_for_want_of_those_above_may_answer(session: Session) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    texts_alone_that_are_unwanted(session, people[3])
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    at = level_at(session, matter, 3) + SECOND
    tick(session, now=at)
    pursue(session, now=at + SECOND)

    third = step(session, matter, 3)
    answer = acknowledge(session, third.id, staff_id=people[2].id, via="web", now=at + timedelta(minutes=1))

    assert not answer.is_repeat


@pytest.mark.parametrize("levels_before", [1, 2])
def test_levels_that_came_before_and_told_their_own_are_not_told_again(session: Session, levels_before: int) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    texts_alone_that_are_unwanted(session, people[3])
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    for level in range(1, levels_before + 1):
        tick(session, now=level_at(session, matter, level))
    at = level_at(session, matter, 3) + SECOND

    tick(session, now=at)
    for seconds in range(0, 60, 5):
        pursue(session, now=at + seconds * SECOND)

    expected = [people[3].id] if levels_before == 2 else [people[3].id, people[2].id]
    assert told(session, matter, 3) == expected
