"""My notices: counted by the bell, read where they lead, and gone with the role in which they came."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.steering import csrf_of, enter
from tests.escalation.scene import unit_by_code, ward, with_role
from tests.factories import open_ticket
from tickets.directory.people import take_role
from tickets.directory.staff import roles_of
from tickets.outbox.posting import post_screen
from tickets.people.actor import SYSTEM
from tickets.schema import RoleAssignment, Staff
from tickets.states import Role

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HERE = "/my/notices"


@pytest.fixture
def me(session: Session) -> Staff:
    return with_role(session, Role.SUPERVISOR, ward(session), now=MONDAY)


@pytest.fixture
def browser(app: HotlineApp, session: Session, me: Staff):
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, me, now=MONDAY)
        yield client


PARAMS = {
    "daily_list": {"count": 1, "inherited": 0},
    "nobody_reachable": {"reference": "", "unit": {"vi": "Phường Sài Gòn", "en": "Sai Gon Ward"}},
}


def told(session: Session, who: Staff, words: str, *, template: str = "instruction", ticket_id: int | None = None):
    """A leader's words of level 2 unless told otherwise, said two hours ago."""
    of_a_ticket = {"reference": "2600421733", "instruction": words, "new_due_at": None}
    return post_screen(
        session, staff_id=who.id, template=template, params={"level": 2, **PARAMS.get(template, of_a_ticket)},
        locale="vi", ticket_id=ticket_id, dedup_key=words, now=MONDAY - timedelta(hours=2),
    )  # fmt: skip


def page(browser, address: str = HERE) -> str:
    return browser.get(address).get_data(as_text=True)


def moved(session: Session, me: Staff, unit_code: str) -> None:
    """They leave where they are and begin elsewhere, in the same work."""
    [held] = roles_of(session, [me.id])
    take_role(session, held.assignment_id, actor=SYSTEM, now=MONDAY - timedelta(minutes=1))
    there = unit_by_code(session, unit_code)
    session.add(RoleAssignment(staff_id=me.id, role=Role.SUPERVISOR, unit_id=there.id, valid_from=MONDAY))
    session.flush()


def test_what_i_was_told_stands_behind_the_bell_until_i_have_the_request_open(browser, session, me):
    ticket = open_ticket(session)
    told(session, me, "The citizen has called again.", ticket_id=ticket.ticket_id)

    before = page(browser)
    opened = browser.get(f"/console/tickets/{ticket.reference}").status_code
    after = page(browser)
    told(session, me, "The citizen has called once more.", ticket_id=ticket.ticket_id)
    again = page(browser)
    still_open = browser.post(
        f"/console/tickets/{ticket.reference}/seen", data={"csrf_token": csrf_of(browser, HERE)}
    ).status_code

    assert "1 unread notice" in page_or(before)
    assert f'href="/console/tickets/{ticket.reference}"' in before
    assert opened == still_open == 200
    assert "1 unread notice" in page_or(again)
    assert "0 unread notices" in page(browser)
    assert "0 unread notices" in after
    assert "The citizen has called again." in after


def page_or(html: str) -> str:
    return " ".join(html.split())


def test_a_notice_of_yesterday_says_when_in_words_of_today_and_in_the_readers_language(app, browser, session, me):
    due = {"reference": "2600421733", "clock": "resolve", "due_at": (MONDAY - timedelta(hours=20)).isoformat()}
    ticket = open_ticket(session)
    post_screen(
        session, staff_id=me.id, template="warning", params=due, locale="vi", ticket_id=ticket.ticket_id,
        dedup_key="warned", now=MONDAY - timedelta(hours=22),
    )  # fmt: skip

    shown = page_or(page(browser))

    assert "is nearly overdue" in shown
    assert "yesterday" in shown


def test_all_are_read_up_to_the_newest_that_was_shown_and_a_later_one_is_not(browser, session, me):
    told(session, me, "The first.")
    shown = page(browser)
    token, newest = csrf_of(browser, HERE), shown.split('name="up_to" value="')[1].split('"')[0]
    told(session, me, "The second, which came since.")

    browser.post(f"{HERE}/read", data={"csrf_token": token, "up_to": newest})

    assert "1 unread notice" in page_or(page(browser, f"{HERE}/bell"))


def test_whoever_moved_to_another_unit_sees_no_notice_of_the_former_one(browser, session, me):
    left, found = open_ticket(session), open_ticket(session, unit_code="26824")
    told(session, me, "Of the ward I left.", ticket_id=left.ticket_id)
    told(session, me, "Of the ward I came to.", ticket_id=found.ticket_id)
    told(session, me, "A list of many of the ward I left.", template="daily_list")
    at_first = page(browser)

    moved(session, me, "26824")
    now = page(browser)

    assert ("Of the ward I left." in at_first, "Of the ward I came to." in at_first) == (True, False)
    assert "1 request reported to you waits" in at_first
    assert ("Of the ward I left." in now, "Of the ward I came to." in now) == (False, True)
    assert "1 request reported to you waits" not in now
    assert "1 unread notice" in page_or(now)


def test_an_administrator_is_told_of_a_post_without_anybody_and_not_which_request_it_was(browser, session, me):
    ticket = open_ticket(session)
    told(session, me, "Nobody answers for level 2.", template="nobody_reachable", ticket_id=ticket.ticket_id)
    as_supervisor = page(browser)
    city = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    told(session, city, "Nobody answers for it, either.", template="nobody_reachable", ticket_id=ticket.ticket_id)

    enter(browser, session, city, now=MONDAY)
    as_administrator = page(browser)

    assert "Nobody answers" not in as_supervisor
    assert "Nobody answers for level 2 at Sai Gon Ward (request confidential)." in as_administrator
    assert ticket.reference not in as_administrator
