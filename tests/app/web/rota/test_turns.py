"""Who is on duty is planned by whoever steers the unit, and holds at once: the next level goes to them."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.rota.planning import HOUR, MONDAY, as_typed, level_one, post_of, shifts
from tests.app.web.steering import LIGHT, csrf_of, enter
from tests.escalation.scene import holder, messages, unit_by_code, ward, with_role
from tickets.schema import AuditEntry, Shift, Staff, Unit
from tickets.states import OutboundChannel, Role

HERE = "/rota"


@pytest.fixture
def unit(session: Session) -> Unit:
    return ward(session)


@pytest.fixture
def browser(app: HotlineApp, session: Session, unit: Unit):
    supervisor = with_role(session, Role.SUPERVISOR, unit, now=MONDAY)
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, supervisor, now=MONDAY)
        yield client


def plan(
    client: FlaskClient, session: Session, unit: Unit, who: Staff, *, starts: datetime, ends: datetime,
    code: str = "section_head",
):  # fmt: skip
    form = {
        "unit": unit.id, "post": post_of(session, unit, code).id, "staff": who.id, "starts": as_typed(starts),
        "ends": as_typed(ends), "csrf_token": csrf_of(client, LIGHT),
    }  # fmt: skip
    return client.post(f"{HERE}/shifts", data=form)


def test_the_next_level_goes_to_everybody_who_was_put_on_duty_each_by_their_own_telephone(browser, session, unit):
    head = holder(session, "section_head", unit, now=MONDAY)
    lan, minh = (with_role(session, Role.AGENT, unit, now=MONDAY) for _ in range(2))
    before = level_one(session, unit, arrived_at=MONDAY)

    answers = [plan(browser, session, unit, who, starts=MONDAY, ends=MONDAY + 72 * HOUR) for who in (lan, minh)]
    after = level_one(session, unit, arrived_at=MONDAY)

    assert [answer.status_code for answer in answers] == [303, 303]
    assert (before, after) == ([head.id], [lan.id, minh.id])
    for who in (lan, minh):
        [sent] = messages(session, channel=OutboundChannel.SMS, staff_id=who.id)
        assert sent.address == who.phone and sent.params["code"]
    done = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "shift")).all()
    assert done == ["shift.planned"] * 2


def test_of_tomorrows_turn_it_is_said_when_it_begins_and_only_of_one_that_runs_that_it_holds(browser, session, unit):
    minh = with_role(session, Role.AGENT, unit, now=MONDAY)
    said = []
    for starts in (MONDAY, MONDAY + 24 * HOUR):
        plan(browser, session, unit, minh, starts=starts, ends=starts + 8 * HOUR)
        said.append(browser.get(HERE).get_data(as_text=True))
    tomorrow = f"{as_typed(MONDAY)[-5:]} tomorrow"

    assert "It holds at once." in said[0] and "It begins at" not in said[0]
    assert f"The shift is planned. It begins at {tomorrow}." in said[1] and "It holds at once." not in said[1]

    later = max(shifts(session), key=lambda one: one.starts_at)
    form = {
        "post": later.post_id, "staff": minh.id, "starts": as_typed(later.starts_at),
        "ends": as_typed(later.ends_at + HOUR), "csrf_token": csrf_of(browser, LIGHT),
    }  # fmt: skip
    browser.post(f"{HERE}/shifts/{later.id}", data=form)
    assert f"The shift is changed. It begins at {tomorrow}." in browser.get(HERE).get_data(as_text=True)


def test_a_turn_that_is_moved_to_somebody_else_or_taken_back_is_theirs_no_longer_at_once(browser, session, unit):
    head = holder(session, "section_head", unit, now=MONDAY)
    lan, minh = (with_role(session, Role.AGENT, unit, now=MONDAY) for _ in range(2))
    plan(browser, session, unit, lan, starts=MONDAY + HOUR, ends=MONDAY + 72 * HOUR)
    [planned] = shifts(session)
    form = {
        "post": planned.post_id, "staff": minh.id, "starts": as_typed(planned.starts_at),
        "ends": as_typed(planned.ends_at), "csrf_token": csrf_of(browser, LIGHT),
    }  # fmt: skip

    moved = browser.post(f"{HERE}/shifts/{planned.id}", data=form)
    then = level_one(session, unit, arrived_at=MONDAY)
    taken = browser.post(f"{HERE}/shifts/{planned.id}/remove", data=form)

    assert (moved.status_code, taken.status_code) == (303, 303)
    assert then == [minh.id]
    assert shifts(session) == []
    assert level_one(session, unit, arrived_at=MONDAY) == [head.id]


def test_a_running_turn_keeps_what_has_been_and_only_its_end_moves(app, browser, session, unit):
    lan, minh = (with_role(session, Role.AGENT, unit, now=MONDAY) for _ in range(2))
    plan(browser, session, unit, lan, starts=MONDAY, ends=MONDAY + 8 * HOUR)
    [planned] = shifts(session)
    form = {
        "post": planned.post_id, "staff": minh.id, "starts": as_typed(MONDAY), "ends": as_typed(MONDAY + 9 * HOUR),
        "csrf_token": csrf_of(browser, LIGHT),
    }  # fmt: skip

    with app.bound_to(session, MONDAY + 2 * HOUR):
        to_another = browser.post(f"{HERE}/shifts/{planned.id}", data=form)
        longer = browser.post(f"{HERE}/shifts/{planned.id}", data={**form, "staff": lan.id})
        ended = browser.post(f"{HERE}/shifts/{planned.id}/remove", data=form)

    assert [one.status_code for one in (to_another, longer, ended)] == [400, 303, 303]
    assert "This shift is running" in to_another.get_data(as_text=True)
    [left] = shifts(session)
    assert (left.staff_id, left.starts_at, left.ends_at) == (lan.id, MONDAY, MONDAY + 2 * HOUR)


def test_what_cannot_be_is_refused_beside_its_field_and_stays_typed(browser, session, unit):
    lan = with_role(session, Role.AGENT, unit, now=MONDAY)
    stranger = with_role(session, Role.AGENT, ward(session, "Phường Bến Thành"), now=MONDAY)
    plan(browser, session, unit, lan, starts=MONDAY + HOUR, ends=MONDAY + 9 * HOUR)

    refused = {
        "on duty already": plan(browser, session, unit, lan, starts=MONDAY + 8 * HOUR, ends=MONDAY + 16 * HOUR),
        "a role at this one": plan(browser, session, unit, stranger, starts=MONDAY + HOUR, ends=MONDAY + 2 * HOUR),
        "This date has passed": plan(browser, session, unit, lan, starts=MONDAY - 30 * HOUR, ends=MONDAY + HOUR),
        "before the beginning": plan(browser, session, unit, lan, starts=MONDAY + 20 * HOUR, ends=MONDAY + 19 * HOUR),
        "31 days at most": plan(browser, session, unit, lan, starts=MONDAY + 20 * HOUR, ends=MONDAY + 900 * HOUR),
    }

    for words, answer in refused.items():
        page = answer.get_data(as_text=True)
        assert answer.status_code == 400
        assert words in page and 'aria-invalid="true"' in page
    assert f'value="{as_typed(MONDAY + 16 * HOUR)}"' in refused["on duty already"].get_data(as_text=True)
    assert len(shifts(session)) == 1


def test_one_person_may_answer_for_two_posts_of_one_unit_at_once(browser, session, unit):
    lan = with_role(session, Role.AGENT, unit, now=MONDAY)

    for code in ("section_head", "duty_officer"):
        assert plan(browser, session, unit, lan, starts=MONDAY, ends=MONDAY + 8 * HOUR, code=code).status_code == 303

    assert len(shifts(session)) == 2


def test_nobody_plans_or_sees_the_rota_of_a_unit_that_is_not_theirs(app, browser, session, unit):
    foreign = ward(session, "Phường Bến Thành")
    theirs = with_role(session, Role.AGENT, foreign, now=MONDAY)
    post = post_of(session, foreign)
    session.add(Shift(post_id=post.id, staff_id=theirs.id, starts_at=MONDAY, ends_at=MONDAY + 8 * HOUR))
    # A refused request takes back what was not committed.
    session.commit()
    [planned] = shifts(session)

    answers = [
        browser.get(f"{HERE}?unit={foreign.id}"),
        plan(browser, session, foreign, theirs, starts=MONDAY + 9 * HOUR, ends=MONDAY + 10 * HOUR),
        browser.get(f"{HERE}/shifts/{planned.id}"),
        browser.post(f"{HERE}/shifts/{planned.id}/remove", data={"csrf_token": csrf_of(browser, LIGHT)}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len(shifts(session)) == 1


@pytest.mark.parametrize(("role", "code", "plans"), [
    (Role.ADMINISTRATOR, "79", True), (Role.SUPERVISOR, "79", True), (Role.AGENT, "26740", False),
    (Role.LEADER, "26740", False),
])  # fmt: skip
def test_the_city_plans_everywhere_and_whoever_works_there_reads(app, session, unit, role, code, plans):
    lan = with_role(session, Role.AGENT, unit, now=MONDAY)
    viewer = with_role(session, role, unit_by_code(session, code), now=MONDAY)
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, viewer, now=MONDAY)

        page = client.get(f"{HERE}?unit={unit.id}&month=2026-11").get_data(as_text=True)
        answer = plan(client, session, unit, lan, starts=MONDAY, ends=MONDAY + HOUR)

    assert ("Plan the shift" in page) is plans
    assert answer.status_code == (303 if plans else 403)


def test_the_month_shows_who_is_on_duty_on_which_day_and_who_answers_now(browser, session, unit):
    lan = with_role(session, Role.AGENT, unit, now=MONDAY)
    lan.name = "Trần Thị Lan"
    plan(browser, session, unit, lan, starts=MONDAY, ends=MONDAY + 8 * HOUR)

    page = " ".join(browser.get(f"{HERE}?unit={unit.id}&month=2026-11").get_data(as_text=True).split())
    december = browser.get(f"{HERE}?unit={unit.id}&month=2026-12").get_data(as_text=True)

    assert "10:00–18:00" in page and "Monday 23/11" in page
    assert 'Trần Thị Lan <span class="quiet">(on duty by the rota)' in page
    assert "Nobody is planned for duty" in december


def test_after_midnight_whoever_has_the_night_is_not_among_the_days_that_are_over(app, browser, session, unit):
    lan = with_role(session, Role.AGENT, unit, now=MONDAY)
    plan(browser, session, unit, lan, starts=MONDAY + 13 * HOUR, ends=MONDAY + 21 * HOUR)

    with app.bound_to(session, MONDAY + 15 * HOUR):
        at_night = browser.get(f"{HERE}?unit={unit.id}&month=2026-11").get_data(as_text=True)
    with app.bound_to(session, MONDAY + 22 * HOUR):
        by_day = browser.get(f"{HERE}?unit={unit.id}&month=2026-11").get_data(as_text=True)

    (in_sight, over), (in_sight_later, over_later) = (page.split("Days that are over") for page in (at_night, by_day))
    assert "Monday 23/11" in in_sight and "23:00–07:00" in in_sight
    assert "Monday 23/11" not in over and "Sunday 22/11" in over
    assert "Monday 23/11" not in in_sight_later and "Monday 23/11" in over_later
