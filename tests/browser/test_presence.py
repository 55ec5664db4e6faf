"""Staying on the phones: real Chromium against real processes, over more time than a silent console is given."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from app.clock import utc_now
from app.phone.accounts import simulated_account
from app.simulator.telephone import SimulatedCaller, Telephone
from app.web.factory import create_app
from app.web.frame.session_cookie import SESSION_COOKIE
from telephony.floor import presence
from telephony.floor.floor import HEARTBEAT_LOST
from tests.app.web.provider_events.waiting.waiting_scene import stopped
from tests.browser.conftest import Site, made_settings, sign_in_browser
from tests.browser.looking import axe_findings, sideways_scroll
from tests.conftest import Committed, Servers
from tests.factories import unit
from tests.faults.nodes import running
from tickets.schema import ClientFault, Line, Presence
from tickets.states import PresenceState, Role

WARD, OTHER_WARD = "26740", "26824"
LOST_SECONDS = HEARTBEAT_LOST.total_seconds()
Beats = Callable[[timedelta], timedelta]


@pytest.fixture
def real_site(committed: Committed, tmp_path: Path) -> Iterator[Site]:
    """The product as it is started in production: web, live updates and the scheduler as processes of their own."""
    settings = made_settings(committed, tmp_path, port=_two_free_ports())
    app = create_app(settings, engine=committed.engine)
    with ExitStack() as stack:
        for name in ("web", "live", "scheduler"):
            stack.enter_context(running(name, settings))
        yield Site(settings.base_url, app, committed.factory, settings)


def _two_free_ports() -> int:
    """A port whose successor is free too: the live process listens there."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def at_the_console(browser: Browser, site: Site, *, ward: str, stack: ExitStack) -> Page:
    """An agent of the ward who has just pressed "Take calls"."""
    context = browser.new_context(base_url=site.url, locale="vi-VN", viewport={"width": 1280, "height": 800})
    stack.callback(context.close)
    page = context.new_page()
    with site.sessions() as session:
        place = unit(session, ward)
    sign_in_browser(page, site, role=Role.AGENT, unit=place)
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")
    return page


def call_comes(site: Site, *, place: str, number: str, patience_seconds: float) -> None:
    """Somebody rings the city's line with the built-in telephone, says where, and waits for an answer."""
    with site.sessions() as session:
        line = session.scalars(select(Line.phone).where(Line.is_city)).one()
    caller = SimulatedCaller(number, line, presses=("1",), words=(place,), patience_seconds=patience_seconds)
    telephone = Telephone(simulated_account(site.settings), site.url, caller, lambda step: None)

    def ring() -> None:
        # Whoever still waits when the test is over hears the line go dead.
        with suppress(requests.ConnectionError):
            telephone.call()

    threading.Thread(target=ring, daemon=True).start()


def silent_for(site: Site, seconds: float) -> None:
    """As if nobody had been heard of for so long."""
    with site.sessions.begin() as session:
        for one in session.scalars(select(Presence)):
            one.heartbeat_at -= timedelta(seconds=seconds)
            one.telephone_at = one.heartbeat_at if one.telephone_at else None


# A sweep beyond the moment at which a console that says nothing is put away: who was silent before beats, or is.
@pytest.mark.parametrize(("silent", "beyond"), [(LOST_SECONDS - 20, 8), pytest.param(0, 20, marks=pytest.mark.slow)])
def test_an_agent_who_waits_at_the_open_console_gets_the_next_call(
    browser: Browser, real_site: Site, silent: float, beyond: float
) -> None:
    with ExitStack() as stack:
        wait_for_web(browser, real_site, stack)
        idle = at_the_console(browser, real_site, ward=WARD, stack=stack)
        writing = at_the_console(browser, real_site, ward=OTHER_WARD, stack=stack)
        call_comes(real_site, place="phường Thủ Đức", number="+84901112200", patience_seconds=60)
        writing.get_by_role("button", name="Nghe máy", exact=True).click(timeout=30_000)
        expect(writing.locator("#call-bar")).to_contain_text("Đang nghe máy", timeout=15_000)
        writing.get_by_role("button", name="Kết thúc").click()
        expect(writing.locator("#call-bar")).to_contain_text("Ghi nhận sau cuộc gọi")

        silent_for(real_site, silent)
        idle.wait_for_timeout((LOST_SECONDS + beyond - silent) * 1000)

        expect(idle.locator("#call-bar")).to_contain_text("Sẵn sàng")
        expect(writing.locator("#call-bar")).to_contain_text("Ghi nhận sau cuộc gọi")
        writing.get_by_role("button", name="Sẵn sàng").click()
        expect(writing.locator("#call-bar")).to_contain_text("Không có ai chờ")
        call_comes(real_site, place="phường Sài Gòn", number="+84901112201", patience_seconds=40)
        call_comes(real_site, place="phường Thủ Đức", number="+84901112202", patience_seconds=40)
        for page in (idle, writing):
            expect(page.locator("#call-bar")).to_contain_text("Có cuộc gọi đến", timeout=30_000)
            expect(page).to_have_title(re.compile("^☎"))
        with real_site.sessions() as session:
            assert session.scalars(select(ClientFault.kind)).all() == []


def wait_for_web(browser: Browser, site: Site, stack: ExitStack) -> None:
    context = browser.new_context()
    stack.callback(context.close)
    for _attempt in range(240):
        try:
            if context.request.get(f"{site.url}/health/live").ok:
                return
        except Exception:
            context.new_page().wait_for_timeout(500)
    raise AssertionError("the web process did not come up")


@pytest.fixture
def troubled_page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page that may complain: here it is meant to."""
    context = browser.new_context(base_url=site.url, locale="vi-VN", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def shown_away(site: Site, page: Page, reason: str) -> None:
    """What the sweep writes when a console was silent, or two calls were left to ring."""
    with site.sessions.begin() as session:
        mine = session.scalars(select(Presence)).one()
        mine.state, mine.reason, mine.since = PresenceState.AWAY, reason, utc_now()


@pytest.mark.parametrize(
    ("reason", "words"), [("no_heartbeat", "không nhận được tín hiệu"), ("missed_offers", "hai cuộc gọi liên tiếp")]
)
def test_who_was_put_away_is_told_why_and_is_back_with_one_press(
    site: Site, page: Page, reason: str, words: str
) -> None:
    sign_in_browser(page, site, role=Role.AGENT)
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")
    shown_away(site, page, reason)

    # As when a laptop wakes: the page is looked at again, and asks.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator(".call-lost")).to_contain_text(words)
    expect(page).to_have_title(re.compile("^⚠"))
    assert axe_findings(page) == []
    assert sideways_scroll(page) == 0
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")
    expect(page.locator(".call-lost")).to_have_count(0)
    with site.sessions() as session:
        assert session.scalars(select(Presence.state)).one() is PresenceState.AVAILABLE


def test_a_heartbeat_tells_a_page_whose_bar_is_out_of_date(site: Site, page: Page, beats: Beats) -> None:
    """No live stream runs here: the answer to the heartbeat alone brings the bar up to date."""
    beats(timedelta(seconds=2))
    sign_in_browser(page, site, role=Role.AGENT)
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")
    shown_away(site, page, "no_heartbeat")

    expect(page.locator(".call-lost")).to_be_visible(timeout=40_000)


def test_a_page_that_hangs_is_not_said_to_be_open_until_it_goes_on(site: Site, page: Page, beats: Beats) -> None:
    """A worker beats on while its page can show no call: two callers in turn would ring at nobody."""
    beats(timedelta(seconds=1))
    agent = sign_in_browser(page, site, role=Role.AGENT)
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")

    def heard_within(seconds: float) -> bool:
        with site.sessions() as session:
            mine = select(Presence.heartbeat_at).where(Presence.staff_id == agent.id)
            before, until = session.scalars(mine).one(), time.monotonic() + seconds
            while time.monotonic() < until:
                session.rollback()
                if session.scalars(mine).one() != before:
                    return True
                time.sleep(0.1)
            return False

    assert heard_within(5)
    page.evaluate("setTimeout(() => { const until = Date.now() + 7000; while (Date.now() < until); }, 0)")
    # What was under way then still arrives.
    time.sleep(2.5)

    assert not heard_within(2.5)
    assert heard_within(5), "and soon after it goes on"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("heartbeat_signed_out", "Đã đăng xuất"),
        ("heartbeat_refused", "Hãy tải lại trang"),
        ("heartbeat_unheard", "Máy chủ không nhận được tín hiệu"),
        ("server_without_database", "hãy để người gọi gác máy trước"),
    ],
)
def test_a_heartbeat_that_fails_is_said_and_counted(site: Site, troubled_page: Page, fault: str, words: str) -> None:
    sign_in_browser(troubled_page, site, role=Role.AGENT)
    troubled_page.context.route("**/console/presence/beat", lambda route: _fail(route, fault))
    troubled_page.goto("/console")

    with troubled_page.expect_response("**/client-faults") as told:
        troubled_page.get_by_role("button", name="Nhận cuộc gọi").click()

    assert told.value.status == 204
    expect(troubled_page.locator(f"[data-trouble={fault}]")).to_be_visible()
    expect(troubled_page.locator(f"[data-trouble={fault}]")).to_contain_text(words)
    assert axe_findings(troubled_page) == []
    with site.sessions() as session:
        assert session.scalars(select(ClientFault.kind)).all() == [fault]


def _fail(route: Route, fault: str) -> None:
    if fault == "heartbeat_unheard":
        return route.abort()
    status = {"heartbeat_signed_out": 401, "heartbeat_refused": 400, "server_without_database": 503}[fault]
    return route.fulfill(status=status)


def test_a_heartbeat_that_gets_through_again_takes_the_warning_back(
    site: Site, troubled_page: Page, beats: Beats
) -> None:
    beats(timedelta(seconds=2))
    sign_in_browser(troubled_page, site, role=Role.AGENT)
    troubled_page.context.route("**/console/presence/beat", lambda route: route.abort())
    troubled_page.goto("/console")
    troubled_page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(troubled_page.locator("[data-trouble=heartbeat_unheard]")).to_be_visible()

    troubled_page.context.unroute("**/console/presence/beat")

    expect(troubled_page.locator("[data-trouble=heartbeat_unheard]")).to_be_hidden(timeout=40_000)


def test_a_page_that_met_a_stopped_database_opens_by_itself_when_it_is_back(
    site: Site, committed: Committed, servers: Servers, troubled_page: Page
) -> None:
    sign_in_browser(troubled_page, site, role=Role.AGENT)
    with stopped(servers, committed):
        troubled_page.goto("/console")
        expect(troubled_page.get_by_text("Trang tự mở lại")).to_be_visible()
        assert axe_findings(troubled_page) == []

    expect(troubled_page.locator("#call-bar")).to_be_visible(timeout=20_000)


def test_a_supervisor_who_takes_calls_stays_present_on_the_shift_page(site: Site, page: Page) -> None:
    supervisor = sign_in_browser(page, site, role=Role.SUPERVISOR)
    page.goto("/supervisor")

    with page.context.expect_event("response", lambda answer: "/presence/beat" in answer.url) as beat:
        page.get_by_role("button", name="Nhận cuộc gọi").click()

    assert beat.value.status == 204
    with site.sessions() as session:
        mine = presence.presence_of(session, supervisor.id)
        assert mine is not None
        assert mine.heartbeat_at > mine.since


def test_a_script_that_breaks_is_said_and_counted_without_what_was_typed(site: Site, page: Page) -> None:
    sign_in_browser(page, site, role=Role.AGENT)
    page.goto("/console")

    with page.expect_request("**/client-faults") as told:
        # An error as a browser reports it; a real one would be a complaint that ends the test.
        page.evaluate(
            "dispatchEvent(new ErrorEvent('error', {message: 'Nguyễn Văn An 0901112233',"
            " filename: location.origin + '/static/js/console.js?v=1', lineno: 12}))"
        )

    assert told.value.post_data == "kind=script_error&where=console.js%3A12"
    expect(page.locator("[data-trouble=script_error]")).to_contain_text("Hãy tải lại trang")


def test_a_session_that_ended_while_the_agent_waited_is_said(site: Site, page: Page, beats: Beats) -> None:
    beats(timedelta(seconds=2))
    sign_in_browser(page, site, role=Role.AGENT)
    page.goto("/console")
    page.get_by_role("button", name="Nhận cuộc gọi").click()
    expect(page.locator("#call-bar")).to_contain_text("Sẵn sàng")

    page.context.clear_cookies(name=SESSION_COOKIE)

    expect(page.locator("[data-trouble=heartbeat_signed_out]")).to_be_visible(timeout=40_000)


def test_a_page_without_workers_says_that_calls_will_stop(site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page()
    sign_in_browser(page, site, role=Role.AGENT)
    page.add_init_script("delete window.Worker")
    page.goto("/console")

    page.get_by_role("button", name="Nhận cuộc gọi").click()

    expect(page.locator("[data-trouble=worker_failed]")).to_be_visible()
