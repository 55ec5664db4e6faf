"""What is typed is not lost: presses of the bar, closed tabs, refused forms, the back button; a real Chromium."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from app.clock import utc_now
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from telephony.call import end
from telephony.calls import enter
from telephony.floor import offers, presence
from tests.app.web.console.test_calls import waiting_call
from tests.browser.conftest import Site, sign_in_browser
from tests.browser.looking import axe_findings, sideways_scroll
from tests.factories import open_ticket, unit
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import Call, Draft, Staff, Ticket, WebSession
from tickets.states import CallState, Role

TYPED = "Đèn đường trước số 12 Lê Lợi tắt đã ba đêm, tối rất nguy hiểm."


def agent_of(site: Site, page: Page) -> Staff:
    with site.sessions() as session:
        ward = unit(session)
    return sign_in_browser(page, site, role=Role.AGENT, unit=ward)


def call_rings(site: Site, agent: Staff) -> int:
    with site.sessions.begin() as session:
        presence.go_available(session, agent.id, now=utc_now())
        call = waiting_call(session, utc_now())
        assert offers.offer_waiting_calls(session, now=utc_now()) == 1
        return call.id


def talks(site: Site, agent: Staff) -> int:
    """The agent is on a call that has no ticket yet."""
    call_id = call_rings(site, agent)
    with site.sessions.begin() as session:
        offer = open_offer_of(session, agent.id)
        assert offer is not None
        call = offers.accept(session, offer.id, staff_id=agent.id, now=utc_now())
        enter(call, CallState.TALKING, now=utc_now())
        end.note_answered(session, call, at=utc_now() - timedelta(minutes=2))
    return call_id


def press(page: Page, name: str, *, answer: str) -> None:
    """A press of the bar, answered with the bar."""
    with page.expect_response(re.compile(answer)) as answered:
        page.locator("#call-frame").get_by_role("button", name=name).click()
    assert answered.value.status == 200


def saved(page: Page, words: str, field: str = "#f-body") -> None:
    with page.expect_response(re.compile("/draft")) as told:
        page.locator(field).fill(words)
    assert told.value.status == 204


def test_what_is_typed_in_a_call_survives_every_press_of_the_bar(site: Site, page: Page) -> None:
    agent = agent_of(site, page)
    talks(site, agent)
    page.goto("/console")
    page.locator("#call-frame").get_by_role("link", name="Ghi nội dung").click()
    page.locator("#f-body").fill(TYPED)
    page.evaluate("window.stillHere = true")

    press(page, "Giữ máy", answer="/hold$")
    expect(page.locator("#call-bar")).to_contain_text("Người gọi đang giữ máy")
    press(page, "Nói chuyện tiếp", answer="/take-back$")
    press(page, "Kết thúc", answer="/end$")

    expect(page.locator("#f-body")).to_have_value(TYPED)
    assert page.evaluate("window.stillHere") is True
    assert axe_findings(page) == []
    assert sideways_scroll(page) == 0


def test_what_is_typed_in_a_call_is_there_after_a_closed_tab_and_a_new_sign_in(
    site: Site, new_page: Callable[..., Page]
) -> None:
    first = new_page()
    agent = agent_of(site, first)
    call_id = talks(site, agent)
    first.goto(f"/console/new?call={call_id}")
    saved(first, TYPED)
    first.locator("#f-place").fill("phường Sài Gòn")
    # The last second before a tab is closed counts as well.
    first.close(run_before_unload=True)

    other = new_page()
    sign_in_again(site, other, agent)
    other.goto("/console")
    other.locator(".unsent").get_by_role("link", name="Phiếu mới").click()

    expect(other.locator("#f-body")).to_have_value(TYPED)
    expect(other.locator("#f-place")).to_have_value("phường Sài Gòn")


def sign_in_again(site: Site, page: Page, agent: Staff) -> None:
    """The same person in another browser."""
    now, token = utc_now(), f"another-browser-{agent.id}"
    with site.sessions.begin() as session:
        session.add(
            WebSession(
                token_hash=token_hash(token), staff_id=agent.id, created_at=now, last_seen_at=now,
                expires_at=now + timedelta(hours=8), second_factor_at=now,
            )
        )  # fmt: skip
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": site.url}])


def test_a_call_that_is_answered_leads_nobody_away_from_what_they_type(site: Site, page: Page) -> None:
    agent = agent_of(site, page)
    page.goto("/console/new")
    page.locator("#f-body").fill(TYPED)
    call_id = call_rings(site, agent)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    press(page, "Nghe máy", answer="/accept$")

    expect(page.locator("#call-bar")).to_contain_text("Đang nối máy")
    expect(page.locator("#f-body")).to_have_value(TYPED)
    page.locator("#call-frame").get_by_role("link", name="Ghi nội dung").click()
    expect(page).to_have_url(re.compile(f"/console/new\\?call={call_id}$"))
    expect(page.locator("#f-body")).to_have_value("")
    page.locator(".unsent").get_by_role("link", name="Phiếu mới").click()
    expect(page.locator("#f-body")).to_have_value(TYPED)


def test_a_call_that_is_answered_leads_to_its_form_when_nothing_is_typed(site: Site, page: Page) -> None:
    agent = agent_of(site, page)
    page.goto("/console")
    call_id = call_rings(site, agent)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    page.locator("#call-frame").get_by_role("button", name="Nghe máy").click()

    expect(page).to_have_url(re.compile(f"/console/new\\?call={call_id}$"))


def test_a_leave_that_is_begun_survives_a_press_of_the_bar_a_closed_tab_and_an_ended_session(
    site: Site, new_page: Callable[..., Page]
) -> None:
    first = new_page()
    agent = agent_of(site, first)
    first.goto("/my/duty")
    with first.expect_response(re.compile("/my/drafts/own-leave/0")) as told:
        first.locator("#f-since").fill("2031-03-03")
    assert told.value.status == 204
    press(first, "Nhận cuộc gọi", answer="/console/presence$")
    expect(first.locator("#f-since")).to_have_value("2031-03-03")
    first.close(run_before_unload=True)

    other = new_page()
    sign_in_again(site, other, agent)
    other.goto("/my/duty")
    expect(other.locator("#f-since")).to_have_value("2031-03-03")
    expect(other.locator(".kept-words:visible")).to_contain_text("chưa được gửi")
    cookies = other.context.cookies()
    other.context.clear_cookies(name=SESSION_COOKIE)
    with other.expect_response(re.compile("/my/drafts/own-leave/0")):
        other.locator("#f-until").fill("2031-03-09")
    other.context.add_cookies([cookie for cookie in cookies if cookie["name"] == SESSION_COOKIE])
    other.goto("/my/duty")

    expect(other.locator("#f-until")).to_have_value("2031-03-09")
    other.get_by_role("button", name="Lưu đợt nghỉ").click()
    expect(other.locator("main")).to_contain_text("Đã lưu ngày nghỉ")
    expect(other.locator("#f-since")).to_have_value("")
    with site.sessions() as session:
        assert session.scalars(select(Draft)).all() == []


def test_a_chain_that_is_begun_is_there_after_a_closed_tab(site: Site, new_page: Callable[..., Page]) -> None:
    first = new_page()
    with site.sessions() as session:
        ward = unit(session)
    administrator = sign_in_browser(first, site, role=Role.ADMINISTRATOR, unit=ward)
    first.goto("/administration/chains/0/edit")
    first.locator("#f-name").fill("lụt ban đêm")
    first.locator("#f-s0-sms").uncheck()
    with first.expect_response(re.compile("/administration/drafts/chain/0/typed")) as told:
        first.locator("#f-s0-level").fill("2")
    assert told.value.status == 204
    first.close(run_before_unload=True)

    other = new_page()
    sign_in_again(site, other, administrator)
    other.goto("/administration/chains")
    other.get_by_role("link", name="lụt ban đêm").click()

    expect(other.locator("#f-name")).to_have_value("lụt ban đêm")
    expect(other.locator("#f-s0-level")).to_have_value("2")
    expect(other.locator("#f-s0-sms")).not_to_be_checked()
    other.get_by_role("button", name="Bỏ bản nháp").click()
    other.goto("/administration/chains/0/edit")
    expect(other.locator("#f-name")).to_have_value("")


def test_going_away_and_coming_back_leaves_a_begun_answer_alone(site: Site, page: Page) -> None:
    agent_of(site, page)
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    page.goto(f"/console/tickets/{reference}")
    page.locator("#f-body").fill(TYPED)

    press(page, "Nhận cuộc gọi", answer="/console/presence$")
    press(page, "Tạm vắng", answer="/console/presence$")
    press(page, "Ngừng trực điện thoại", answer="/console/presence$")

    expect(page.locator("#call-bar")).to_contain_text("Ngoại tuyến")
    expect(page.locator("#f-body")).to_have_value(TYPED)


def test_the_note_of_a_call_survives_the_bar_and_is_kept(site: Site, page: Page) -> None:
    agent = agent_of(site, page)
    call_id = talks(site, agent)
    with site.sessions.begin() as session:
        presence.start_wrap_up(session, agent.id, call_id=call_id, now=utc_now())
    page.goto(f"/console/calls/{call_id}")
    saved(page, TYPED, "#f-said")

    press(page, "Sẵn sàng", answer="/ready$")

    expect(page.locator("#f-said")).to_have_value(TYPED)
    page.reload()
    expect(page.locator("#f-said")).to_have_value(TYPED)


def test_without_script_a_press_of_the_bar_keeps_what_is_typed(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    agent = agent_of(site, page)
    talks(site, agent)
    page.goto("/console/new")
    page.locator("#f-body").fill(TYPED)

    bar = page.frame_locator("iframe.call-alone")
    for name, then in (
        ("Giữ máy", "đang giữ máy"),
        ("Nói chuyện tiếp", "Đang nghe máy"),
        ("Kết thúc", "Ghi nhận sau cuộc gọi"),
    ):
        bar.get_by_role("button", name=name).click()

        expect(bar.locator("#call-bar")).to_contain_text(then)
        expect(page.locator("#f-body")).to_have_value(TYPED)


def test_back_shows_the_form_as_it_was_corrected_and_sent(site: Site, page: Page) -> None:
    agent_of(site, page)
    page.goto("/console")
    page.goto("/console/new")
    page.locator("#f-body").fill(TYPED)
    page.locator("#f-place").fill("phường Sài Gòn")
    page.locator("#f-phone").fill("12")
    page.get_by_role("button", name="Lập phiếu").click()
    expect(page.locator("#errors")).to_be_visible()
    page.locator("#f-phone").fill("0901112233")
    page.get_by_role("button", name="Lập phiếu").click()
    expect(page.locator(".opened")).to_be_visible()

    page.go_back()

    expect(page.locator("#f-body")).to_have_value(TYPED)
    expect(page.locator("#f-phone")).to_have_value("0901112233")
    expect(page.locator('#new-ticket [data-kept-words="sent"]')).to_be_visible()
    page.go_forward()
    expect(page.locator(".opened")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Lập phiếu").click()
    expect(page.locator(".opened")).to_be_visible()
    with site.sessions() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1
        assert session.scalars(select(Draft)).all() == []


def test_what_was_sent_and_is_changed_is_something_new(site: Site, page: Page) -> None:
    agent_of(site, page)
    page.goto("/console/new")
    page.locator("#f-body").fill(TYPED)
    page.locator("#f-place").fill("phường Sài Gòn")
    page.get_by_role("button", name="Lập phiếu").click()
    expect(page.locator(".opened")).to_be_visible()

    page.go_back()
    expect(page.locator("#f-body")).to_have_value(TYPED)
    page.locator("#f-body").fill("Cống trước nhà nghẹt.")
    page.get_by_role("button", name="Lập phiếu").click()
    expect(page.locator(".opened")).to_be_visible()

    with site.sessions() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 2


def test_back_from_a_refused_form_of_a_ticket_shows_the_ticket_with_what_was_typed(site: Site, page: Page) -> None:
    agent_of(site, page)
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    page.goto(f"/console/tickets/{reference}")
    page.locator("#transfer > summary").click()
    page.locator("#f-queue").fill("không có nơi này")
    page.locator("#f-transfer-reason").fill("Thuộc phường khác.")
    page.get_by_role("dialog").get_by_role("button", name="Chuyển").click()
    expect(page.locator("main")).to_contain_text("Nội dung đã nhập vẫn được giữ")
    page.goto("/console")

    page.go_back()

    expect(page).to_have_url(re.compile(f"/console/tickets/{reference}$"))
    expect(page.locator("#transfer > summary")).to_contain_text("chưa gửi")
    expect(page.locator("#f-transfer-reason")).to_have_value("Thuộc phường khác.")


def test_a_citizens_form_survives_a_reload_and_the_way_back(site: Site, page: Page) -> None:
    page.goto("/")
    page.locator("#f-body").fill(TYPED)
    page.locator("#f-place").fill("phường Sài Gòn")
    page.locator("#f-phone").fill("12")
    page.reload()
    expect(page.locator("#f-body")).to_have_value(TYPED)
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page.locator("#errors")).to_be_visible()
    page.locator("#f-phone").fill("0901112233")
    page.get_by_role("button", name="Gửi lại").click()
    expect(page).to_have_url(re.compile("/sent/"))

    page.go_back()

    expect(page.locator("#f-body")).to_have_value(TYPED)
    expect(page.locator("#f-phone")).to_have_value("0901112233")
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page).to_have_url(re.compile("/sent/"))
    with site.sessions() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1


def test_the_next_person_at_the_computer_finds_nothing(site: Site, page: Page) -> None:
    page.goto("/")
    page.locator("#f-body").fill(TYPED)
    page.locator("#f-place").fill("phường Sài Gòn")
    page.get_by_role("button", name="Gửi phản ánh").click()
    expect(page).to_have_url(re.compile("/sent/"))

    page.goto("/")

    expect(page.locator("#f-body")).to_have_value("")
    assert TYPED not in str(page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)"))
    another_tab = page.context.new_page()
    another_tab.goto("/")
    expect(another_tab.locator("#f-body")).to_have_value("")


def test_signing_out_leaves_nothing_in_the_browser(site: Site, page: Page) -> None:
    agent_of(site, page)
    page.route("**/console/new/draft", lambda route: route.fulfill(status=404))
    page.goto("/console/new")
    page.locator("#f-body").fill(TYPED)
    expect(page.locator("[data-trouble=draft_not_kept]")).to_be_visible()

    page.locator(".user-menu > summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page).to_have_url(re.compile("/sign-in|/$"))

    assert TYPED not in str(page.evaluate("JSON.stringify(sessionStorage)"))


@pytest.mark.parametrize("width", [320, pytest.param(1440, marks=pytest.mark.slow)])
def test_pages_with_drafts_are_clean_and_fit(site: Site, new_page: Callable[..., Page], width: int) -> None:
    page = new_page(width=width)
    agent = agent_of(site, page)
    call_id = talks(site, agent)
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now(), subject="Rác tồn đọng ở hẻm 12").reference
        assert session.get_one(Call, call_id).agent_id == agent.id
    page.goto(f"/console/new?call={call_id}")
    saved(page, TYPED)
    page.goto(f"/console/tickets/{reference}")
    saved(page, TYPED)

    for address in ("/console", "/console/new?call=none", f"/console/tickets/{reference}"):
        page.goto(address)
        page.wait_for_load_state("networkidle")

        assert axe_findings(page) == [], address
        assert sideways_scroll(page) == 0, address


def test_a_form_opened_during_a_call_is_that_calls_after_it_has_ended_too(site: Site, page: Page) -> None:
    agent = agent_of(site, page)
    call_id = talks(site, agent)
    page.goto("/console/new")
    saved(page, TYPED)
    with site.sessions.begin() as session:
        end.finish_talk(session, call_id, staff_id=agent.id, now=utc_now())
        presence.end_wrap_up(session, agent.id, now=utc_now())

    page.reload()

    expect(page).to_have_url(re.compile(f"/console/new\\?call={call_id}$"))
    expect(page.locator("#f-body")).to_have_value(TYPED)
