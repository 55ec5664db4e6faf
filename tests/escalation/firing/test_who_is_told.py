"""Who is told belongs to the matter: its unit, the body above it or the city; never whoever holds such a post."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding import people
from app.settings import Settings
from escalation.firing.sweep import tick
from escalation.queries.staircase import staircase
from tests.escalation.scene import (
    full_house,
    holder,
    level_at,
    messages,
    responsible,
    results,
    ticket,
    told,
    unit_by_code,
    ward,
    with_role,
)
from tickets.directory.standing import Concern
from tickets.directory.standing_rows import load_standing
from tickets.people.roles import CITY_LEVEL, load_viewer, visible_tickets
from tickets.promises.loading import load_rulebook
from tickets.queries.chain_steps import chain_steps
from tickets.schema import Category, Post, PostHolding, Procedure, RoleAssignment, Ticket, TicketAccess, Unit
from tickets.states import Priority, Role, StepResult

# A Monday, 08:00 in the city.
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OTHER_WARD = "Phường Thủ Đức"
LEVELS = range(1, 6)


def seen_by(session: Session, staff_id: int, matter: Ticket) -> bool:
    viewer = load_viewer(session, staff_id, now=MONDAY)
    assert viewer is not None
    return session.scalar(select(Ticket.id).where(Ticket.id == matter.id, visible_tickets(viewer))) is not None


def everybody_told(session: Session, matter: Ticket) -> set[int]:
    return {staff_id for level in LEVELS for staff_id in told(session, matter, level)}


def test_the_only_section_head_and_chair_of_all_wards_hear_nothing_of_another_wards_restricted_ticket(session):
    here, elsewhere = ward(session), ward(session, OTHER_WARD)
    strangers = [with_role(session, Role.LEADER, here, now=MONDAY) for _ in range(2)]
    holder(session, "section_head", here, staff=strangers[0], now=MONDAY)
    holder(session, "ward_chair", here, staff=strangers[1], now=MONDAY)
    office = holder(session, "city_office_duty", unit_by_code(session, "VPUB"), now=MONDAY)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    matter = ticket(session, elsewhere, arrived_at=MONDAY, priority=Priority.URGENT, is_restricted=True)

    for level in (1, 2, 3):
        tick(session, now=level_at(session, matter, level))

    assert everybody_told(session, matter) == {office.id}
    assert not any(messages(session, staff_id=stranger.id) for stranger in strangers)
    assert not any(seen_by(session, stranger.id, matter) for stranger in strangers)
    assert list(session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == matter.id))) == [
        office.id
    ]
    assert messages(session, template="nobody_reachable", staff_id=administrator.id)


def test_where_neither_the_unit_nor_the_city_has_anybody_nobody_is_told_and_administrators_are_alarmed(session):
    stranger = holder(session, "ward_chair", ward(session), now=MONDAY)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    matter = ticket(session, ward(session, OTHER_WARD), arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 2))

    assert results(session, matter)[2] is StepResult.NOBODY
    assert not messages(session, staff_id=stranger.id)
    assert messages(session, template="nobody_reachable", staff_id=administrator.id)


def test_a_post_that_one_unit_alone_has_is_asked_elsewhere_only_when_that_unit_is_the_citys_own(session):
    here, elsewhere, city = ward(session), ward(session, OTHER_WARD), unit_by_code(session, "79")
    for code, unit in (("dyke_keeper", here), ("city_dyke_keeper", city)):
        session.add(Post(unit_id=unit.id, code=code, name=code, name_en=code))
        session.flush()
        holder(session, code, unit, now=MONDAY)

    standing = load_standing(
        session, posts=["dyke_keeper", "city_dyke_keeper"], unit_ids=[here.id, elsewhere.id], now=MONDAY
    )

    assert standing.at(["dyke_keeper"], unit_id=here.id, field="")
    assert standing.at(["dyke_keeper"], unit_id=elsewhere.id, field="") == []
    assert standing.at(["city_dyke_keeper"], unit_id=elsewhere.id, field="")


def test_a_leader_answers_only_for_the_fields_and_areas_they_were_given(session):
    matter = ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.EMERGENCY)
    other = responsible(session, field="a field nobody asks for", now=MONDAY)
    holder(session, "city_leader", unit_by_code(session, "79"), staff=other, now=MONDAY)

    tick(session, now=level_at(session, matter, 4))

    assert told(session, matter, 4) == []
    assert not messages(session, staff_id=other.id)


def test_over_the_whole_demonstration_everybody_told_belongs_to_the_matters_unit_the_body_above_or_the_city(
    session: Session, settings: Settings
) -> None:
    people.load(session, now=MONDAY, zone=settings.zone)
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.valid_to.is_(None)))}
    fields = ["", *session.scalars(select(Category.field).distinct())]
    chains = [chain.chain.steps for chain in load_rulebook(session).chains.values()]
    posts = {code for steps in chains for step in steps for code in (*step.posts, *step.procedure_posts)}
    standing = load_standing(session, posts=posts, unit_ids=units, now=MONDAY)
    strangers = []
    asked = 0

    for unit in units.values():
        allowed = {None, unit.id, unit.parent_id} | {one.id for one in units.values() if one.kind in CITY_LEVEL}
        for concern in (Concern(unit.id, f, p, e) for f in fields for p in (None, 1) for e in (False, True)):
            for steps in chains:
                for step in steps:
                    who, _ = standing.first_from(steps, step.level, concern)
                    asked += 1
                    if who is not None and who.unit_id not in allowed:
                        strangers.append((unit.name, step.level, who.person.name))

    assert asked > 10_000
    assert strangers == []


@pytest.mark.parametrize("vacant", [(), ("section_head",), ("ward_chair",), ("section_head", "ward_chair")])
@pytest.mark.parametrize("is_procedure", [False, True])
def test_the_tickets_page_and_the_staircase_name_beforehand_whom_each_level_then_tells(session, vacant, is_procedure):
    unit = ward(session)
    office = full_house(session, unit, now=MONDAY)[3]
    holder(session, "ward_vice_chair", unit, now=MONDAY)
    holder(session, "service_centre_director", unit, kind="deputy", now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    field = session.scalar(select(Category.field).where(Category.id == matter.category_id))
    leader = responsible(session, field=field, now=MONDAY)
    if is_procedure:
        matter.procedure_id = session.scalar(select(Procedure.id).limit(1))
    for code in vacant:
        post = select(Post.id).where(Post.code == code, Post.unit_id == unit.id).scalar_subquery()
        for held in session.scalars(select(PostHolding).where(PostHolding.post_id == post)):
            held.valid_to = MONDAY
    session.flush()

    on_page = {step.level: step.holder for step in chain_steps(session, matter, now=MONDAY)}
    on_stairs = {stair.level: stair.person for stair in staircase(session, matter, now=MONDAY)}
    names = {}
    for level in (1, 2, 3, 4):
        tick(session, now=level_at(session, matter, level))
        names[level] = next(s.told for s in chain_steps(session, matter, now=MONDAY) if s.level == level)

    assert {level: on_page[level] for level in names} == names
    assert {level: on_stairs[level] for level in names} == names
    assert names[3] == office.name
    assert names[4] == leader.name


def test_whoever_has_left_the_unit_is_passed_over_though_nobody_has_ended_their_post(session):
    unit = ward(session)
    gone = with_role(session, Role.SUPERVISOR, unit, now=MONDAY)
    holder(session, "section_head", unit, staff=gone, now=MONDAY)
    deputy = holder(session, "section_head", unit, kind="deputy", now=MONDAY)
    for role in session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == gone.id)):
        role.valid_to = MONDAY
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 1))

    assert told(session, matter, 1) == [deputy.id]
    assert not messages(session, staff_id=gone.id)
