"""Calendars read turns under a secret address: valid text, the right instants, judged by the rights of its owner."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from app.web.rota.ics import calendar_text
from tests.app.web.rota.planning import DAY, HOUR, MONDAY, post_of
from tests.app.web.steering import csrf_of, enter
from tests.escalation.scene import ward, with_role
from tickets.directory.absences import WantedLeave, take_leave
from tickets.directory.covered_turns import CoveredTurn
from tickets.directory.shifts import DutyTurn
from tickets.directory.staff import disable
from tickets.people.actor import SYSTEM
from tickets.schema import RoleAssignment, Shift, Staff, Unit
from tickets.states import Role


@pytest.fixture
def unit(session: Session) -> Unit:
    return ward(session)


@pytest.fixture
def lan(session: Session, unit: Unit) -> Staff:
    who = with_role(session, Role.AGENT, unit, now=MONDAY)
    post_id = post_of(session, unit).id
    session.add(Shift(post_id=post_id, staff_id=who.id, starts_at=MONDAY + DAY, ends_at=MONDAY + DAY + 8 * HOUR))
    session.commit()
    return who


@pytest.fixture
def browser(app: HotlineApp, session: Session, lan: Staff):
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, lan, now=MONDAY)
        yield client


def address_of(browser, post: str = "") -> str:
    page = browser.post("/my/feeds", data={"csrf_token": csrf_of(browser, "/my/duty"), "post": post})
    return re.findall(r"/calendar/[\w-]+\.ics", page.get_data(as_text=True))[0]


def test_a_calendar_reads_my_turns_by_a_secret_address_without_signing_in(app, browser):
    address = address_of(browser)

    answer = app.test_client().get(address)

    assert answer.mimetype == "text/calendar"
    text = answer.get_data(as_text=True)
    assert text.startswith("BEGIN:VCALENDAR\r\n") and text.endswith("END:VCALENDAR\r\n")
    # Ten in the morning until six in the city, which is seven hours ahead.
    assert "DTSTART:20261124T030000Z\r\n" in text and "DTEND:20261124T110000Z\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def events_of(text: str) -> list[tuple[str, str, str]]:
    """Start, end and summary of each event."""
    unfolded = text.replace("\r\n ", "")
    return re.findall(r"DTSTART:(\w+)\r\nDTEND:(\w+)\r\nSUMMARY:([^\r]+)", unfolded)


@pytest.mark.parametrize("has_deputy", [True, False])
def test_a_calendar_tells_who_has_a_turn_while_its_owner_is_on_leave(app, session, browser, unit, lan, has_deputy):
    minh = with_role(session, Role.AGENT, unit, now=MONDAY)
    mine, of_post = address_of(browser), address_of(browser, str(post_of(session, unit).id))
    away = MONDAY + DAY + 2 * HOUR
    wanted = WantedLeave(lan.id, minh.id if has_deputy else None, away, away + 3 * HOUR)
    take_leave(session, wanted, actor=SYSTEM, now=MONDAY)
    theirs = app.test_client()
    enter(theirs, session, minh, now=MONDAY)

    read = [app.test_client().get(address).get_data(as_text=True) for address in (mine, of_post, address_of(theirs))]

    own, post, stands_in = (events_of(text) for text in read)
    # From ten to six, but for noon to three.
    assert [event[:2] for event in own] == [
        ("20261124T030000Z", "20261124T050000Z"),
        ("20261124T080000Z", "20261124T110000Z"),
    ]
    instead = f"{minh.name} (thay {lan.name})" if has_deputy else f"chưa có ai: {lan.name} nghỉ phép"
    assert [event[2] for event in post] == [lan.name, instead, lan.name]
    assert [event[:2] for event in stands_in] == ([("20261124T050000Z", "20261124T080000Z")] if has_deputy else [])
    assert len(set(re.findall(r"UID:\S+", read[1]))) == 3


def test_a_revoked_address_an_ended_account_or_role_answers_like_none(app, session, browser, lan, unit):
    mine, posts = address_of(browser), address_of(browser, str(post_of(session, unit).id))
    third = address_of(browser)
    reading = app.test_client()
    assert [reading.get(one).status_code for one in (mine, posts, third)] == [200] * 3

    page = browser.get("/my/duty").get_data(as_text=True)
    first = re.findall(r"/my/feeds/\d+/revoke", page)[0]
    browser.post(first, data={"csrf_token": csrf_of(browser, "/my/duty")})
    revoked = reading.get(mine).status_code
    held = session.query(RoleAssignment).filter_by(staff_id=lan.id).one()
    held.unit_id = ward(session, "Phường Bến Thành").id
    session.commit()
    moved = [reading.get(one).status_code for one in (posts, third)]
    disable(session, lan.id, now=MONDAY)
    session.commit()

    assert (revoked, moved, reading.get(third).status_code) == (404, [404, 200], 404)
    assert reading.get("/calendar/no-such-token.ics").status_code == 404


def test_nobody_makes_an_address_for_a_post_of_a_unit_they_may_not_see(session, browser):
    foreign = post_of(session, ward(session, "Phường Bến Thành"))

    answer = browser.post("/my/feeds", data={"csrf_token": csrf_of(browser, "/my/duty"), "post": str(foreign.id)})

    assert answer.status_code == 404


def test_words_are_escaped_and_long_lines_folded_between_letters():
    turn = DutyTurn(1, 2, "x", 3, "p", "p", 4, MONDAY, MONDAY + HOUR, None)
    summary = "Nguyễn; Thị, Lan\\ " + "phường " * 20

    text = calendar_text(
        "Lịch", [(CoveredTurn(turn), summary)], host="h", zone="Asia/Ho_Chi_Minh", now=datetime.now(UTC)
    )

    unfolded = text.replace("\r\n ", "")
    assert "SUMMARY:Nguyễn\\; Thị\\, Lan\\\\ phường" in unfolded
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert text.count("\r\n") == len(text.splitlines())
