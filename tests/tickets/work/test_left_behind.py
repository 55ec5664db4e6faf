"""A unit ends with open tickets: whoever took over all of it has them, with their promises, and is told of levels."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.escalation.scene import clock, full_house, holder, level_at, messages, ticket, unit_by_code, ward
from tests.handing_over import why_not_told
from tickets.directory.units import city_operations
from tickets.outbox.overtaken import Overtaken
from tickets.schema import PlannedStep, StepRecipient, Ticket, TicketAccess, TimelineEntry, Unit, UnitSuccession
from tickets.states import ClockKind, OutboundChannel, Priority
from tickets.work.left_behind import pass_on_what_is_left

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 23)


def ended(session: Session, *successors: tuple[Unit, bool], on: date = TODAY) -> Unit:
    unit = ward(session)
    session.add_all(
        UnitSuccession(predecessor_id=unit.id, successor_id=other.id, is_partial=partial)
        for other, partial in successors
    )
    unit.valid_to = on
    session.flush()
    return unit


def everybody_told(session: Session, matter: Ticket) -> set[int]:
    steps = select(PlannedStep.id).where(PlannedStep.ticket_id == matter.id)
    return set(session.scalars(select(StepRecipient.staff_id).where(StepRecipient.step_id.in_(steps))))


def test_a_restricted_matter_of_a_merged_ward_is_the_successors_with_its_promise_and_its_levels(session: Session):
    new = ward(session, "Phường Bến Thành")
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    chair = holder(session, "ward_chair", new, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT, is_restricted=True)
    first = level_at(session, matter, 1)
    tick(session, now=first)
    [written] = messages(session, staff_id=people[1].id, channel=OutboundChannel.SMS)
    due_at = clock(session, matter).due_at
    ended(session, (new, False))

    passed_on = pass_on_what_is_left(session, now=first + HOUR)
    # The receiver has its own time to accept it.
    for level in (1, 2):
        tick(session, now=level_at(session, matter, level, ClockKind.ACCEPT))

    session.refresh(matter)
    assert (passed_on, matter.unit_id, clock(session, matter).due_at) == (1, new.id, due_at)
    assert chair.id in everybody_told(session, matter)
    assert people[2].id not in everybody_told(session, matter)
    assert why_not_told(session, written, now=first + HOUR) is Overtaken.NOT_THEIRS
    readers = set(session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == matter.id)))
    assert readers == everybody_told(session, matter), "nobody sees it who was not told"
    assert pass_on_what_is_left(session, now=first + 2 * HOUR) == 0


@pytest.mark.parametrize("partial", [(True,), (False, False), ()])
def test_where_nobody_took_over_all_of_it_the_citys_desk_decides_whose_each_is(session: Session, partial):
    others = [ward(session, "Phường Bến Thành"), unit_by_code(session, "SXD")]
    matter = ticket(session, ward(session), arrived_at=MONDAY)
    ended(session, *zip(others, partial, strict=False))

    pass_on_what_is_left(session, now=MONDAY + HOUR)

    session.refresh(matter)
    said = session.scalars(select(TimelineEntry.params).where(TimelineEntry.ticket_id == matter.id)).all()
    assert matter.unit_id == city_operations(session).id
    assert any(params.get("reason") == "unit_ended" for params in said)


@pytest.mark.parametrize("on", [TODAY + timedelta(days=1), TODAY - timedelta(days=90)])
def test_one_that_has_not_ended_yet_or_long_ago_is_left_alone(session: Session, on: date):
    unit = ward(session)
    matter = ticket(session, unit, arrived_at=MONDAY)
    ended(session, (ward(session, "Phường Bến Thành"), False), on=on)

    assert pass_on_what_is_left(session, now=MONDAY + HOUR) == 0
    assert session.get_one(Ticket, matter.id).unit_id == unit.id
