"""Rotations fill the rota until they are taken back; whoever is on leave is replaced by whom they named."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.rota.planning import DAY, MONDAY, level_one, post_of, shifts
from tests.app.web.steering import LIGHT, csrf_of, enter
from tests.escalation.scene import holder, messages, ward, with_role
from tickets.city import wall_clock
from tickets.directory.rotations import fill_one
from tickets.schema import Staff, Unit
from tickets.states import OutboundChannel, Role

HERE = "/rota"


@pytest.fixture
def unit(session: Session) -> Unit:
    return ward(session)


@pytest.fixture
def people(session: Session, unit: Unit) -> list[Staff]:
    return [with_role(session, Role.AGENT, unit, now=MONDAY) for _ in range(3)]


@pytest.fixture
def browser(app: HotlineApp, session: Session, unit: Unit):
    supervisor = with_role(session, Role.SUPERVISOR, unit, now=MONDAY)
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, supervisor, now=MONDAY)
        yield client


def begin(browser, session, unit, people, **more):
    form = {
        "unit": unit.id, "post": post_of(session, unit).id, "starts_on": "2026-11-24", "days_each": "2",
        "from": "17:00", "to": "07:30", "csrf_token": csrf_of(browser, LIGHT),
        **{f"person_{place}": who.id for place, who in enumerate(people, start=1)},
    }  # fmt: skip
    return browser.post(f"{HERE}/rotations", data={**form, **more})


def test_a_rotation_gives_each_their_days_in_order_and_goes_on_by_itself(browser, session, unit, people):
    begin(browser, session, unit, people)
    planned = shifts(session)
    first = [(wall_clock(one.starts_at), wall_clock(one.ends_at), one.staff_id) for one in planned[:7]]

    while fill_one(session, now=MONDAY + 14 * DAY):
        pass
    later = shifts(session)

    order = [people[0], people[0], people[1], people[1], people[2], people[2], people[0]]
    assert [who for _, _, who in first] == [who.id for who in order]
    assert [(f"{start:%d %H:%M}", f"{end:%d %H:%M}") for start, end, _ in first[:2]] == [
        ("24 17:00", "25 07:30"), ("25 17:00", "26 07:30")
    ]  # fmt: skip
    assert wall_clock(planned[-1].starts_at).date() >= date(2027, 1, 3)
    assert len(later) == len(planned) + 14
    days = [wall_clock(one.starts_at).date() for one in later]
    assert days == [date(2026, 11, 24) + timedelta(days=n) for n in range(len(later))], "no day twice, none left out"


def test_day_and_night_is_one_turn_of_all_days_and_the_level_goes_to_whoever_has_it(browser, session, unit, people):
    begin(browser, session, unit, people, **{"from": "00:00", "to": "00:00", "starts_on": "2026-11-23"})

    assert level_one(session, unit, arrived_at=MONDAY) == [people[0].id]
    assert level_one(session, unit, arrived_at=MONDAY + DAY) == [people[1].id]
    assert shifts(session)[0].starts_at == MONDAY, "nobody was on duty before it was planned"


def test_what_is_taken_back_goes_but_not_what_runs_or_was_changed_by_hand(browser, session, unit, people):
    begin(browser, session, unit, people, **{"from": "00:00", "to": "00:00", "starts_on": "2026-11-23"})
    running, second, *_ = shifts(session)
    form = {
        "post": second.post_id, "staff": people[2].id, "starts": "2026-11-25T08:00", "ends": "2026-11-26T08:00",
        "csrf_token": csrf_of(browser, LIGHT),
    }  # fmt: skip
    assert browser.post(f"{HERE}/shifts/{second.id}", data=form).status_code == 303

    answer = browser.post(f"{HERE}/rotations/{running.rotation_id}/end", data=form)

    assert answer.status_code == 303
    assert [(one.id, one.staff_id) for one in shifts(session)] == [
        (running.id, people[0].id), (second.id, people[2].id)
    ]  # fmt: skip
    assert fill_one(session, now=MONDAY + 30 * DAY) is False


def test_a_rotation_that_cannot_be_is_refused_with_everything_that_was_typed(browser, session, unit, people):
    stranger = with_role(session, Role.AGENT, ward(session, "Phường Bến Thành"), now=MONDAY)
    session.commit()

    refused = {
        "This field is required": begin(browser, session, unit, []),
        "A whole number of days": begin(browser, session, unit, people, days_each="x"),
        "This date has passed": begin(browser, session, unit, people, starts_on="2026-11-22"),
        "not a time of day": begin(browser, session, unit, people, to="25:00"),
        "a role at this one": begin(browser, session, unit, [people[0], stranger]),
    }

    for words, answer in refused.items():
        page = answer.get_data(as_text=True)
        assert answer.status_code == 400 and words in page, words
    assert 'value="17:00"' in refused["A whole number of days"].get_data(as_text=True)
    assert shifts(session) == []


def take_leave(browser, unit, who, deputy, *, since="2026-11-23", until="2026-11-27"):
    form = {
        "unit": unit.id, "person": who.id, "deputy": deputy.id if deputy else "", "since": since, "until": until,
        "csrf_token": csrf_of(browser, LIGHT),
    }  # fmt: skip
    return browser.post(f"{HERE}/leave", data=form)


def test_whoever_stands_in_is_told_in_place_of_who_is_on_leave_and_the_level_stays_the_posts(
    browser, session, unit, people
):
    head = holder(session, "section_head", unit, staff=people[0], now=MONDAY)
    before = level_one(session, unit, arrived_at=MONDAY)

    assert take_leave(browser, unit, head, people[1]).status_code == 303
    during = level_one(session, unit, arrived_at=MONDAY)
    after = level_one(session, unit, arrived_at=MONDAY + 6 * DAY)

    assert (before, during, after) == ([head.id], [people[1].id], [head.id])
    [sent] = messages(session, channel=OutboundChannel.SMS, staff_id=people[1].id)
    assert sent.address == people[1].phone
    page = browser.get(f"{HERE}?unit={unit.id}").get_data(as_text=True)
    assert f"in place of {head.name}" in " ".join(page.split())


def test_on_leave_without_anybody_the_next_in_order_is_told_and_nobody_is_planned_for_then(
    browser, session, unit, people
):
    head = holder(session, "section_head", unit, staff=people[0], now=MONDAY)
    deputy = holder(session, "section_head", unit, kind="deputy", staff=people[1], now=MONDAY)
    take_leave(browser, unit, head, None)

    refused = begin(browser, session, unit, [head], **{"from": "08:00", "to": "17:00", "days_each": "1"})

    assert level_one(session, unit, arrived_at=MONDAY) == [deputy.id]
    # From the 24th to the 27th they are away; from then on the rotation is theirs.
    assert refused.status_code == 303
    assert wall_clock(shifts(session)[0].starts_at).date() == date(2026, 11, 28)


def test_leave_is_refused_twice_over_and_with_a_deputy_who_is_away_or_works_elsewhere(browser, session, unit, people):
    stranger = with_role(session, Role.AGENT, ward(session, "Phường Bến Thành"), now=MONDAY)
    take_leave(browser, unit, people[0], people[1])

    refused = [
        take_leave(browser, unit, people[0], None, since="2026-11-26", until="2026-11-30"),
        take_leave(browser, unit, people[2], people[0], since="2026-11-26", until="2026-11-30"),
        take_leave(browser, unit, people[2], stranger),
        take_leave(browser, unit, people[2], None, since="2026-11-26", until="2026-11-20"),
        take_leave(browser, unit, stranger, None),
    ]

    assert [answer.status_code for answer in refused] == [400] * 5
    assert "This person is on leave from" in refused[1].get_data(as_text=True)
    assert 'value="2026-11-30"' in refused[1].get_data(as_text=True)
