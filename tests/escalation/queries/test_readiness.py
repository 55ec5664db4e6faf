"""What units and the city lack: found by the rules that fire, in a fixed number of statements."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from escalation.queries.readiness import city_readiness, next_night, units_readiness
from escalation.queries.readiness_rules import Shortfall
from escalation.queries.tonight import levels_tonight
from tests.escalation.scene import full_house, holder, responsible, unit_by_code, ward, with_role
from tests.statements import counted
from tickets import done_days
from tickets.city import day_of, wall_clock
from tickets.directory import contact_methods, going_live
from tickets.directory.contact_hours import Hours
from tickets.directory.responsibilities import fields_at_units
from tickets.people.actor import SYSTEM
from tickets.queries.readiness_facts import Installation
from tickets.schema import ContactMethod, Line, OneStopOffice, Staff
from tickets.states import Level, OutboundChannel, Role

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
NOTHING = Installation(has_provider=False, has_mail=False)


def lacks(session: Session, unit_id: int) -> set[Shortfall]:
    [found] = units_readiness(session, unit_ids=[unit_id], now=MONDAY)
    return {one.code for one in found.lacks}


def prove(session: Session, person: Staff) -> ContactMethod:
    way = contact_methods.save(
        session,
        person.id,
        kind=OutboundChannel.SMS,
        address=person.phone or "",
        hours=Hours(),
        actor=SYSTEM,
        now=MONDAY,
    )
    way.verified_at = MONDAY
    session.flush()
    return way


def test_a_city_that_begins_lacks_nearly_everything_and_says_who_can_mend_it(session: Session) -> None:
    going_live.begin(session, are_live=False, now=MONDAY)

    found = city_readiness(session, NOTHING, now=MONDAY)

    assert not found.is_live and not found.is_ready
    assert {one.code for one in found.lacks} >= {Shortfall.PROVIDER, Shortfall.MAIL, Shortfall.BACKUP}
    unit = next(one for one in found.units if one.facts.unit_id == ward(session).id)
    assert {(one.code, one.mended_by) for one in unit.lacks} >= {
        (Shortfall.LEVEL_NOBODY, Role.ADMINISTRATOR),
        (Shortfall.AGENTS, Role.ADMINISTRATOR),
        (Shortfall.ADDRESS, Role.CITY_OFFICE),
    }
    nobody = [one.params for one in unit.lacks if one.code is Shortfall.LEVEL_NOBODY]
    assert nobody == [{"levels": [1, 2, 3, 5]}, {"levels": [4], "of_leaders": True, "fields": []}]


def test_what_is_entered_of_a_ward_is_no_longer_missing(session: Session) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY) | {0: holder(session, "service_centre_director", unit, now=MONDAY)}
    agent = with_role(session, Role.AGENT, unit, now=MONDAY)
    unproved = lacks(session, unit.id)
    for person in [*people.values(), agent]:
        prove(session, person)
    office = session.query(OneStopOffice).filter_by(unit_id=unit.id).one()
    office.address = "1 Đồng Khởi"
    session.flush()

    left = lacks(session, unit.id)

    assert {Shortfall.LEVEL_UNPROVED, Shortfall.AGENT_PHONES, Shortfall.ADDRESS} <= unproved
    assert left == {Shortfall.LINE_SILENT}


def test_a_department_is_asked_for_the_leader_of_each_of_its_fields(session: Session) -> None:
    department = unit_by_code(session, "SXD")
    fields = fields_at_units(session).at(department.id, Level.CITY)
    for field in fields[1:]:
        responsible(session, field=field, now=MONDAY)

    one_left = leaders_lacking(session, department.id)
    last = responsible(session, field=fields[0], now=MONDAY)
    none_left = leaders_lacking(session, department.id)
    level = next(one for one in levels_tonight(session, department.id, Level.CITY, at=MONDAY) if one.is_of_leaders)

    assert len(fields) > 2 and "" not in fields
    assert one_left == [{"levels": [4], "of_leaders": True, "fields": [fields[0]]}]
    assert none_left == []
    assert last.name in {person.name for person in level.people} and len(level.people) == len(fields)


def test_a_ward_whose_area_has_a_leader_needs_none_for_each_field(session: Session) -> None:
    unit = ward(session)
    without = leaders_lacking(session, unit.id)
    responsible(session, unit=unit, now=MONDAY)

    assert [one["fields"] for one in without] == [[]]
    assert leaders_lacking(session, unit.id) == []


def leaders_lacking(session: Session, unit_id: int) -> list[dict[str, object]]:
    [found] = units_readiness(session, unit_ids=[unit_id], now=MONDAY)
    return [dict(one.params) for one in found.lacks if one.params.get("of_leaders")]


def test_a_backup_of_today_and_days_off_for_thirteen_months_are_enough_for_the_city(session: Session) -> None:
    done_days.note(session, done_days.BACKUP, on_day=day_of(MONDAY), now=MONDAY - timedelta(hours=3))
    whole = Installation(has_provider=True, has_mail=True)

    fresh = city_readiness(session, whole, now=MONDAY)
    two_days_on = city_readiness(session, whole, now=MONDAY + timedelta(days=2))
    two_years_on = city_readiness(session, whole, now=MONDAY + timedelta(days=730))

    assert Shortfall.BACKUP not in {one.code for one in fresh.lacks}
    assert Shortfall.BACKUP in {one.code for one in two_days_on.lacks}
    calendars = next(one for one in two_years_on.lacks if one.code is Shortfall.CALENDARS)
    assert calendars.params["years"] == [2028, 2029]


def test_the_number_of_statements_does_not_grow_with_the_units(session: Session) -> None:
    going_live.begin(session, are_live=False, now=MONDAY)
    one = [ward(session).id]
    units_readiness(session, unit_ids=one, now=MONDAY)

    with counted(session) as few:
        units_readiness(session, unit_ids=one, now=MONDAY)
    with counted(session) as many:
        found = city_readiness(session, NOTHING, now=MONDAY)

    assert len(found.units) > 168
    assert len(many) <= len(few) + 8 <= 30


def test_what_a_live_unit_lacks_stands_above_what_the_others_lack(session: Session) -> None:
    going_live.begin(session, are_live=False, now=MONDAY)
    unit = unit_by_code(session, "26743")
    going_live.go_live(session, [unit.id], on_day=day_of(MONDAY), actor=SYSTEM, now=MONDAY)

    found = city_readiness(session, NOTHING, now=MONDAY)

    assert found.units[0].facts.unit_id == unit.id


def test_the_night_that_is_asked_of_is_the_next_two_oclock_of_the_city() -> None:
    night = wall_clock(next_night(MONDAY))

    assert (night.hour, night.date()) == (2, day_of(MONDAY) + timedelta(days=1))


def test_a_line_that_ended_is_no_line(session: Session) -> None:
    unit = ward(session)
    for line in (
        session.query(Line)
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .filter(OneStopOffice.unit_id == unit.id)
    ):
        line.valid_to = day_of(MONDAY)
    session.flush()

    assert Shortfall.LINE in lacks(session, unit.id)
