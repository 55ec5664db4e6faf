"""The console in a Chromium without JavaScript: what is typed in one form survives the buttons of all others."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.clock import utc_now
from telephony.floor import presence
from tests.browser.conftest import Site
from tests.browser.looking import sideways_scroll
from tests.browser.test_typing import TYPED, agent_of, call_rings, talks
from tests.factories import open_ticket
from tickets.schema import Call, Presence, WebSession
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
def test_ready_leaves_every_form_the_search_and_the_chosen_picture_as_they_are(
    site: Site, new_page: Callable[..., Page], tmp_path: Path, width: int
) -> None:
    page = new_page(script=False, width=width)
    agent, reference = agent_of(site, page), a_ticket(site)
    call_id = talks(site, agent)
    with site.sessions.begin() as session:
        presence.start_wrap_up(session, agent.id, call_id=call_id, now=utc_now())
    page.goto(f"/console/tickets/{reference}")
    type_everywhere(page)
    page.locator("#top-q").fill("ngập đường")
    page.locator("#pictures > summary").click()
    picture = tmp_path / "hố ga.jpg"
    picture.write_bytes(b"\xff\xd8\xff")
    page.locator("#f-pictures").set_input_files(picture)

    bar = page.frame_locator("iframe.call-alone")
    bar.get_by_role("button", name="Sẵn sàng").click()

    expect(bar.get_by_role("button", name="Ngừng trực điện thoại")).to_be_visible()
    assert state_of(site, agent.id) is PresenceState.AVAILABLE
    still_there(page)
    expect(page.locator("#top-q")).to_have_value("ngập đường")
    assert page.locator("#f-pictures").input_value().endswith("hố ga.jpg")
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


# Pages with the bar and something to type into, which is no form of a ticket: where it stands, and the address.
ELSEWHERE = {
    "the list": ("/console?view=unassigned", "#top-q"),
    "callbacks": ("/console/callbacks", "#top-q"),
    "search": ("/console/search?q=ngập", "#top-q"),
    "my contact details": ("/my/contacts", "input.form-control:not(#top-q)"),
}


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("where", ELSEWHERE)
def test_hold_leaves_what_is_typed_on_every_other_page_with_the_bar(
    site: Site, new_page: Callable[..., Page], where: str, width: int
) -> None:
    page = new_page(script=False, width=width)
    agent = agent_of(site, page)
    call_id = talks(site, agent)
    address, field = ELSEWHERE[where]
    page.goto(address)
    page.locator(field).first.fill(NOTE)
    bar = page.frame_locator("iframe.call-alone")
    expect(page.locator("#call-frame")).to_be_hidden()

    bar.get_by_role("button", name="Giữ máy").click()

    expect(bar.get_by_role("button", name="Nói chuyện tiếp")).to_be_visible()
    with site.sessions() as session:
        assert session.get_one(Call, call_id).hold_since is not None
    expect(page.locator(field).first).to_have_value(NOTE)
    assert sideways_scroll(page) == 0


def test_answering_shows_the_way_to_the_call_and_leaves_the_page(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    agent = agent_of(site, page)
    call_id = call_rings(site, agent)
    page.goto("/console/callbacks")
    page.locator("#top-q").fill(NOTE)
    bar = page.frame_locator("iframe.call-alone")

    bar.get_by_role("button", name="Nghe máy").click()

    # To hold is offered once the caller is heard; to end, at once.
    expect(bar.get_by_role("button", name="Kết thúc")).to_be_visible()
    with page.context.expect_page() as opened:
        bar.get_by_role("link", name="Ghi nội dung").click()
    expect(opened.value).to_have_url(re.compile(rf"/console/new\?call={call_id}$"))
    expect(page.locator("#top-q")).to_have_value(NOTE)


def test_whoever_was_signed_out_signs_in_within_the_frame(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    agent = agent_of(site, page)
    talks(site, agent)
    page.goto("/console/callbacks")
    page.locator("#top-q").fill(NOTE)
    with site.sessions.begin() as session:
        session.execute(update(WebSession).values(revoked_at=utc_now()))
    bar = page.frame_locator("iframe.call-alone")

    bar.get_by_role("button", name="Giữ máy").click()

    expect(bar.locator("input[type=password]")).to_be_visible()
    expect(page.locator("#top-q")).to_have_value(NOTE)
