"""The console in a real browser: keyboard, drafts, live bar, without script, clean and fitting at every width."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.web.frame.session_cookie import SESSION_COOKIE
from telephony.floor import offers, presence
from tests.app.web.console.test_calls import waiting_call
from tests.browser.conftest import Site, sign_in_browser
from tests.browser.looking import axe_findings, sideways_scroll
from tests.factories import citizen, open_ticket, unit
from tests.faults.nodes import LONG, wait_until
from tickets.people.actor import citizen_actor, staff_actor
from tickets.schema import Draft, Ticket
from tickets.states import Channel, Role, TicketStatus
from tickets.work import conversation

LOOKS = [(360, True), (1440, False), (768, False), (360, False), (768, True), (1440, True)]


def ward(site: Site, session: Session | None = None) -> object:
    with site.sessions() as own:
        return unit(session or own)


def full_ticket(site: Site, staff_id: int) -> str:
    """A ticket with a conversation, a second matter of the same citizen, and a dossier that is late."""
    now = utc_now()
    with site.sessions.begin() as session:
        citizen(session, name="Nguyễn Thị Bích Hạnh", phone="+84901112233")
        open_ticket(session, now=now - timedelta(days=9), phone="+84901112233", subject="Đèn đường hẻm 45 không sáng")
        opened = open_ticket(
            session, now=now - timedelta(days=6), channel=Channel.SMS, phone="+84901112233",
            procedure_code="1.001193", dossier_number="H29.12-261101-0044", category_code="late_dossier",
            dossier_due_on=(now - timedelta(days=4)).date(), subject="Hồ sơ khai sinh quá hẹn chưa có kết quả",
            body="Tôi nộp hồ sơ khai sinh cho con ngày 1/11, hẹn trả ngày 10/11 mà đến nay chưa có kết quả.",
        )  # fmt: skip
        agent = staff_actor(staff_id)
        conversation.reply(
            session, opened.ticket_id, body="Chúng tôi đã nhận và đang kiểm tra hồ sơ của ông/bà.", actor=agent,
            now=now - timedelta(days=1),
        )  # fmt: skip
        conversation.note(session, opened.ticket_id, body="Gọi Một cửa: hồ sơ chờ chữ ký.", actor=agent, now=now)
        conversation.citizen_message(
            session, opened.ticket_id, body="Bao giờ thì xong ạ?", channel=Channel.SMS, actor=citizen_actor(),
            now=now - timedelta(hours=2),
        )  # fmt: skip
        for number in range(12):
            open_ticket(session, now=now - timedelta(hours=number), subject=f"Rác tồn đọng ở hẻm {number + 1}")
    return opened.reference


# Every page is looked at in `test_every_page` too; here with all that a ticket may hold.
@pytest.mark.parametrize(("width", "dark"), LOOKS if LONG else LOOKS[:1])
def test_every_page_of_the_console_is_clean_and_fits(
    site: Site, new_page: Callable[..., Page], width: int, dark: bool
) -> None:
    page = new_page(width=width, dark=dark)
    agent = sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    reference = full_ticket(site, agent.id)

    for address in ("/console", f"/console/tickets/{reference}", "/console/new", "/console/callbacks",
                    "/console/search?q=rac"):  # fmt: skip
        page.goto(address)
        page.wait_for_load_state("networkidle")

        assert axe_findings(page) == [], address
        assert sideways_scroll(page) == 0, address


def ring(site: Site) -> None:
    """A call comes and rings at the one who is free, as soon as their console's sign of life has let go of its row."""
    with site.sessions.begin() as session:
        waiting_call(session, utc_now())

    def rings() -> bool:
        with site.sessions.begin() as session:
            return offers.offer_waiting_calls(session, now=utc_now()) == 1

    assert wait_until(rings), "the call was offered to nobody"


def test_a_ticket_is_taken_and_answered_by_keyboard_alone(site: Site, page: Page) -> None:
    sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now(), channel=Channel.SMS, phone="+84901112233").reference
    page.goto(f"/console/tickets/{reference}")

    with page.expect_navigation():  # what is typed before it belongs to the page that is left
        page.keyboard.press("c")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("r")
    page.keyboard.type("Xe sẽ tới sáng mai.")
    expect(page.locator("#f-body-count")).to_contain_text("1 tin SMS")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Gửi trả lời").press("Enter")

    expect(page.locator("#stream")).to_contain_text("Xe sẽ tới sáng mai.")
    with site.sessions() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.reference == reference)).one()
        assert (ticket.status, ticket.assignee_id is not None) == (TicketStatus.OPEN, True)


def test_what_is_typed_survives_a_closed_laptop(site: Site, page: Page) -> None:
    sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    page.goto(f"/console/tickets/{reference}")

    with page.expect_response(re.compile("/draft/reply$")):
        page.locator("#f-body").fill("Kính gửi ông An,")
    page.goto("/console")
    page.goto(f"/console/tickets/{reference}")

    expect(page.locator("#f-body")).to_have_value("Kính gửi ông An,")
    with site.sessions() as session:
        assert session.scalars(select(Draft.fields)).one()["body"] == "Kính gửi ông An,"


def test_two_agents_on_one_ticket_see_each_other(site: Site, new_page: Callable[..., Page]) -> None:
    lan, minh = new_page(), new_page()
    sign_in_browser(lan, site, role=Role.AGENT, unit=ward(site))
    other = sign_in_browser(minh, site, role=Role.AGENT, unit=ward(site))
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    minh.goto(f"/console/tickets/{reference}")
    with minh.expect_response(re.compile("/draft/reply$")):
        minh.locator("#f-body").fill("Kính gửi")

    lan.goto(f"/console/tickets/{reference}")

    expect(lan.locator("#looking")).to_contain_text(f"{other.name} đang trả lời")


def test_a_call_rings_is_answered_and_written_down(site: Site, page: Page) -> None:
    agent = sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")
    ring(site)

    page.reload()
    expect(page.locator("#call-bar")).to_contain_text("Có cuộc gọi đến")
    assert axe_findings(page) == []
    page.keyboard.press("a")

    expect(page).to_have_url(re.compile("/console/new"))
    with site.sessions() as session:
        mine = presence.presence_of(session, agent.id)
        assert mine is not None
        assert mine.state == "on_call"


@pytest.mark.parametrize("width", [360, 1440])
def test_a_call_that_rings_is_seen_wherever_one_reads(site: Site, new_page: Callable[..., Page], width: int) -> None:
    page = new_page(width=width)
    agent = sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    reference = full_ticket(site, agent.id)
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")
    ring(site)

    page.goto(f"/console/tickets/{reference}")
    page.locator("#f-body").scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")

    answer = page.get_by_role("button", name="Nghe máy", exact=True)
    expect(answer).to_be_in_viewport()

    # A dialog covers the bar, and what is typed in it must not be lost for a call.
    page.locator("#call-now summary, #assign summary").first.click()
    within = page.locator("dialog[open] .call-within")
    expect(within).to_contain_text("Có cuộc gọi đến")
    assert axe_findings(page) == [] and sideways_scroll(page) == 0
    expect(within.get_by_role("button", name="Nghe máy", exact=True)).to_be_in_viewport()
    within.get_by_role("button", name="Nghe máy", exact=True).click()
    expect(page.locator("dialog[open]")).to_have_count(0)

    def talks() -> bool:
        with site.sessions() as session:
            mine = presence.presence_of(session, agent.id)
            return mine is not None and mine.state == "on_call"

    assert wait_until(talks)


def test_a_ticket_is_worked_without_script(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    page.goto(f"/console/tickets/{reference}")

    page.get_by_role("button", name="Nhận phiếu").click()
    page.locator("summary", has_text="Chuyển").first.click()
    page.locator("#f-queue").fill("phuong thu duc")
    page.locator("#f-transfer-reason").fill("Thuộc phường Thủ Đức.")
    page.locator("#transfer").get_by_role("button", name="Chuyển").click()

    expect(page.locator("main")).to_contain_text("Đã chuyển phiếu.")
    with site.sessions() as session:
        assert session.scalars(select(Ticket)).one().unit_id == unit(session, "26824").id


def test_an_answer_typed_after_the_session_ended_comes_back_after_signing_in(site: Site, page: Page) -> None:
    sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    page.goto(f"/console/tickets/{reference}")
    cookies = page.context.cookies()
    page.context.clear_cookies(name=SESSION_COOKIE)

    page.locator("#f-body").fill("Kính gửi ông An, hồ sơ đã ký.")
    expect(page.locator("#reply-form [data-draft-state=signed_out]")).to_be_visible()
    page.get_by_role("button", name="Gửi trả lời").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    expect(page.locator("main")).to_contain_text("chưa gửi gì")
    page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == SESSION_COOKIE])
    page.goto(f"/console/tickets/{reference}")

    expect(page.locator("#f-body")).to_have_value("Kính gửi ông An, hồ sơ đã ký.")
    page.get_by_role("button", name="Gửi trả lời").click()
    expect(page.locator("#stream")).to_contain_text("hồ sơ đã ký")
    expect(page.locator("#f-body")).to_have_value("")


def test_nothing_is_sent_and_nothing_lost_while_there_is_no_network(site: Site, page: Page) -> None:
    sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    with site.sessions.begin() as session:
        reference = open_ticket(session, now=utc_now()).reference
    page.goto(f"/console/tickets/{reference}")
    page.wait_for_load_state("networkidle")
    page.evaluate("Object.defineProperty(navigator, 'onLine', { get: () => false, configurable: true })")

    page.locator("#f-body").fill("Đang kiểm tra.")
    page.get_by_role("button", name="Gửi trả lời").click()

    expect(page.locator("#reply-form [data-draft-state=unreachable]")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/console/tickets/{reference}$"))
    expect(page.locator("#f-body")).to_have_value("Đang kiểm tra.")
    page.evaluate("delete navigator.onLine")
    page.get_by_role("button", name="Gửi trả lời").click()
    expect(page.locator("#stream")).to_contain_text("Đang kiểm tra.")
