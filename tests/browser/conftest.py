"""A real Chromium against a real server: what pages look like and do when people use them."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import WSGIRequestHandler, make_server

from app.clock import utc_now
from app.settings import Settings
from app.web.console import call_bar
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from telephony.floor import floor
from tests.conftest import Committed
from tests.signing_in import person_with
from tickets.schema import Staff, Unit, WebSession
from tickets.states import Role

# The first has no window's frame, and opens a page for half the work.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Requests that a navigation interrupts are logged by htmx as well; those are no faults.
_COMPLAINTS = (
    "Content Security Policy", "Refused to", "Uncaught", "Failed to load", "htmx:responseError", "htmx:swapError",
    "htmx:targetError", "htmx:oobErrorNoTarget", "htmx:evalDisallowedError", "htmx:syntax:error",
)  # fmt: skip
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(one_playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium. Without one the tests are skipped, unless HOTLINE_REQUIRE_BROWSER=1 makes that an error."""
    browser = one_playwright.chromium.launch(executable_path=browser_path(), headless=True, args=BROWSER_ARGUMENTS)
    yield browser
    browser.close()


def browser_path(*, hears: bool = False) -> str:
    """`hears`: one that asks for the microphone; the first of them cannot."""
    path = next(filter(None, map(shutil.which, _NAMES[1:] if hears else _NAMES)), None)
    if path is None:
        reason = f"no Chromium was found (looked for {', '.join(_NAMES)})"
        if os.environ.get("HOTLINE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, and HOTLINE_REQUIRE_BROWSER=1 asks for one", pytrace=False)
        pytest.skip(reason)
    return path


class QuietHandler(WSGIRequestHandler):
    """A failing test shows what it found, not every file the browser fetched."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


@dataclass(frozen=True)
class Site:
    """A running server on a database of one test's own; `sessions` opens sessions that see and make real commits."""

    url: str
    app: HotlineApp
    sessions: sessionmaker[Session]
    settings: Settings


def made_settings(committed: Committed, folder: Path, *, port: int) -> Settings:
    """Settings of a demonstration that is reached at this port."""
    return Settings(
        database_url=committed.url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        public_base_url=f"http://127.0.0.1:{port}",
        host="127.0.0.1",
        port=port,
        data_dir=folder,
        demo=True,
        _env_file=None,
    )


@pytest.fixture
def site(committed: Committed, tmp_path: Path) -> Iterator[Site]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = made_settings(committed, tmp_path, port=port)
    app = create_app(settings, engine=committed.engine)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(settings.base_url, app, committed.factory, settings)
    server.shutdown()
    thread.join(timeout=10)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], timedelta]:
    """`beats(timedelta(seconds=2))`: consoles say so often that they are open; returns how long silence is borne then.

    For what a test waits for. How often it is else, and that the pages say so, stands in `console/test_calls.py`.
    """

    def every(pause: timedelta) -> timedelta:
        borne = floor.HEARTBEAT_LOST * (pause / floor.HEARTBEAT_EVERY)
        monkeypatch.setattr(call_bar, "HEARTBEAT_EVERY", pause)
        monkeypatch.setattr(floor, "HEARTBEAT_LOST", borne)
        return borne

    return every


class Complaints(list[str]):
    """What the browser complained about: script errors, refused content, missing files."""


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens pages: `new_page(width=360, locale="en-GB", dark=True, script=False)`; no complaint is left at the end."""
    contexts: list[BrowserContext] = []
    complaints = Complaints()

    def open_page(*, width: int = 1440, locale: str = "vi-VN", dark: bool = False, script: bool = True) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 900},
            locale=locale,
            color_scheme="dark" if dark else "light",
            timezone_id="Asia/Ho_Chi_Minh",
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: complaints.append(f"console: {said.text}") if _is_complaint(said) else None)
        page.on(
            "requestfailed",
            lambda r: complaints.append(f"{r.url}: {r.failure}") if _matters(r.url, r.failure) else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A desk-sized Vietnamese browser."""
    return new_page()


def sign_in_browser(page: Page, site: Site, *, role: Role, unit: Unit | None = None) -> Staff:
    """Give the page's browser a live session of a new person who holds `role` at `unit` (the city by default)."""
    now = utc_now()
    with site.sessions.begin() as session:
        staff = person_with(session, role=role, unit=unit, now=now)
        token = f"browser-token-{staff.id}"
        session.add(
            WebSession(
                token_hash=token_hash(token),
                staff_id=staff.id,
                created_at=now,
                last_seen_at=now,
                expires_at=now.replace(year=now.year + 1),
                second_factor_at=now,
            )
        )
        session.flush()
        session.expunge(staff)
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": site.url}])
    return staff


def _is_complaint(said: ConsoleMessage) -> bool:
    # No live process runs beside the test's server: pages poll then, which is what they are meant to do.
    return _is_trouble(said.text) and "/live" not in str(said.location.get("url", ""))


def _is_trouble(words: str) -> bool:
    # A refused login or a locked PIN is an answer of the page, which the browser also writes to its console.
    if "the server responded with a status of 4" in words:
        return False
    return any(sign in words for sign in _COMPLAINTS)


def _matters(url: str, failure: str | None) -> bool:
    # Event streams and loads that a navigation interrupts are meant to end this way.
    return "ERR_ABORTED" not in (failure or "") and "/live" not in url
