"""What a page costs somebody who opens it for the first time, on a telephone with a bad line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, sign_in_browser
from tests.browser.test_console import full_ticket, ward
from tests.browser.test_public import open_answered
from tickets.states import Role

MOST_BYTES = 100_000
MOST_REQUESTS = 8


@dataclass
class Traffic:
    """What a page has fetched over the network, counted as the browser counts: packed, with its headers."""

    urls: list[str] = field(default_factory=list)
    transferred: int = 0

    def start_anew(self) -> None:
        self.urls, self.transferred = [], 0


def watched(page: Page) -> Traffic:
    traffic = Traffic()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")

    asked: dict[str, str] = {}

    def ask(event: dict[str, Any]) -> None:
        # An answer that leads elsewhere is told of with the request it leads to.
        if led := event.get("redirectResponse"):
            traffic.urls.append(led["url"])
            traffic.transferred += int(led["encodedDataLength"])
        asked[event["requestId"]] = event["request"]["url"]

    def came(event: dict[str, Any]) -> None:
        # What the browser kept from before is told of as well, with no byte on the line.
        if event["encodedDataLength"] > 0:
            traffic.urls.append(asked[event["requestId"]])
            traffic.transferred += int(event["encodedDataLength"])

    line.on("Network.requestWillBeSent", ask)
    line.on("Network.loadingFinished", came)
    return traffic


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("address", ["/", "/track", "/directory", "/directory/26740", "/performance", "/sign-in"])
def test_the_first_page_of_a_visit_is_light(new_page: Callable[..., Page], address: str, width: int) -> None:
    page = new_page(width=width)
    traffic = watched(page)

    page.goto(address, wait_until="networkidle")

    assert traffic.transferred <= MOST_BYTES, traffic.urls
    assert len(traffic.urls) <= MOST_REQUESTS, traffic.urls


def test_the_link_in_a_message_opens_a_light_page_and_what_follows_costs_only_itself(
    new_page: Callable[..., Page], site: Site
) -> None:
    opened = open_answered(site)
    page = new_page(width=360)
    traffic = watched(page)
    page.goto(f"/track?reference={opened.reference}", wait_until="networkidle")
    assert (traffic.transferred <= MOST_BYTES, len(traffic.urls) <= MOST_REQUESTS) == (True, True), traffic

    traffic.start_anew()
    page.fill("#f-pin", opened.pin)
    page.click("main form.pin-form button")
    page.wait_for_url("**/track/request")
    page.wait_for_load_state("networkidle")

    # The form's answer leads on to the page.
    assert len(traffic.urls) <= 2, traffic.urls
    assert traffic.transferred <= 20_000


def test_nothing_but_the_page_and_one_style_sheet_keeps_the_first_words_waiting(new_page: Callable[..., Page]) -> None:
    """With 50 kB/s and 400 ms a round trip, 20 kB after two of them are there well before 2.5 seconds."""
    page = new_page(width=360)

    page.goto("/", wait_until="load")

    waited_for = page.evaluate(
        """() => performance.getEntries()
            .filter(entry => entry.entryType === "navigation" || entry.renderBlockingStatus === "blocking")
            .map(entry => [entry.name.split("/").pop().split(".")[0], entry.transferSize])"""
    )
    assert [name for name, _size in waited_for] == ["", "public"]
    assert sum(size for _name, size in waited_for) <= 25_000


def test_a_ticket_is_one_request_with_all_that_stands_beside_it(page: Page, site: Site) -> None:
    agent = sign_in_browser(page, site, role=Role.AGENT, unit=ward(site))
    page.goto(f"/console/tickets/{full_ticket(site, agent.id)}", wait_until="networkidle")
    traffic = watched(page)

    page.reload(wait_until="networkidle")

    assert [url for url in traffic.urls if "/static/" not in url and "/live" not in url] == [page.url]
    expect(page.locator(".col-list .work-item").first).to_be_attached()
    expect(page.get_by_role("heading", name="Việc tương tự")).to_be_attached()
