"""The leader's page passes a level up: one button, with the reason that was typed, where a level is above."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.sweep import tick
from tests.app.web.steering import Climb, climb, csrf_of, enter
from tests.escalation.scene import results, told
from tickets.schema import Acknowledgement
from tickets.states import StepResult

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def climbed(session: Session) -> Climb:
    return climb(session, opened_at=MONDAY, level=3)


@pytest.fixture
def browser(app: HotlineApp, session: Session, climbed: Climb) -> Iterator[FlaskClient]:
    now = climbed.at + timedelta(minutes=1)
    with app.bound_to(session, now):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, climbed.people[3], now=now)
        yield client


def press(client: FlaskClient, climbed: Climb, session: Session, **form: str) -> object:
    token = csrf_of(client, "/leadership")
    step_id = climbed.step(session, 3).id
    return client.post(
        f"/leadership/steps/{step_id}/pass-up", data={"csrf_token": token, **form}, follow_redirects=True
    )


def test_the_button_tells_the_next_level_and_the_page_says_who_passed_it_up_and_why(browser, climbed, session):
    assert "Pass up to level 4 now" in browser.get("/leadership").get_data(as_text=True)

    page = press(browser, climbed, session, instruction="Vượt thẩm quyền").get_data(as_text=True)
    tick(session, now=climbed.at + timedelta(minutes=1))

    assert "Passed up. Level 4 is told now." in page
    assert f"{climbed.people[3].name} passed it up to level 4" in page
    assert "Vượt thẩm quyền" in page
    assert told(session, climbed.ticket, 4) == [climbed.people[4].id]


def test_passed_up_after_an_answer_the_page_says_both(browser, climbed, session):
    acknowledge(session, climbed.step(session, 3).id, staff_id=climbed.people[3].id, via="web", now=climbed.at)

    page = press(browser, climbed, session, instruction="Vượt thẩm quyền").get_data(as_text=True)
    tick(session, now=climbed.at + timedelta(minutes=1))

    assert f"{climbed.people[3].name} answered" in page
    assert f"{climbed.people[3].name} passed it up to level 4" in page
    assert told(session, climbed.ticket, 4) == [climbed.people[4].id]


def test_pressed_twice_it_tells_one_level_only(browser, climbed, session):
    press(browser, climbed, session)
    tick(session, now=climbed.at + timedelta(minutes=1))

    page = press(browser, climbed, session).get_data(as_text=True)
    tick(session, now=climbed.at + timedelta(minutes=1))

    assert "Level 4 had already been told." in page
    assert results(session, climbed.ticket)[5] is None


def test_where_a_level_above_has_come_nothing_is_offered_that_would_tell_nobody(browser, climbed, session):
    tick(session, now=climbed.step(session, 4).planned_at)

    page = browser.get("/leadership").get_data(as_text=True)

    assert f'id="step-{climbed.step(session, 3).id}"' in page
    assert "Pass up to level" not in page


def test_at_the_top_no_button_is_shown_and_what_is_sent_all_the_same_keeps_what_was_typed(
    app: HotlineApp, session: Session, climbed: Climb
):
    for level in (4, 5):
        tick(session, now=climbed.step(session, level).planned_at)
    now = climbed.step(session, 5).fired_at
    with app.bound_to(session, now):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, climbed.people[5], now=now)
        page = client.get("/leadership").get_data(as_text=True)
        answer = client.post(
            f"/leadership/steps/{climbed.step(session, 5).id}/pass-up",
            data={"csrf_token": csrf_of(client, "/leadership"), "instruction": "Còn cấp nào?"},
        )

    assert "Pass up to level" not in page
    assert answer.status_code == 409
    assert "There is no level above this one any more." in answer.get_data(as_text=True)
    assert "Còn cấp nào?" in answer.get_data(as_text=True)
    assert session.get(Acknowledgement, climbed.step(session, 5).id) is None
    assert climbed.step(session, 5).result is StepResult.NOTIFIED


def test_of_a_level_that_is_not_theirs_nobody_learns_anything(app: HotlineApp, session: Session, climbed: Climb):
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        enter(client, session, climbed.people[1], now=climbed.at)
        answer = client.post(
            f"/leadership/steps/{climbed.step(session, 3).id}/pass-up",
            data={"csrf_token": csrf_of(client, "/leadership")},
        )

    assert answer.status_code == 404
