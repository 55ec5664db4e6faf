"""Take the README's pictures from a running demonstration: `python -m tools.pictures [--data DIR] [--all]`.

Without `--all` the README's own pictures go to docs/pictures. With `--all` every page goes to the folder named by
`--into`, at 1440, 768 and 360 px, in both languages and both themes, to be looked at by a person.
"""

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from app.accounts.demo_links import make as make_links
from app.engines.connected import connected_if_running
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = {1440: 900, 768: 1024, 360: 740}
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass(frozen=True)
class Shot:
    """A page, who looks at it ('' nobody in particular), and the README's name for the picture ('' not shown there)."""

    path: str
    role: str = ""
    name: str = ""
    width: int = 1440


SHOTS = (
    Shot("/", name="report", width=768),
    Shot("/track"),
    Shot("/directory"),
    Shot("/performance"),
    Shot("/privacy"),
    Shot("/sign-in"),
    Shot("/console", "agent", "console"),
    Shot("ticket", "agent", "ticket"),
    Shot("/console/new", "agent"),
    Shot("/console/search?q=rac", "agent"),
    Shot("/console/callbacks", "agent"),
    Shot("/supervisor", "supervisor", "supervisor"),
    Shot("/supervisor/escalations", "supervisor", "escalations"),
    Shot("/leadership", "leader", "leadership", 360),
    Shot("/leadership/ledger", "leader"),
    Shot("/administration", "administrator"),
    Shot("/administration/people", "administrator"),
    Shot("/administration/messages", "administrator"),
    Shot("/administration/promises", "administrator"),
    Shot("/administration/audit", "administrator"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=None, help="the data folder of the running ./hotline up")
    parser.add_argument("--all", action="store_true", help="every page, width, language and theme")
    parser.add_argument("--into", type=Path, default=PICTURES)
    arguments = parser.parse_args()
    settings = connected_if_running(arguments.data)
    if settings is None:
        raise SystemExit("Start ./hotline up first.")
    arguments.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), args=CHROMIUM_FLAGS
        )
        taken = _all(browser, settings, arguments.into) if arguments.all else _readme(browser, settings, arguments.into)
        for path in taken:
            print(path)
        browser.close()


def _readme(browser: Browser, settings: Settings, into: Path) -> Iterator[Path]:
    for shot in SHOTS:
        if shot.name:
            page = _page(browser, settings, width=shot.width, locale="vi", theme="light")
            yield _take(page, settings, shot, _links(settings), into / f"{shot.name}.png", whole=False)
    dark = next(shot for shot in SHOTS if shot.name == "console")
    page = _page(browser, settings, width=1440, locale="en", theme="dark")
    yield _take(page, settings, dark, _links(settings), into / "console-dark.png", whole=False)


def _all(browser: Browser, settings: Settings, into: Path) -> Iterator[Path]:
    for width in WIDTHS:
        for locale, theme in (("vi", "light"), ("en", "dark")):
            links = _links(settings)
            pages: dict[str, Page] = {}
            for number, shot in enumerate(SHOTS):
                page = pages.setdefault(shot.role, _page(browser, settings, width=width, locale=locale, theme=theme))
                target = into / f"{number:02d}{_slug(shot)}-{width}-{locale}-{theme}.png"
                yield _take(page, settings, shot, links, target, whole=True)


def _slug(shot: Shot) -> str:
    return "-" + (urlsplit(shot.path).path.strip("/").replace("/", "-") or "report")


def _page(browser: Browser, settings: Settings, *, width: int, locale: str, theme: str) -> Page:
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, device_scale_factor=1)
    context.add_cookies(
        [
            {"name": name, "value": value, "url": settings.base_url}
            for name, value in (("locale", locale), ("theme", theme))
        ]
    )
    return context.new_page()


def _links(settings: Settings) -> dict[str, str]:
    """Fresh sign-in links: each works once."""
    return make_links(settings)


def _take(page: Page, settings: Settings, shot: Shot, links: dict[str, str], target: Path, *, whole: bool) -> Path:
    if shot.role and (link := links.pop(shot.role, "")):
        page.goto(link, wait_until="domcontentloaded")
    path = _a_ticket(page, settings) if shot.path == "ticket" else shot.path
    page.goto(settings.base_url + path, wait_until="load")
    page.wait_for_timeout(300)
    page.screenshot(path=target, full_page=whole)
    return target


def _a_ticket(page: Page, settings: Settings) -> str:
    """The first ticket of the list the person sees."""
    page.goto(settings.base_url + "/console", wait_until="load")
    link = page.locator("a[href^='/console/tickets/']").first.get_attribute("href")
    if not link:
        raise SystemExit("The list is empty: load the demonstration first.")
    return link


if __name__ == "__main__":
    main()
