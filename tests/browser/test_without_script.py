"""The console in a Chromium without JavaScript: what is typed in one form survives the buttons of all others."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.clock import utc_now
from telephony.floor import presence
from tests.browser.conftest import Site
from tests.browser.looking import sideways_scroll
from tests.browser.test_typing import TYPED, agent_of, talks
from tests.factories import open_ticket
from tickets.schema import Presence
from tickets.states import PresenceState

NOTE = "Bà Tư gọi lại hai lần, hẹn sáng thứ hai."
REASON = "Đường này do phường bên quản lý."


def state_of(site: Site, staff_id: int) -> PresenceState:
    with site.sessions() as session:
        return session.get_one(Presence, staff_id).state


def a_ticket(site: Site) -> str:
    with site.sessions.begin() as session:
        return open_ticket(session, now=utc_now()).reference


def type_everywhere(page: Page) -> None:
    page.locator("#f-body").fill(TYPED)
    page.locator('summary[data-hotkey="n"]').click()
    page.locator("#f-note").fill(NOTE)
    page.locator("#transfer > summary").click()
    page.locator("#f-transfer-reason").fill(REASON)


def still_there(page: Page) -> None:
    expect(page.locator("#f-body")).to_have_value(TYPED)
    expect(page.locator("#f-note")).to_have_value(NOTE)
    expect(page.locator("#f-transfer-reason")).to_have_value(REASON)


@pytest.mark.parametrize("width", [360, 1440])
def test_ready_takes_the_words_of_every_form_along(site: Site, new_page: Callable[..., Page], width: int) -> None:
    page = new_page(script=False, width=width)
    agent, reference = agent_of(site, page), a_ticket(site)
    call_id = talks(site, agent)
    with site.sessions.begin() as session:
        presence.start_wrap_up(session, agent.id, call_id=call_id, now=utc_now())
    page.goto(f"/console/tickets/{reference}")
    type_everywhere(page)

    page.locator("#call-frame").get_by_role("button", name="Sẵn sàng").click()

    assert state_of(site, agent.id) is PresenceState.AVAILABLE
    still_there(page)
    assert sideways_scroll(page) == 0


def test_enter_in_a_field_presses_no_button_of_the_bar(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    agent, reference = agent_of(site, page), a_ticket(site)
    with site.sessions.begin() as session:
        presence.go_available(session, agent.id, now=utc_now())
    page.goto(f"/console/tickets/{reference}")
    type_everywhere(page)

    page.locator("#f-queue").press("Enter")

    expect(page.locator(".notice").first).to_contain_text("Nội dung đã nhập được giữ lại")
    assert state_of(site, agent.id) is PresenceState.AVAILABLE
    still_there(page)


def test_saving_the_note_leaves_the_begun_answer(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    agent_of(site, page)
    page.goto(f"/console/tickets/{a_ticket(site)}")
    type_everywhere(page)

    page.get_by_role("button", name="Lưu ghi chú").click()

    expect(page.locator("#stream")).to_contain_text(NOTE)
    expect(page.locator("#f-body")).to_have_value(TYPED)
    expect(page.locator("#f-transfer-reason")).to_have_value(REASON)
    expect(page.locator("#f-note")).to_have_value("")


def test_a_refused_transfer_says_so_and_loses_nothing(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    agent_of(site, page)
    page.goto(f"/console/tickets/{a_ticket(site)}")
    type_everywhere(page)
    page.locator("#f-queue").fill("không có đơn vị này")

    page.locator("#transfer").get_by_role("button", name="Chuyển phiếu").click()

    expect(page.locator(".notice-bad").first).to_be_visible()
    still_there(page)
