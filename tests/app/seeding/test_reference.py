"""The directory as a first start leaves it."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.seeding.reference import load
from tests.factories import open_ticket
from tickets.directory.categories import category_tree
from tickets.directory.lines import LineFacts, city_line, insert_lines, published_lines
from tickets.directory.loading import place_rows
from tickets.directory.places import rows_from_csv
from tickets.directory.places.rows import OldWardRow
from tickets.directory.queues import queue_of
from tickets.directory.units import (
    AREA_KINDS,
    city,
    city_office,
    city_operations,
    current_units,
    predecessors,
    successors,
    unit_by_code,
    unit_named,
)
from tickets.routing.rules import load_rules
from tickets.schema import OneStopOffice, Post, Procedure, Unit
from tickets.states import QueueKind, UnitKind

TODAY = date(2026, 11, 23)


def test_the_city_has_113_wards_54_communes_and_one_special_zone(session: Session) -> None:
    areas = current_units(session, kinds=AREA_KINDS, on=TODAY)

    counted = {kind: sum(unit.kind is kind for unit in areas) for kind in AREA_KINDS}

    assert counted == {UnitKind.WARD: 113, UnitKind.COMMUNE: 54, UnitKind.SPECIAL_ZONE: 1}


def test_a_code_means_another_unit_before_and_after_the_merger(session: Session) -> None:
    before = unit_by_code(session, "26740", on=date(2025, 6, 30))
    after = unit_by_code(session, "26740", on=date(2025, 7, 1))

    assert (before.name if before else None, after.name if after else None) == ("Phường Bến Nghé", "Phường Sài Gòn")


def test_a_divided_ward_leads_to_each_of_its_parts(session: Session) -> None:
    old = session.scalars(select(Unit).where(Unit.name == "Phường Đa Kao")).one()

    edges = successors(session, old.id)

    assert {(edge.unit.code, edge.is_partial) for edge in edges} == {("26737", True), ("26740", True)}


def test_a_new_ward_knows_whom_it_came_from(session: Session) -> None:
    saigon = unit_named(session, "26740", on=TODAY)

    names = [edge.unit.name for edge in predecessors(session, saigon.id)]

    assert "Phường Bến Nghé" in names
    assert len(names) == len(set(names))


def test_the_place_rows_of_the_database_say_the_same_as_the_files(session: Session) -> None:
    from_files, from_database = rows_from_csv(), place_rows(session)

    code_of = {unit.id: int(unit.code) for unit in from_database.units}

    def told(ward: OldWardRow, codes: dict[int, int]) -> tuple[object, ...]:
        units = frozenset(codes.get(unit, unit) for unit in ward.successors)
        return ward.name, ward.district, ward.province, ward.old_code, ward.merged_into, units

    assert {told(w, code_of) for w in from_database.old_wards} == {told(w, {}) for w in from_files.old_wards}
    assert len(from_database.old_wards) == len(from_files.old_wards)
    assert {(u.code, u.name, u.kind) for u in from_database.units} == {
        (u.code, u.name, u.kind) for u in from_files.units
    }
    assert set(from_database.districts) == set(from_files.districts)
    assert from_database.aliases == from_files.aliases


def test_in_the_demonstration_every_area_and_department_has_a_line_at_a_one_stop_office_of_its_own(
    session: Session,
) -> None:
    lines = published_lines(session, on=TODAY)

    answering = {unit.id for unit in current_units(session, kinds=[*AREA_KINDS, UnitKind.DEPARTMENT], on=TODAY)}

    assert answering <= {line.unit_id for line in lines}
    assert len({line.phone for line in lines}) == len(lines)


def test_the_line_of_a_ward_stands_for_the_ward_and_the_citys_for_no_place(session: Session) -> None:
    saigon = unit_named(session, "26740", on=TODAY)

    (ward_line,) = published_lines(session, unit_id=saigon.id, on=TODAY)
    dialled = city_line(session, on=TODAY)

    assert not ward_line.is_city
    assert dialled is not None
    assert dialled.phone == "+842838000000"
    assert (dialled.is_city, dialled.unit_id) == (True, city_operations(session).id)


def test_the_number_that_a_city_publishes_takes_the_place_of_the_example_and_one_of_next_week_does_not_yet(
    session: Session,
) -> None:
    example = city_line(session, on=TODAY)
    assert example is not None
    here = {"label": "1022", "office_id": example.office_id, "is_city": True}
    insert_lines(session, [LineFacts(phone="+842838291022", valid_from=TODAY, **here)])
    insert_lines(session, [LineFacts(phone="+842838291023", valid_from=TODAY + timedelta(days=7), **here)])

    dialled = city_line(session, on=TODAY)

    assert dialled is not None
    assert dialled.phone == "+842838291022"
    assert load_rules(session, on=TODAY).routing.city_phone == "+842838291022"
    assert load_rules(session, on=TODAY + timedelta(days=7)).routing.city_phone == "+842838291023"


def test_triage_is_at_city_operations_and_conduct_at_the_city_office_and_at_every_ward(session: Session) -> None:
    office = city_office(session)

    assert queue_of(session, city_operations(session).id, QueueKind.TRIAGE).unit_id != office.id
    assert queue_of(session, office.id, QueueKind.CONDUCT).unit_id == office.id
    for unit in current_units(session, kinds=[*AREA_KINDS, UnitKind.DEPARTMENT], on=TODAY):
        assert {queue_of(session, unit.id, kind).kind for kind in (QueueKind.WORK, QueueKind.CONDUCT)}


def test_every_ward_has_the_posts_that_escalation_names(session: Session) -> None:
    wards = current_units(session, kinds=AREA_KINDS, on=TODAY)

    codes = dict(
        session.execute(
            select(Post.code, func.count()).where(Post.unit_id.in_([u.id for u in wards])).group_by(Post.code)
        ).all()
    )

    assert {codes[code] for code in ("ward_chair", "ward_vice_chair", "service_centre_director", "section_head")} == {
        168
    }
    assert session.scalar(select(func.count()).where(Post.code == "city_chair", Post.unit_id == city(session).id)) == 1


def test_a_body_whose_existence_was_not_verified_is_left_out(session: Session) -> None:
    names = set(session.scalars(select(Unit.name)))

    assert "Công an Thành phố" in names
    assert not names & {"Sở Ngoại vụ", "Văn phòng Đăng ký đất đai Thành phố"}


def test_a_procedure_without_a_verified_code_keeps_none_and_every_one_has_its_department(session: Session) -> None:
    rows = list(session.scalars(select(Procedure)))

    assert len(rows) == 99
    assert sum(row.code is None for row in rows) == 8
    assert all(row.department_id for row in rows)


def test_categories_have_two_levels_in_two_languages_with_a_department(session: Session) -> None:
    tree = category_tree(session)
    children = [child for group in tree for child in group.children]

    assert len(children) >= 60
    assert all(group.children for group in tree)
    assert all(c.name and c.name_en and c.name != c.name_en and c.department_id and c.field for c in children)
    assert {c.conduct for c in children} == {"", "staff", "head", "unit"}


def test_every_one_stop_office_of_the_demonstration_has_opening_hours(session: Session) -> None:
    assert session.scalar(select(func.count()).where(OneStopOffice.opening_hours == "")) == 0


def test_what_is_there_is_never_loaded_again(session: Session, now: datetime) -> None:
    session.execute(text("update unit set name = 'Phường Của Thành Phố' where code = '26740' and valid_to is null"))
    session.execute(text("delete from line where not is_city"))

    assert load(session, now=now) == ()

    assert unit_named(session, "26740", on=TODAY).name == "Phường Của Thành Phố"
    assert len(published_lines(session, on=TODAY)) == 1


EMPTIED = {
    "queues": "delete from queue",
    "triage": "delete from queue where kind = 'triage'",
    "posts": "delete from post",
    "procedures": "delete from procedure",
    # What is promised for one of them goes with them: a version of a promise is never changed.
    "categories": "delete from policy_row; delete from policy_version; delete from policy;"
    "delete from category where parent_id is not null; delete from category",
    "policies": "delete from policy_row; delete from policy_version; delete from policy",
    "holidays": "delete from holiday",
}


@pytest.mark.parametrize("kind", EMPTIED)
def test_a_kind_of_which_there_is_nothing_is_loaded_and_the_others_are_left(
    owning_session: Session, now: datetime, kind: str
) -> None:
    for statement in EMPTIED[kind].split(";"):
        owning_session.execute(text(statement))

    assert kind in load(owning_session, now=now)

    assert load(owning_session, now=now) == ()
    assert open_ticket(owning_session).reference


def test_a_city_of_its_own_gets_queues_and_a_desk_and_no_categories_of_ours(
    owning_session: Session, now: datetime
) -> None:
    for table in ("policy_row", "policy_version", "policy", "chain_step", "chain_version", "chain", "category"):
        owning_session.execute(text(f"delete from {table} where true"))
    for table in ("procedure", "line", "one_stop_office", "queue", "post"):
        owning_session.execute(text(f"delete from {table}"))
    owning_session.execute(text("update unit set code = 'X' || id where kind in ('department', 'office')"))

    written = load(owning_session, now=now)

    assert {"queues", "triage", "posts"} <= set(written)
    assert "categories" not in written
    assert city_operations(owning_session).kind is UnitKind.OFFICE
