"""Levels of a unit that is not live are told to whoever leads the city's desk, never to nobody."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from escalation.queries.tonight import levels_tonight
from tests.escalation.scene import holder, level_at, ticket, told, unit_by_code, ward, with_role
from tickets.city import day_of
from tickets.directory import going_live
from tickets.people.actor import SYSTEM
from tickets.states import Level, Priority, Role

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def test_the_desk_hears_of_a_late_ticket_of_a_ward_that_is_not_live(session: Session) -> None:
    unit = ward(session)
    own = holder(session, "unit_lead", unit, now=MONDAY)
    lead = with_role(session, Role.SUPERVISOR, unit_by_code(session, "TTDH"), now=MONDAY)
    going_live.begin(session, are_live=False, now=MONDAY)
    late = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    foreseen = levels_tonight(session, unit.id, Level.WARD, priority=Priority.URGENT, at=MONDAY)
    tick(session, now=level_at(session, late, 1))

    assert {person.name for one in foreseen for person in one.people} == {lead.name}
    assert told(session, late, 1) == [lead.id] != [own.id]


def test_from_the_day_it_is_live_its_own_people_hear_of_it(session: Session) -> None:
    unit = ward(session)
    own = holder(session, "unit_lead", unit, now=MONDAY)
    with_role(session, Role.SUPERVISOR, unit_by_code(session, "TTDH"), now=MONDAY)
    going_live.begin(session, are_live=False, now=MONDAY)
    going_live.go_live(session, [unit.id], on_day=day_of(MONDAY), actor=SYSTEM, now=MONDAY)
    late = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, late, 1))

    assert told(session, late, 1) == [own.id]
