"""The pages of those who steer in a real browser: on a telephone at night, on a desk, in both languages and themes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.clock import utc_now
from escalation.acknowledging.links import make_link
from tests.app.web.steering import Climb, climb
from tests.browser.conftest import Site, sign_in_browser
from tests.browser.looking import axe_findings, sideways_scroll
from tests.escalation.scene import ticket
from tests.factories import staff, unit
from tests.faults.nodes import LONG
from tickets.promises import standing_levels
from tickets.schema import Acknowledgement, StepRecipient, Ticket, Unit
from tickets.states import Priority, Role

STEERING_PAGES = (
    "/supervisor",
    "/supervisor?show=untaken",
    "/supervisor/escalations",
    "/supervisor/escalations?tab=fired",
    "/supervisor/escalations?tab=history",
    "/leadership",
    "/leadership/ledger",
)
ADMINISTRATION_PAGES = (
    "/administration",
    "/administration/people",
    "/administration/messages",
    "/administration/messages?tab=kept",
    "/administration/webhooks",
    "/administration/webhooks?tab=refused",
    "/administration/promises",
    "/administration/directory",
    "/administration/tokens",
    "/administration/audit",
    "/administration/audit/verify",
)


def climbed(site: Site, *, level: int = 3) -> Climb:
    """A matter that came in yesterday and has climbed."""
    with site.sessions.begin() as session:
        found = climb(session, opened_at=utc_now() - timedelta(hours=40), level=level)
        ticket(session, found.unit, arrived_at=utc_now() - timedelta(hours=23), priority=Priority.URGENT)
        session.flush()
        session.expunge_all()
    return found


def told(site: Site, found: Climb, staff_id: int) -> int:
    """Let this person, too, have been told of the highest level."""
    with site.sessions.begin() as session:
        step = found.step(session, 3)
        session.add(
            StepRecipient(step_id=step.id, staff_id=staff_id, capacity="holder", told_at=utc_now(), reply_code="1234")
        )
        standing_levels.refresh(session, [step.ticket_id])
        return step.id


def saigon(site: Site) -> Unit:
    with site.sessions() as session:
        return unit(session)


@pytest.mark.parametrize("script", [True, False])
def test_a_leader_answers_with_one_thumb_with_script_and_without(
    site: Site, new_page: Callable[..., Page], script: bool
) -> None:
    found = climbed(site)
    page = new_page(width=360, script=script)
    leader = sign_in_browser(page, site, role=Role.LEADER)
    step_id = told(site, found, leader.id)

    page.goto("/leadership")
    page.get_by_text("Ý kiến chỉ đạo hoặc hạn mới").click()
    page.get_by_label("Ý kiến chỉ đạo cho đơn vị").fill("Giải quyết xong trong hôm nay.")
    button = page.get_by_role("button", name="Ghi nhận")
    box = button.bounding_box()
    button.click()

    assert box is not None
    assert box["height"] >= 44
    assert box["width"] >= 250
    expect(page.get_by_text("Không có việc nào chờ ý kiến của ông/bà.")).to_be_visible()
    expect(page.get_by_text("Giải quyết xong trong hôm nay.")).to_be_visible()
    with site.sessions() as session:
        assert session.get_one(Acknowledgement, step_id).instruction == "Giải quyết xong trong hôm nay."


# Every page is looked at in `test_every_page` too; here with a ticket that has climbed.
STEERING_LOOKS = [(360, "vi-VN", True), (768, "en-GB", False), (1440, "vi-VN", False)]


@pytest.mark.parametrize(("width", "locale", "dark"), STEERING_LOOKS if LONG else STEERING_LOOKS[:1])
def test_the_steering_pages_are_clean_and_fit(
    site: Site, new_page: Callable[..., Page], width: int, locale: str, dark: bool
) -> None:
    found = climbed(site)
    page = new_page(width=width, locale=locale, dark=dark)
    page.context.add_cookies([{"name": "locale", "value": locale[:2], "url": site.url}])
    person = sign_in_browser(page, site, role=Role.SUPERVISOR)
    told(site, found, person.id)

    for address in (*STEERING_PAGES, f"/supervisor/escalations/{found.ticket.reference}"):
        page.goto(address)

        assert axe_findings(page) == [], address
        assert sideways_scroll(page) == 0, address


ADMINISTRATORS_LOOKS = [(360, "en-GB", False), (1440, "vi-VN", True)]


@pytest.mark.parametrize(("width", "locale", "dark"), ADMINISTRATORS_LOOKS if LONG else ADMINISTRATORS_LOOKS[:1])
def test_the_administrators_pages_are_clean_and_fit(
    site: Site, new_page: Callable[..., Page], width: int, locale: str, dark: bool
) -> None:
    page = new_page(width=width, locale=locale, dark=dark)
    page.context.add_cookies([{"name": "locale", "value": locale[:2], "url": site.url}])
    person = sign_in_browser(page, site, role=Role.ADMINISTRATOR)

    for address in (*ADMINISTRATION_PAGES, f"/administration/people/{person.id}"):
        page.goto(address)

        assert axe_findings(page) == [], address
        assert sideways_scroll(page) == 0, address


def test_the_link_of_a_message_is_answered_on_a_small_phone(site: Site, new_page: Callable[..., Page]) -> None:
    found = climbed(site)
    with site.sessions.begin() as session:
        step_id = found.step(session, 3).id
        token = make_link(session, step_id=step_id, staff_id=found.people[3].id, now=utc_now())
    page = new_page(width=360, dark=True)

    page.goto(f"/a/{token}")
    assert axe_findings(page) == []
    assert sideways_scroll(page) == 0
    page.get_by_role("button", name="Ghi nhận").dblclick()

    expect(page.get_by_text("Ông/bà đã cho ý kiến về việc này.")).to_be_visible()
    assert axe_findings(page) == []


def test_selected_tickets_are_given_without_the_mouse(site: Site, page: Page) -> None:
    with site.sessions.begin() as session:
        lan = staff(session, name="Trần Thị Lan")
        lan_id = lan.id
        matter = ticket(session, unit(session), arrived_at=utc_now() - timedelta(hours=23), priority=Priority.URGENT)
        reference, ticket_id = matter.reference, matter.id
    sign_in_browser(page, site, role=Role.SUPERVISOR, unit=saigon(site))

    page.goto("/supervisor?show=untaken")
    page.locator(f'input[value="{reference}"]').focus()
    page.keyboard.press("Space")
    page.get_by_label("Giao các phiếu đã chọn cho").select_option(label="Trần Thị Lan")
    page.get_by_role("button", name="Giao", exact=True).press("Enter")

    expect(page.get_by_text("Đã giao 1 phiếu.")).to_be_visible()
    with site.sessions() as session:
        assert session.get_one(Ticket, ticket_id).assignee_id == lan_id
