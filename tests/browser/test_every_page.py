"""Every page, for everybody who may open it: readable, whole and without sideways scrolling at every width.

The pages are those the application knows, not a list by hand: a new page is walked the day it is there. A daily run
looks closely at each page once, in themes and languages by turns, and at how it fits for the other roles; `--long`
looks in all of them for each role, at a city in which nothing has happened too, and at every form that comes back with
faults.
"""

from collections.abc import Callable
from itertools import chain

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site, sign_in_browser
from tests.browser.long_city import LongCity, build, report_to
from tests.browser.test_public import enter
from tests.browser.walking import LONG_WORD, Walk, pages_of, starts_of
from tickets.schema import Staff
from tickets.states import Role

EVERYBODY: tuple[Role | None, ...] = (None, *Role)
# Files, and what is opened by a message or in the middle of a call or a sending; their own tests look at them.
_NOT_LINKED = {
    "/console/files/<uuid:public_id>", "/track/pictures/<uuid:public_id>", "/console/recordings/<int:recording_id>",
    "/sign-in/link/<token>", "/sent/<token>", "/console/opened/<reference>", "/console/calls/<int:call_id>",
    "/administration/messages/<int:message_id>", "/administration/drafts/<kind>/<int:rule_id>",
    "/calendar/<token>.ics", "/my/duty/shifts/<int:shift_id>/note",
    "/console/calls/<int:call_id>/pass-on", "/console/calls/<int:call_id>/protocol",
    "/administration/prompts/sounds/<int:version_id>", "/administration/import/<int:import_id>",
}  # fmt: skip


def walker(site: Site, page: Page, who: Role | None) -> Walk:
    """A browser of somebody with a name that is too long, or of a citizen."""
    page.context.clear_cookies()
    if who is not None:
        known = sign_in_browser(page, site, role=who)
        with site.sessions.begin() as session:
            session.get_one(Staff, known.id).name = LONG_WORD
            if who is Role.LEADER:
                report_to(session, known.id)
    return Walk(site, page, who)


def starts(site: Site, walk: Walk, city: LongCity) -> list[str]:
    found = starts_of(site, walk.who)
    if walk.who is None:
        enter(walk.page, city.opened)
        return [f"/a/{city.link}", *found, "/directory/26740", f"/directory?q={LONG_WORD}"]
    # The first of a page is looked at most closely: the ticket in which everything is too long.
    return [f"/console/tickets/{city.opened.reference}", f"/console/search?q={LONG_WORD}", *found]


# It walks every page of every role, and grows with them.
@pytest.mark.timeout(900)
def test_every_page_is_clean_and_fits_whatever_somebody_is_called(site: Site, new_page: Callable[..., Page]) -> None:
    page, city = new_page(), build(site)
    findings: list[str] = []
    seen = dict[str, int]()
    turns = dict[str, int]()
    met: set[str] = set()

    for who in EVERYBODY:
        walk = walker(site, page, who)
        walk.speaks = lambda rule: "en" if seen.get(rule) == 1 else "vi"
        for address in chain(walk.through(starts(site, walk, city), most=1), walk.astray()):
            turn, times = turns.setdefault(walk.here, len(turns)), seen.get(walk.here, 0)
            walk.look_by_turns(address, turn=turn, times=times)
            seen[walk.here] = times + 1
        findings += walk.findings
        met |= walk.met

    assert findings == [], "\n".join(findings)
    assert pages_of(site) - met - _NOT_LINKED == set()
    assert {"404 for citizens", "404 for staff", "403 for staff"} <= seen.keys()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("who", EVERYBODY)
def test_every_page_form_and_empty_list_is_clean_and_fits(
    site: Site, new_page: Callable[..., Page], who: Role | None
) -> None:
    page = new_page()
    walk = walker(site, page, who)
    for address in walk.through(starts_of(site, who), most=5):
        walk.look(f"{address} of an empty city")

    city = build(site)
    for address in walk.through(starts(site, walk, city), most=5):
        walk.look(address)
        for words in ("", LONG_WORD):
            walk.refuse_forms(address, words)
    for address in walk.astray():
        walk.look(address)

    assert walk.findings == [], "\n".join(walk.findings)
