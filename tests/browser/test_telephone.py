"""The telephone in the browser: real Chromium with a made microphone, at an exchange, and the built-in telephone."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from app.clock import utc_now
from app.web.factory import create_app
from app.web.frame.session_cookie import SESSION_COOKIE
from telephony.floor import presence
from telephony.floor.floor import load_floor
from tests.browser.conftest import BROWSER_ARGUMENTS, QuietHandler, Site, browser_path, made_settings, sign_in_browser
from tests.browser.looking import axe_findings, sideways_scroll
from tests.browser.sip_exchange import DOMAIN, SECRET, SipExchange
from tests.conftest import Committed
from tests.factories import unit
from tickets.schema import Presence, WebSession
from tickets.states import PresenceState, Role

STATE = "data-telephone-state"
LOADED = "document.dispatchEvent(new CustomEvent('htmx:load', {detail: {elt: document.querySelector('#call-frame')}}))"
NO_MICROPHONE = "(navigator.mediaDevices ?? {{}}).getUserMedia = async () => {{ throw new DOMException('', '{}') }}"
# What a page sends over its call, for a test to look at.
SEEN_CONNECTION = (
    "const Real = RTCPeerConnection; window.RTCPeerConnection = class extends Real {"
    " constructor(...given) { super(...given); window.connection = this } }"
)


@pytest.fixture(scope="module")
def hearing_browser(one_playwright: Playwright) -> Iterator[Browser]:
    """With a microphone that hears a tone; whether pages may use it is for each test to say."""
    hearing = [*BROWSER_ARGUMENTS, "--use-fake-device-for-media-stream"]
    browser = one_playwright.chromium.launch(executable_path=browser_path(hears=True), headless=True, args=hearing)
    yield browser
    browser.close()


@pytest.fixture
def exchange() -> Iterator[SipExchange]:
    running = SipExchange()
    yield running
    running.close()


@pytest.fixture
def city(committed: Committed, tmp_path: Path, exchange: SipExchange) -> Iterator[Site]:
    """An installation whose browsers register at an exchange of the city's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = made_settings(committed, tmp_path, port=port).model_copy(
        update={"sip_wss_url": exchange.url, "sip_domain": DOMAIN, "sip_secret": SECRET}
    )
    app = create_app(settings, engine=committed.engine)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(settings.base_url, app, committed.factory, settings)
    server.shutdown()
    thread.join(timeout=10)


Open = Callable[..., BrowserContext]
Beats = Callable[[timedelta], timedelta]


@pytest.fixture
def at(hearing_browser: Browser) -> Iterator[Open]:
    with ExitStack() as stack:

        def context(site: Site, *, may_hear: bool = True, width: int = 1440, **more: object) -> BrowserContext:
            opened = hearing_browser.new_context(
                base_url=site.url, locale="vi-VN", viewport={"width": width, "height": 900}, **more
            )
            stack.callback(opened.close)
            opened.set_default_timeout(15_000)
            if may_hear:
                opened.grant_permissions(["microphone"], origin=site.url)
            return opened

        yield context


def agent_of(context: BrowserContext, site: Site) -> tuple[Page, int]:
    """The console of an agent at a ward, and the agent's number."""
    page = context.new_page()
    with site.sessions() as session:
        place = unit(session, "26740")
    agent = sign_in_browser(page, site, role=Role.AGENT, unit=place)
    page.goto("/console")
    return page, agent.id


def take_calls(page: Page) -> Page:
    """Press “Take calls”: the window of the telephone opens by it."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Nhận cuộc gọi").click()
    return opened.value


def stands(page: Page, state: str) -> None:
    part = page.locator("[data-telephone], body:not(.telephone-window) [data-telephone-bar]")
    expect(part).to_have_attribute(STATE, state, timeout=40_000)


def on_call(site: Site, agent_id: int, *, is_it: bool = True) -> None:
    """As when the agent has pressed “Answer”: what rings now is what was taken."""
    with site.sessions.begin() as session:
        mine = session.get_one(Presence, agent_id)
        mine.state = PresenceState.ON_CALL if is_it else PresenceState.AVAILABLE


def is_offered_calls(site: Site, agent_id: int) -> bool:
    with site.sessions() as session:
        return agent_id in {one.staff_id for one in load_floor(session, now=utc_now()).agents}


def test_take_calls_opens_the_telephone_and_a_call_that_was_taken_is_answered_by_itself(
    city: Site, exchange: SipExchange, at: Open
) -> None:
    context = at(city)
    page, agent_id = agent_of(context, city)

    window = take_calls(page)

    stands(window, "ready")
    stands(page, "ready")
    expect(page.locator("[data-telephone-bar]")).to_contain_text("Điện thoại sẵn sàng")
    exchange.wait(lambda: f"agent_{agent_id}" in exchange.registered)
    assert is_offered_calls(city, agent_id)
    on_call(city, agent_id)
    page.reload()

    call = exchange.ring(f"agent_{agent_id}")
    answer = call.answered()

    assert "m=audio" in answer.body
    for one in (window, page):
        stands(one, "talking")
    page.goto("/console/callbacks")
    stands(page, "talking")
    call.hang_up()
    stands(window, "ready")
    stands(page, "ready")


def test_what_nobody_took_rings_until_a_press_can_be_declined_and_ends_with_its_window(
    city: Site, exchange: SipExchange, at: Open
) -> None:
    page, agent_id = agent_of(at(city), city)
    window = take_calls(page)
    stands(window, "ready")

    exchange.ring(f"agent_{agent_id}")
    stands(window, "ringing")
    window.wait_for_timeout(1500)
    stands(window, "ringing")
    window.get_by_role("button", name="Không nhận").click()
    stands(window, "ready")
    assert any(one.first.startswith("SIP/2.0 480") for one in exchange.seen)

    again = exchange.ring(f"agent_{agent_id}")
    window.get_by_role("button", name="Nghe máy", exact=True).click()
    again.answered()
    stands(window, "talking")

    window.on("dialog", lambda asked: asked.accept())
    with window.expect_event("close"):
        window.close(run_before_unload=True)
    exchange.wait(lambda: any(one.first.startswith("BYE ") for one in exchange.seen))


def test_mute_from_the_bar_of_any_tab_silences_what_is_sent(city: Site, exchange: SipExchange, at: Open) -> None:
    context = at(city)
    context.add_init_script(SEEN_CONNECTION)
    page, agent_id = agent_of(context, city)
    window = take_calls(page)
    stands(window, "ready")
    on_call(city, agent_id)
    exchange.ring(f"agent_{agent_id}").answered()
    stands(page, "talking")
    sends = "() => window.connection.getSenders()[0].track.enabled"
    assert window.evaluate(sends) is True

    page.get_by_role("button", name="Tắt tiếng").click()

    for one in (page, window):
        expect(one.get_by_role("button", name="Đang tắt tiếng")).to_have_attribute("aria-pressed", "true")
    assert window.evaluate(sends) is False
    window.get_by_role("button", name="Đang tắt tiếng").click()
    expect(page.get_by_role("button", name="Tắt tiếng")).to_have_attribute("aria-pressed", "false")
    assert window.evaluate(sends) is True
    expect(page.locator(".call-telephone summary", has_text="Bàn phím")).to_be_visible()


def test_one_window_rings_and_another_takes_over_by_a_press(city: Site, exchange: SipExchange, at: Open) -> None:
    context = at(city)
    page, agent_id = agent_of(context, city)
    window = take_calls(page)
    stands(window, "ready")
    second = context.new_page()
    second.goto("/console/telephone")
    stands(second, "elsewhere")
    expect(second.locator("main")).to_contain_text("Một cửa sổ khác đang giữ điện thoại")

    second.get_by_role("button", name="Dùng cửa sổ này").click()

    stands(second, "ready")
    stands(window, "elsewhere")
    exchange.wait(lambda: len(exchange.registered) == 1)
    exchange.ring(f"agent_{agent_id}")
    stands(second, "ringing")
    stands(window, "elsewhere")


def test_a_waiting_window_takes_over_when_the_first_is_closed(city: Site, exchange: SipExchange, at: Open) -> None:
    context = at(city)
    page, agent_id = agent_of(context, city)
    window = take_calls(page)
    stands(window, "ready")
    second = context.new_page()
    second.goto("/console/telephone")
    stands(second, "elsewhere")

    window.close()

    stands(second, "ready")
    stands(page, "ready")
    exchange.wait(lambda: f"agent_{agent_id}" in exchange.registered)


def test_a_closed_telephone_is_said_on_the_bar_and_no_call_is_offered(city: Site, at: Open) -> None:
    page, agent_id = agent_of(at(city), city)
    window = take_calls(page)
    stands(page, "ready")

    window.close()

    expect(page.locator(".call-telephone")).to_contain_text("Điện thoại chưa mở")
    with city.sessions.begin() as session:
        # Three heartbeats later.
        session.get_one(Presence, agent_id).telephone_at = utc_now() - timedelta(seconds=46)
    assert not is_offered_calls(city, agent_id)
    with city.sessions.begin() as session:
        presence.lose_silent_telephones(session, now=utc_now())
    page.reload()
    expect(page.locator(".call-lost")).to_contain_text("điện thoại trong trình duyệt không báo là đổ chuông được")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Nhận cuộc gọi").click()
    stands(opened.value, "ready")
    assert is_offered_calls(city, agent_id)


@pytest.mark.parametrize("every", [3, pytest.param(15, marks=pytest.mark.slow)])
def test_heartbeats_of_the_console_alone_do_not_keep_a_telephone_that_is_gone(
    city: Site, at: Open, beats: Beats, every: int
) -> None:
    """Over time, and with nothing but what the browser sends."""
    borne = beats(timedelta(seconds=every))
    longer = (borne.total_seconds() + every / 3) * 1000
    page, agent_id = agent_of(at(city), city)
    window = take_calls(page)
    stands(page, "ready")
    page.wait_for_timeout(longer)
    assert is_offered_calls(city, agent_id), "the telephone beats as long as it is open"

    window.close()
    page.wait_for_timeout(longer)

    assert not is_offered_calls(city, agent_id)
    with city.sessions() as session:
        mine = session.get_one(Presence, agent_id)
        assert mine.heartbeat_at > utc_now() - borne / 2, "the console itself is there"


def test_after_a_broken_network_it_registers_again_by_itself(city: Site, exchange: SipExchange, at: Open) -> None:
    page, agent_id = agent_of(at(city), city)
    window = take_calls(page)
    stands(window, "ready")

    exchange.drop_lines()

    stands(window, "registering")
    expect(window.locator("main")).to_contain_text("Hệ thống tự thử lại")
    stands(window, "ready")
    exchange.wait(lambda: f"agent_{agent_id}" in exchange.registered)
    exchange.ring(f"agent_{agent_id}")
    stands(window, "ringing")


def test_a_password_that_ended_is_renewed_without_letting_go_of_the_call(
    city: Site, exchange: SipExchange, at: Open
) -> None:
    page, agent_id = agent_of(at(city), city)
    with city.sessions.begin() as session:
        session.scalars(select(WebSession)).one().expires_at = utc_now() + timedelta(seconds=15)
    window = take_calls(page)
    stands(window, "ready")
    with city.sessions.begin() as session:
        # The session lives on: only what was given for its first seconds ends.
        session.scalars(select(WebSession)).one().expires_at = utc_now() + timedelta(hours=1)
    on_call(city, agent_id)
    exchange.ring(f"agent_{agent_id}").answered()
    stands(window, "talking")

    exchange.wait(lambda: len(set(exchange.users)) > 1, seconds=40)

    first, second = list(dict.fromkeys(exchange.users))[:2]
    assert int(second.partition(":")[0]) - int(first.partition(":")[0]) > 3000
    stands(window, "talking")


def test_who_is_signed_out_is_refused_a_password_and_the_browser_leaves_the_exchange(
    city: Site, exchange: SipExchange, at: Open, beats: Beats
) -> None:
    beats(timedelta(seconds=2))
    context = at(city)
    page, agent_id = agent_of(context, city)
    window = take_calls(page)
    stands(window, "ready")
    exchange.wait(lambda: f"agent_{agent_id}" in exchange.registered)

    context.clear_cookies(name=SESSION_COOKIE)

    # The next heartbeat is not answered.
    stands(window, "stopped")
    expect(window.locator("main")).to_contain_text("Đã đăng xuất")
    exchange.wait(lambda: not exchange.registered)


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        ("", "Trình duyệt chưa được dùng micrô"),
        (
            NO_MICROPHONE.format("NotFoundError"),
            "Không tìm thấy micrô",
        ),
        (
            NO_MICROPHONE.format("NotReadableError"),
            "Một chương trình khác đang giữ micrô",
        ),
        ("Object.defineProperty(window, 'isSecureContext', {value: false})", "không có https"),
    ],
)
def test_without_a_microphone_it_says_what_to_do_and_does_not_register(
    city: Site, exchange: SipExchange, at: Open, breaks: str, words: str
) -> None:
    context = at(city, may_hear=False)
    if breaks:
        context.add_init_script(breaks)
    page, agent_id = agent_of(context, city)

    window = take_calls(page)

    stands(window, "stopped")
    expect(window.locator("main")).to_contain_text(words)
    expect(page.locator(".call-telephone")).to_contain_text("cửa sổ điện thoại nói rõ lý do")
    assert exchange.registered == {}
    assert axe_findings(window) == []
    if not breaks:
        context.grant_permissions(["microphone"], origin=city.url)
        stands(window, "ready")
        exchange.wait(lambda: f"agent_{agent_id}" in exchange.registered)


def test_the_microphone_is_tried_with_its_level_and_played_back(city: Site, at: Open) -> None:
    context = at(city)
    agent_of(context, city)
    window = context.new_page()
    window.goto("/console/telephone")
    stands(window, "ready")

    window.get_by_role("button", name="Thử micrô").click()

    expect(window.locator("[data-trial=trial-listening]")).to_be_visible()
    loudest = 0.0
    until = time.monotonic() + 3.5
    while time.monotonic() < until:
        loudest = max(loudest, float(window.locator("meter").evaluate("meter => meter.value")))
    assert loudest > 0.2, "Chromium's made microphone beeps"
    expect(window.locator("[data-trial=trial-done]")).to_be_visible(timeout=20_000)


def test_the_chosen_microphone_is_kept(city: Site, at: Open) -> None:
    context = at(city)
    agent_of(context, city)
    window = context.new_page()
    window.goto("/console/telephone")
    stands(window, "ready")
    choice = window.get_by_label("Micrô", exact=True)
    expect(choice.locator("option")).not_to_have_count(1)

    choice.select_option(index=2)
    chosen = choice.input_value()
    window.reload()
    stands(window, "ready")

    expect(choice).to_have_value(chosen)


def test_the_window_alone_may_connect_to_the_exchange(city: Site, exchange: SipExchange, at: Open) -> None:
    context = at(city)
    page, _ = agent_of(context, city)

    elsewhere = page.request.get("/console").headers["content-security-policy"]
    here = page.request.get("/console/telephone").headers["content-security-policy"]

    assert exchange.url in here
    assert exchange.url not in elsewhere


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_window_fits_any_width_and_axe_finds_nothing(city: Site, at: Open, width: int) -> None:
    context = at(city, width=width)
    agent_of(context, city)
    window = context.new_page()
    window.goto("/console/telephone")
    stands(window, "ready")
    window.locator("[data-devices]").wait_for()

    assert axe_findings(window) == []
    assert sideways_scroll(window) == 0


def test_the_built_in_telephone_shows_the_same_on_every_page(site: Site, at: Open) -> None:
    context = at(site, may_hear=False)
    page, agent_id = agent_of(context, site)
    with page.context.expect_event("response", lambda answer: "/presence/beat" in answer.url) as beat:
        page.get_by_role("button", name="Nhận cuộc gọi").click()
    stands(page, "ready")
    assert beat.value.request.headers["x-telephone"] == "ready", "it says itself that it can ring"
    with site.sessions() as session:
        assert session.get_one(Presence, agent_id).telephone_at is not None

    on_call(site, agent_id)
    page.evaluate("window.htmx.trigger('#call-frame', 'live')")

    stands(page, "talking")
    page.get_by_role("button", name="Tắt tiếng").click()
    expect(page.get_by_role("button", name="Đang tắt tiếng")).to_be_visible()
    page.goto("/console/callbacks")
    stands(page, "talking")
    on_call(site, agent_id, is_it=False)
    page.evaluate("window.htmx.trigger('#call-frame', 'live')")
    stands(page, "ready")


def test_one_of_several_tabs_is_heard_to_ring(site: Site, at: Open) -> None:
    context = at(site)
    page, _ = agent_of(context, site)
    context.add_init_script(
        "window.sounds = 0; const Real = AudioContext; window.AudioContext = class extends Real {"
        " constructor() { super(); window.sounds += 1 } }"
    )
    tabs = [page, context.new_page()]
    for tab in tabs:
        tab.goto("/console")
        tab.mouse.click(700, 500)
        tab.wait_for_timeout(500)
        tab.evaluate("document.querySelector('#call-frame').dataset.ringing = 'Có cuộc gọi đến'")
        tab.evaluate(LOADED)
    page.wait_for_timeout(3000)

    heard = [int(tab.evaluate("window.sounds")) > 0 for tab in tabs]

    assert heard.count(True) == 1
    for tab in tabs:
        expect(tab).to_have_title(re.compile("^☎"))
