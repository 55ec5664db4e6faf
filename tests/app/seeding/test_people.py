"""The people of the demonstration: invented, and standing on every step of the staircase."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding import people
from app.settings import Settings
from tickets.directory.staff import people_at
from tickets.directory.standing import Reachable
from tickets.directory.standing_rows import load_standing
from tickets.directory.units import AREA_KINDS, city, city_operations, current_units, unit_named
from tickets.promises.plan import RESPONSIBLE_LEADER
from tickets.schema import Category, Staff
from tickets.states import Role


@pytest.fixture
def staffed(session: Session, settings: Settings, now: datetime) -> Session:
    people.load(session, now=now, zone=settings.zone)
    return session


def answering(session: Session, codes: str, unit_id: int, *, now: datetime) -> list[Reachable]:
    posts = codes.split("|")
    return load_standing(session, posts=posts, unit_ids=[unit_id], now=now).at(posts, unit_id=unit_id, field="")


def test_loading_the_people_twice_changes_nothing(staffed: Session, settings: Settings, now: datetime) -> None:
    before = set(staffed.scalars(select(Staff.id)))

    again = people.load(staffed, now=now, zone=settings.zone)

    assert not again
    assert set(staffed.scalars(select(Staff.id))) == before


def test_everybody_is_marked_as_invented_and_has_no_password(staffed: Session) -> None:
    everybody = list(staffed.scalars(select(Staff)))

    assert len(everybody) >= 40
    assert all(one.is_demo and one.password_hash is None and one.email.endswith(".demo") for one in everybody)


@pytest.mark.parametrize("code", ["26740", "26824", "26506"])
def test_a_staffed_ward_has_agents_a_supervisor_and_people_on_every_step(
    staffed: Session, now: datetime, code: str
) -> None:
    ward = unit_named(staffed, code, on=now.date())

    held = people_at(staffed, [ward.id], now=now)

    assert sum(one.role is Role.AGENT for one in held) == 3
    assert {one.role for one in held} == {Role.AGENT, Role.SUPERVISOR, Role.LEADER}
    for post in ("service_centre_director", "section_head", "unit_lead", "ward_chair", "ward_vice_chair"):
        assert answering(staffed, post, ward.id, now=now), post


def test_the_holder_is_tried_before_the_deputy(staffed: Session, now: datetime) -> None:
    ward = unit_named(staffed, "26740", on=now.date())

    asked = answering(staffed, "ward_chair", ward.id, now=now)

    assert [one.capacity for one in asked] == ["holder", "deputy"]
    assert asked[0].person.name == "Đặng Thái Sơn"


def test_whoever_has_the_turn_is_tried_first_and_only_once(staffed: Session, now: datetime) -> None:
    desk = city_operations(staffed)

    turns = [answering(staffed, "shift_lead", desk.id, now=now + timedelta(hours=8 * turn)) for turn in range(2)]

    assert [turn[0].capacity for turn in turns] == ["shift", "shift"]
    assert turns[0][0].person.staff_id != turns[1][0].person.staff_id
    assert all(len({one.person.staff_id for one in turn}) == len(turn) for turn in turns)


def test_a_step_names_the_first_post_a_unit_has_and_the_citys_desks_for_all(staffed: Session, now: datetime) -> None:
    department = unit_named(staffed, "SXD", on=now.date())
    ward = unit_named(staffed, "26740", on=now.date())

    head = answering(staffed, "ward_chair|department_director", department.id, now=now)
    office = answering(staffed, "city_office_duty", ward.id, now=now)

    assert head[0].post == "Giám đốc Sở"
    assert [one.capacity for one in office] == ["holder", "deputy", "duty"]


def test_a_vacant_post_has_nobody_on_duty_for(staffed: Session, now: datetime) -> None:
    ward = unit_named(staffed, "26743", on=now.date())

    assert answering(staffed, "ward_chair|ward_vice_chair", ward.id, now=now) == []


def test_every_field_and_every_area_has_a_leader_and_the_field_goes_first(staffed: Session, now: datetime) -> None:
    fields = set(staffed.scalars(select(Category.field)))
    desk = city_operations(staffed)
    areas = current_units(staffed, kinds=AREA_KINDS, on=now.date())
    asked = [desk.id, *(unit.id for unit in areas)]
    standing = load_standing(staffed, posts=[RESPONSIBLE_LEADER], unit_ids=asked, now=now)

    def first(*, field: str, unit_id: int) -> tuple[str, str]:
        found = standing.at([RESPONSIBLE_LEADER], unit_id=unit_id, field=field)[0]
        return found.person.email, found.capacity

    assert {first(field=field, unit_id=desk.id)[1] for field in fields} == {"responsible"}
    assert {first(field="", unit_id=unit.id)[1] for unit in areas} == {"responsible"}
    vung_tau = unit_named(staffed, "26506", on=now.date())
    assert first(field="", unit_id=vung_tau.id)[0] == "tuong.trinh@thanhpho.demo"
    assert first(field="justice", unit_id=vung_tau.id)[0] == "van.huynh@thanhpho.demo"


def test_the_leaders_of_the_city_hold_their_role_at_the_city(staffed: Session, now: datetime) -> None:
    held = people_at(staffed, [city(staffed).id], roles=[Role.LEADER], now=now)

    assert len(held) == 5
