"""My duty: what is mine, my leave, and swaps that somebody asks and another accepts or refuses."""

import pytest
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.rota.planning import DAY, HOUR, MONDAY, level_one, post_of, shifts
from tests.app.web.steering import csrf_of, enter
from tests.escalation.scene import holder, messages, ward, with_role
from tickets.directory import contact_methods
from tickets.directory.contact_hours import Hours
from tickets.people.actor import SYSTEM
from tickets.schema import Shift, Staff, Unit
from tickets.states import OutboundChannel, Role

MINE = "/my/duty"


@pytest.fixture
def unit(session: Session) -> Unit:
    return ward(session)


@pytest.fixture
def lan(session: Session, unit: Unit) -> Staff:
    return with_role(session, Role.AGENT, unit, now=MONDAY)


@pytest.fixture
def minh(session: Session, unit: Unit) -> Staff:
    return with_role(session, Role.AGENT, unit, now=MONDAY)


@pytest.fixture
def turn(session: Session, unit: Unit, lan: Staff) -> Shift:
    """Tomorrow, for two days."""
    one = Shift(post_id=post_of(session, unit).id, staff_id=lan.id, starts_at=MONDAY + DAY, ends_at=MONDAY + 3 * DAY)
    session.add(one)
    session.commit()
    return one


def browser_of(app: HotlineApp, session: Session, who: Staff):
    client = app.test_client()
    client.set_cookie("locale", "en")
    enter(client, session, who, now=MONDAY)
    return client


def send(client, address: str, **form: object):
    return client.post(address, data={"csrf_token": csrf_of(client, MINE), **form})


def test_a_swap_is_asked_accepted_and_told_and_the_level_goes_to_whoever_took_it(app, session, unit, lan, minh, turn):
    with app.bound_to(session, MONDAY):
        hers, his = browser_of(app, session, lan), browser_of(app, session, minh)
        shift_id = turn.id

        asked = send(hers, f"{MINE}/shifts/{shift_id}/swap", to=minh.id)
        before = shifts(session)[0].staff_id
        [question] = messages(session, template="swap", channel=OutboundChannel.SCREEN, staff_id=minh.id)
        swap_id = question.dedup_key.split(":")[1]
        page = his.get(MINE).get_data(as_text=True)
        accepted = send(his, f"/my/swaps/{swap_id}/accept")

    assert (asked.status_code, accepted.status_code) == (303, 303)
    assert before == lan.id, "until it is accepted the turn stays where it is"
    assert lan.name in page and "Take this shift" in page
    assert [m.params["state"] for m in messages(session, template="swap", channel=OutboundChannel.SMS)] == [
        "asked", "accepted"
    ]  # fmt: skip
    assert messages(session, template="swap", channel=OutboundChannel.SMS)[1].staff_id == lan.id
    assert level_one(session, unit, arrived_at=MONDAY + DAY) == [minh.id]


@pytest.mark.parametrize(("deed", "who"), [("refuse", "asked"), ("withdraw", "asks")])
def test_refused_or_withdrawn_the_turn_stays_and_the_other_hears(app, session, lan, minh, turn, deed, who):
    with app.bound_to(session, MONDAY):
        hers, his = browser_of(app, session, lan), browser_of(app, session, minh)
        send(hers, f"{MINE}/shifts/{turn.id}/swap", to=minh.id)
        [question] = messages(session, template="swap", channel=OutboundChannel.SCREEN, staff_id=minh.id)
        swap_id = question.dedup_key.split(":")[1]

        answer = send(his if who == "asked" else hers, f"/my/swaps/{swap_id}/{deed}")
        late = send(his, f"/my/swaps/{swap_id}/accept")

    assert (answer.status_code, late.status_code) == (303, 404)
    assert shifts(session)[0].staff_id == lan.id
    heard = messages(session, template="swap", staff_id=lan.id if who == "asked" else minh.id)
    assert heard[-1].params["state"] == {"refuse": "refused", "withdraw": "withdrawn"}[deed]


def test_nobody_swaps_anothers_turn_nor_answers_for_another(app, session, unit, lan, minh, turn):
    third = with_role(session, Role.AGENT, unit, now=MONDAY)
    with app.bound_to(session, MONDAY):
        hers, theirs = browser_of(app, session, lan), browser_of(app, session, third)
        send(hers, f"{MINE}/shifts/{turn.id}/swap", to=minh.id)
        [question] = messages(session, template="swap", channel=OutboundChannel.SCREEN, staff_id=minh.id)
        swap_id = question.dedup_key.split(":")[1]

        answers = [
            send(theirs, f"{MINE}/shifts/{turn.id}/swap", to=minh.id),
            *(send(theirs, f"/my/swaps/{swap_id}/{deed}") for deed in ("accept", "refuse", "withdraw")),
        ]
        twice = send(hers, f"{MINE}/shifts/{turn.id}/swap", to=third.id)

    assert [answer.status_code for answer in answers] == [404] * 4
    assert twice.status_code == 400 and "withdraw that request first" in twice.get_data(as_text=True)


def test_somebody_who_is_on_leave_then_cannot_be_asked_nor_accept(app, session, lan, minh, turn):
    with app.bound_to(session, MONDAY):
        hers, his = browser_of(app, session, lan), browser_of(app, session, minh)
        send(hers, f"{MINE}/shifts/{turn.id}/swap", to=minh.id)
        [question] = messages(session, template="swap", channel=OutboundChannel.SCREEN, staff_id=minh.id)
        swap_id = question.dedup_key.split(":")[1]
        kept = send(his, f"{MINE}/leave", since="2026-11-24", until="2026-11-26")

        accepted = send(his, f"/my/swaps/{swap_id}/accept")
        send(hers, f"/my/swaps/{swap_id}/withdraw")
        asked = send(hers, f"{MINE}/shifts/{turn.id}/swap", to=minh.id)

    assert (kept.status_code, accepted.status_code, asked.status_code) == (303, 400, 400)
    assert "on leave from" in asked.get_data(as_text=True)
    assert shifts(session)[0].staff_id == lan.id


def test_news_go_by_a_proved_way_when_its_hours_begin(app, session, lan, minh, turn):
    way = contact_methods.save(
        session, minh.id, kind=OutboundChannel.EMAIL, address="minh@example.vn", hours=Hours(14, 20), actor=SYSTEM,
        now=MONDAY,
    )  # fmt: skip
    way.verified_at = MONDAY
    session.commit()

    with app.bound_to(session, MONDAY):
        send(browser_of(app, session, lan), f"{MINE}/shifts/{turn.id}/swap", to=minh.id)

    [sent] = messages(session, template="swap", channel=OutboundChannel.EMAIL)
    # Ten in the morning in the city: it waits until two in the afternoon.
    assert (sent.address, sent.not_before) == ("minh@example.vn", MONDAY + 4 * HOUR)


def test_my_page_shows_my_turns_and_ends_my_leave_and_no_others(app, session, unit, lan, minh, turn):
    with app.bound_to(session, MONDAY):
        hers, his = browser_of(app, session, lan), browser_of(app, session, minh)
        send(hers, f"{MINE}/leave", since="2026-12-01", until="2026-12-03", deputy=minh.id)
        page = hers.get(MINE).get_data(as_text=True)
        absence = page.split("/my/duty/leave/")[1].split("/")[0]

        others = send(his, f"{MINE}/leave/{absence}/end")
        his_page = his.get(MINE).get_data(as_text=True)
        own = send(hers, f"{MINE}/leave/{absence}/end")

    assert "24 Nov 2026" in page and "Head of the section" in page
    assert f"You stand in for {lan.name}" in his_page
    assert (others.status_code, own.status_code) == (404, 303)


def test_what_is_over_is_folded_away_under_what_comes(
    app: HotlineApp, session: Session, unit: Unit, lan: Staff, turn: Shift
) -> None:
    post_id = post_of(session, unit).id
    session.add_all(
        Shift(post_id=post_id, staff_id=lan.id, starts_at=MONDAY - days * DAY, ends_at=MONDAY - days * DAY + HOUR)
        for days in (3, 4)
    )
    session.commit()

    with app.bound_to(session, MONDAY):
        page = browser_of(app, session, lan).get(MINE).get_data(as_text=True)

    comes, over = page.split("Days that are over")
    assert (comes.count("rota-past"), over.count("rota-past")) == (0, 2)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_deputy_reads_for_whom_they_stand_in_and_as_what(app, session, unit, lan, minh, is_held):
    if is_held:
        holder(session, "section_head", unit, staff=lan, now=MONDAY)
    holder(session, "section_head", unit, kind="deputy", staff=minh, now=MONDAY)

    with app.bound_to(session, MONDAY):
        page = browser_of(app, session, minh).get(MINE).get_data(as_text=True)

    assert "you stand in for nobody" not in page
    assert (f"for {lan.name}" if is_held else "which nobody holds now") in page.split("You stand in as")[1][:120]
