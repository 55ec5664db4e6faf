"""When nobody stands on a step in the week to come is seen beforehand: on the pages, in a weekly word, in a metric."""

from datetime import datetime

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.queries.rota_gaps import gaps_ahead, left_open
from escalation.queries.weekly_gaps import post_weekly_gaps
from tests.app.web.rota.planning import DAY, HOUR, MONDAY, post_of
from tests.app.web.steering import enter
from tests.escalation.scene import holder, messages, unit_by_code, ward, with_role
from tickets.directory.standing_rows import load_standing
from tickets.schema import Absence, PostHolding, RoleAssignment, Shift, Unit
from tickets.states import OutboundChannel, Role

WEEK = 7 * DAY


@pytest.fixture
def unit(session: Session) -> Unit:
    return ward(session)


def of_section_head(session: Session, unit: Unit, *, now: datetime = MONDAY) -> list[tuple[datetime, datetime]]:
    found = gaps_ahead(session, unit_ids=[unit.id], now=now)
    return [(one.from_at, one.to_at) for one in found if one.post_en == "Head of the section"]


def on_duty(session: Session, unit: Unit, *, since: datetime, until: datetime) -> Shift:
    who = with_role(session, Role.AGENT, unit, now=MONDAY)
    one = Shift(post_id=post_of(session, unit).id, staff_id=who.id, starts_at=since, ends_at=until)
    session.add(one)
    session.flush()
    return one


def test_a_gap_is_exactly_when_nobody_would_be_told(session, unit):
    first = on_duty(session, unit, since=MONDAY - DAY, until=MONDAY + DAY)
    on_duty(session, unit, since=MONDAY + 2 * DAY, until=MONDAY + 5 * DAY)
    second = on_duty(session, unit, since=MONDAY + 5 * DAY, until=MONDAY + 8 * DAY)
    session.add(
        Absence(
            staff_id=second.staff_id, starts_at=MONDAY + 6 * DAY, ends_at=MONDAY + 6 * DAY + 3 * HOUR, created_at=MONDAY
        )
    )
    session.add(
        Absence(
            staff_id=first.staff_id, deputy_id=second.staff_id, starts_at=MONDAY, ends_at=MONDAY + DAY,
            created_at=MONDAY,
        )
    )  # fmt: skip
    session.flush()

    gaps = of_section_head(session, unit)

    assert gaps == [
        (MONDAY + DAY, MONDAY + 2 * DAY), (MONDAY + 6 * DAY, MONDAY + 6 * DAY + 3 * HOUR)
    ]  # fmt: skip
    for number in range(7 * 24 * 2):
        at = MONDAY + number * HOUR / 2
        standing = load_standing(session, posts=["section_head"], unit_ids=[unit.id], now=at)
        nobody = not standing.at(["section_head"], unit_id=unit.id, field="")
        assert nobody == any(start <= at < end for start, end in gaps), at


def test_a_holder_leaves_no_gap_until_the_post_or_the_role_ends(session, unit):
    head = with_role(session, Role.AGENT, unit, now=MONDAY)
    holder(session, "section_head", unit, staff=head, now=MONDAY)
    none = of_section_head(session, unit)
    session.execute(update(RoleAssignment).where(RoleAssignment.staff_id == head.id).values(valid_to=MONDAY + 3 * DAY))
    leaving = of_section_head(session, unit)
    session.execute(delete(PostHolding))

    assert none == []
    assert leaving == [(MONDAY + 3 * DAY, MONDAY + WEEK)]
    assert of_section_head(session, unit) == [(MONDAY, MONDAY + WEEK)]


def test_a_deputy_who_is_away_for_a_part_and_a_role_that_begins_leave_just_that_part_open(session, unit):
    duty = on_duty(session, unit, since=MONDAY, until=MONDAY + WEEK)
    deputy = with_role(session, Role.AGENT, unit, now=MONDAY)
    for staff_id, to, first, last in ((duty.staff_id, deputy.id, 1, 4), (deputy.id, None, 3, 6)):
        away = {"starts_at": MONDAY + first * DAY, "ends_at": MONDAY + last * DAY, "created_at": MONDAY}
        session.add(Absence(staff_id=staff_id, deputy_id=to, **away))
    role = session.query(RoleAssignment).filter_by(staff_id=duty.staff_id).one()
    role.valid_to = MONDAY + 5 * DAY
    again = MONDAY + 6 * DAY
    session.add(RoleAssignment(staff_id=duty.staff_id, role=Role.AGENT, unit_id=unit.id, valid_from=again))
    session.flush()

    gaps = of_section_head(session, unit)

    assert gaps == [(MONDAY + 3 * DAY, MONDAY + 4 * DAY), (MONDAY + 5 * DAY, MONDAY + 6 * DAY)]
    for number in range(7 * 24 * 2):
        at = MONDAY + number * HOUR / 2
        standing = load_standing(session, posts=["section_head"], unit_ids=[unit.id], now=at)
        nobody = not standing.at(["section_head"], unit_id=unit.id, field="")
        assert nobody == any(start <= at < end for start, end in gaps), at


def test_moments_between_two_turns_that_meet_are_no_gap():
    minute = HOUR / 60

    assert left_open([(MONDAY, MONDAY + HOUR), (MONDAY + HOUR + minute, MONDAY + WEEK)], MONDAY, MONDAY + WEEK) == []


def test_the_supervisor_hears_of_their_units_gaps_and_administrators_of_all_once_a_week(session, unit):
    supervisor = with_role(session, Role.SUPERVISOR, unit, now=MONDAY)
    elsewhere = with_role(session, Role.SUPERVISOR, ward(session, "Phường Bến Thành"), now=MONDAY)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)

    first = post_weekly_gaps(session, now=MONDAY)
    again = post_weekly_gaps(session, now=MONDAY + 3 * DAY)
    next_week = post_weekly_gaps(session, now=MONDAY + 7 * DAY)

    assert first >= 3 and again == 0 and next_week == first
    [heard] = messages(session, template="rota_gaps", channel=OutboundChannel.EMAIL, staff_id=supervisor.id)[:1]
    assert {one["unit"]["vi"] for one in heard.params["items"]} == {unit.name}
    [theirs] = messages(session, template="rota_gaps", channel=OutboundChannel.SCREEN, staff_id=elsewhere.id)[:1]
    assert {one["unit"]["vi"] for one in theirs.params["items"]} == {"Phường Bến Thành"}
    [all_of_them] = messages(session, template="rota_gaps", channel=OutboundChannel.EMAIL, staff_id=administrator.id)[
        :1
    ]
    assert all_of_them.params["count"] == len(gaps_ahead(session, now=MONDAY))


def test_the_month_warns_of_the_gap_and_not_where_there_is_none(app: HotlineApp, session, unit):
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, with_role(session, Role.SUPERVISOR, unit, now=MONDAY), now=MONDAY)

        before = client.get("/rota").get_data(as_text=True)
        for code in ("section_head", "service_centre_director", "ward_chair", "ward_vice_chair", "unit_lead"):
            holder(session, code, unit, now=MONDAY)
        after = client.get("/rota").get_data(as_text=True)

    assert "In the next seven days nobody answers for" in before and "Head of the section" in before
    assert "In the next seven days nobody answers for" not in after
