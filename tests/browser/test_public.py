"""The citizens' pages in a real browser: clean for axe, on every width, with and without script, by keyboard alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.clock import utc_now
from tests import factories
from tests.app.web.public.public_forms import photograph
from tests.browser.conftest import Site
from tests.browser.looking import axe_findings, sideways_scroll
from tests.faults.nodes import LONG
from tickets.intake.cleaning import Opened
from tickets.people.actor import staff_actor
from tickets.states import Channel, Disposition
from tickets.work import conversation, resolution
from tickets.work.assignment import claim

PAGES = ["/", "/track", "/directory", "/directory/26740", "/directory?q=Tân Bình", "/performance", "/privacy"]
WIDTHS = [360, 768, 1440]


def open_answered(site: Site) -> Opened:
    now = utc_now()
    with site.sessions.begin() as session:
        opened = factories.open_ticket(session, now=now, place_text="Phường Sài Gòn")
        agent = staff_actor(factories.staff(session).id)
        claim(session, opened.ticket_id, actor=agent, now=now)
        conversation.reply(
            session, opened.ticket_id, body="Chúng tôi\nsẽ đến.", channel=Channel.WEB, actor=agent, now=now
        )
        resolution.resolve(
            session, opened.ticket_id, disposition=Disposition.FIXED, answer="Đã dọn.", channel=Channel.WEB,
            actor=agent, now=now,
        )  # fmt: skip
    return opened


def enter(page: Page, opened: Opened) -> None:
    page.goto(f"/track?reference={opened.reference}")
    page.fill("#f-pin", opened.pin)
    page.click("main form.pin-form button")
    page.wait_for_url("**/track/request")


# Each language and each theme once; `--long`: each of both in each of both.
LOOKS = [("vi-VN", True), ("en-GB", False), ("vi-VN", False), ("en-GB", True)]


@pytest.mark.parametrize(("locale", "dark"), LOOKS if LONG else LOOKS[:2])
def test_every_page_is_clean_for_axe_and_fits_every_width(
    new_page: Callable[..., Page], locale: str, dark: bool
) -> None:
    page = new_page(locale=locale, dark=dark)
    for address in PAGES:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(address)

            assert sideways_scroll(page) == 0, f"{address} at {width}"
        assert axe_findings(page) == [], address


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_follow_page_is_clean_for_axe_and_fits_a_small_phone(
    new_page: Callable[..., Page], site: Site, dark: bool
) -> None:
    opened = open_answered(site)
    page = new_page(width=360, dark=dark)

    enter(page, opened)

    assert axe_findings(page) == []
    assert sideways_scroll(page) == 0
    expect(page.get_by_text("Đã dọn.")).to_be_visible()


def test_while_one_writes_the_place_is_asked_about_the_kind_guessed_and_danger_answered(page: Page) -> None:
    page.goto("/")
    page.fill("#f-body", "Hàng xóm hát karaoke suốt đêm")
    page.fill("#f-place", "Tân Bình")
    page.press("#f-place", "Tab")

    expect(page.locator("#advice-category")).to_contain_text("Tiếng ồn ban đêm")
    expect(page.locator("#advice-place input[type=radio]").first).to_be_visible()
    assert axe_findings(page) == []

    page.fill("#f-body", "Cháy nhà, có người mắc kẹt trong hẻm!")
    page.press("#f-body", "Tab")

    expect(page.locator("#advice-emergency").get_by_role("link", name="114")).to_be_visible()
    assert axe_findings(page) == []


def test_a_report_is_sent_by_keyboard_alone_and_its_numbers_stand_large(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    page.focus("#f-body")
    page.keyboard.type("Đèn đường trước số 12 không sáng đã một tuần nay")
    page.keyboard.press("Tab")
    page.keyboard.type("Phường Sài Gòn")
    page.keyboard.press("Tab")
    expect(page.locator("#advice-place")).to_contain_text("Phường Sài Gòn")
    button = page.locator("form.report-form button[type=submit]")
    for _tab in range(25):
        if button.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sent/**")

    expect(page.locator(".big-number-value").first).to_be_visible()
    expect(page.locator(".qr img")).to_be_visible()
    assert axe_findings(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert sideways_scroll(page) == 0


def test_a_large_photograph_is_made_smaller_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "lớn.jpg"
    large.write_bytes(photograph((5000, 3000)))
    page.goto("/")

    page.set_input_files("#f-pictures", [str(large)])

    expect(page.locator("[data-previews] img")).to_be_visible()
    size = page.evaluate(
        """async () => {
            const bitmap = await createImageBitmap(document.querySelector("#f-pictures").files[0]);
            return [bitmap.width, bitmap.height];
        }"""
    )
    assert size == [2400, 1440]


def test_a_sixth_picture_is_left_out_at_once(page: Page, tmp_path: Path) -> None:
    files = []
    for number in range(6):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(photograph())
        files.append(str(file))
    page.goto("/")

    page.set_input_files("#f-pictures", files)

    expect(page.locator("[data-previews] li")).to_have_count(5)
    assert page.evaluate("document.querySelector('#f-pictures').files.length") == 5


def test_without_script_everything_can_be_done_too(new_page: Callable[..., Page], site: Site, tmp_path: Path) -> None:
    photo = tmp_path / "ảnh.jpg"
    photo.write_bytes(photograph())
    page = new_page(width=360, script=False)
    page.goto("/")
    page.fill("#f-body", "Đèn đường trước số 12 không sáng đã một tuần nay")
    page.fill("#f-place", "ở Tân Bình")
    page.set_input_files("#f-pictures", [str(photo)])
    page.click("form.report-form button[type=submit]")

    page.check("#unit-1-1")
    page.click("form.report-form button[type=submit]")
    page.wait_for_url("**/sent/**")
    page.click("a[href='/track/request']")

    expect(page.get_by_text("Đèn đường trước số 12 không sáng đã một tuần nay").first).to_be_visible()
    expect(page.locator(".gallery img")).to_be_visible()


def test_the_printed_slip_shows_the_numbers_and_the_address_and_no_buttons(page: Page) -> None:
    page.goto("/")
    page.fill("#f-body", "Đèn đường trước số 12 không sáng đã một tuần nay")
    page.fill("#f-place", "Phường Sài Gòn")
    page.click("form.report-form button[type=submit]")
    page.wait_for_url("**/sent/**")

    page.emulate_media(media="print")

    expect(page.locator(".big-number").first).to_be_visible()
    expect(page.locator(".print-only").first).to_be_visible()
    expect(page.locator(".actions")).to_be_hidden()
