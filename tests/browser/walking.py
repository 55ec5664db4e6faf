"""Walking through every page that a person may open: addresses from the application itself, the rest from links."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page
from werkzeug.routing import Rule
from werkzeug.routing.exceptions import HTTPException

from app.web.frame.access import declared
from tests.browser.conftest import Site
from tests.browser.looking import axe_findings, misfits
from tests.faults.nodes import LONG
from tickets.states import Role

# What fits at 320 px fits at 360 px too, as long as no style changes between them: that is looked at with `--long`.
WIDTHS = (320, 360, 768, 1440) if LONG else (320, 1440)
# Eighty letters without a gap, as a name or a street that was pasted, or typed by a child on a telephone.
LONG_WORD = ("Nguyễnđườngphườngthịtrấn" * 4)[:80]
# Text fields that are filled in, and forms whose errors are looked at.
_FIELDS = "input:not([type]), input[type=text], input[type=search], input[type=email], input[type=tel], textarea"
_SUBMIT = """(form, [fields, words]) => {
  for (const box of form.querySelectorAll(fields)) if (box.type !== "hidden") box.value = words;
  HTMLFormElement.prototype.submit.call(form);
}"""
_LINKS = "[...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))"
_BOXES = "document.querySelectorAll('details').forEach((box) => {{ box.dataset.was ??= box.open; box.open = {} }})"
_AS_THEY_WERE, _OPEN_ALL = _BOXES.format("box.dataset.was === 'true'"), _BOXES.format("true")
# All rows of a list are made alike; axe takes a second for each hundred of them.
_A_FEW_ROWS = """document.querySelectorAll("tbody, ul, ol").forEach((list) => {
  for (const row of [...list.children].slice(20)) row.remove();
})"""
# What leads nowhere, or is closed to most: the pages that say so are pages too.
_ASTRAY = ("/no-such-page", "/administration", "/console/new")
_IS_PAGE = "Boolean(document.querySelector('meta[name=viewport]'))"


@dataclass
class Walk:
    """One browser's way through the pages of whoever is signed in; `here` is the rule of the page that is open,
    `met` are all whose address was found, those that turned out to be parts of a page among them."""

    site: Site
    page: Page
    who: Role | None
    findings: list[str] = field(default_factory=list)
    here: str = ""
    met: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    # In which language a page of this rule is opened.
    speaks: Callable[[str], str] = lambda _rule: "vi"

    def through(self, starts: Iterable[str], *, most: int) -> Iterator[str]:
        """Opens each page, found by its address or by a link on another; yields the address when it is open.

        Of pages that differ only in what is asked of them (tabs, filters, one ticket or another) at most so many.
        """
        # Without motion: axe would judge colours on their way from one theme to the other.
        self.page.emulate_media(reduced_motion="reduce", color_scheme="light")
        waiting, known, taken = list(starts), set(starts), dict[str, int]()
        while waiting:
            address = waiting.pop(0)
            rule = self._rule(address)
            self.met.add(rule or "")
            if rule is None or taken.get(rule, 0) >= most:
                continue
            self._speak(self.speaks(rule))
            if not self._opened(address):
                continue
            taken[rule] = taken.get(rule, 0) + 1
            self.here = rule
            for link in self.page.evaluate(_LINKS):
                if link.startswith("/") and link not in known:
                    known.add(link)
                    waiting.append(link)
            yield address

    def astray(self) -> Iterator[str]:
        """Opens what is not there and what is closed to this person, as `through` does; `here` is then the answer."""
        self._speak("vi")
        for address in _ASTRAY:
            answer = self.page.goto(address, wait_until="load")
            if answer is not None and answer.status in (403, 404):
                self.here = f"{answer.status} for {'staff' if self.who else 'citizens'}"
                yield address

    def look(self, where: str) -> None:
        """Both languages at every width, boxes closed and open; axe once in each theme."""
        self._axe(where, dark=False)
        self._axe(where, dark=True, colours_only=True)
        self.fits(f"{where} in vi")
        self._fits_in_english(where)

    def look_by_turns(self, where: str, *, turn: int, times: int) -> None:
        """A daily run: closely for the first who meets a page, and for the second what the first did not look at.

        Vietnamese first, whose words are longer. From page to page the theme changes, and every other one is read in
        English at once: a page that no second person may open has one of both.
        """
        dark = turn % 2 == 1
        if times == 0:
            self.fits(f"{where} in vi")
            self.page.evaluate(_A_FEW_ROWS)
            self._axe(where, dark=dark)
            if turn % 4 in (1, 2):
                self._fits_in_english(where)
        elif times == 1:
            self.fits(f"{where} in en")
            self.page.evaluate(_A_FEW_ROWS)
            self._axe(f"{where} in en", dark=not dark, colours_only=True)
        else:
            self.fits(where, widths=(320,))

    def fits(self, where: str, *, widths: tuple[int, ...] = WIDTHS) -> None:
        """No sideways scroll, nothing cut off: with boxes closed and with all of them open."""
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            for told, how in (("", _AS_THEY_WERE), (", boxes open", _OPEN_ALL)):
                found = misfits(self.page, first=how)
                self.findings += [f"{self.who} {where} at {width}{told}: {what}" for what in found]

    def _fits_in_english(self, where: str) -> None:
        self._speak("en")
        self.page.reload(wait_until="load")
        self.fits(f"{where} in en")
        self._speak("vi")

    def _axe(self, where: str, *, dark: bool, colours_only: bool = False) -> None:
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        told = f"{self.who} {where}{', dark' if dark else ''}"
        self.findings += [f"{told}: {found}" for found in axe_findings(self.page, colours_only=colours_only)]
        self.page.emulate_media(color_scheme="light")

    def refuse_forms(self, address: str, words: str) -> None:
        """Send each form that has something to type, without what it needs, and look at what comes back."""
        for number in range(len(self._typed_into())):
            self._opened(address)
            typed_into = self._typed_into()
            # What was sent before may have taken a form away: a request that was followed, a callback that was made.
            if number >= len(typed_into):
                return
            form = typed_into[number]
            action = self._rule(form.get_attribute("action") or address, method="POST") or address
            key = f"{action} {form.evaluate('(form) => form.elements.length')} {bool(words)}"
            if key in self.forms:
                continue
            self.forms.add(key)
            with self.page.expect_navigation(wait_until="load"):
                form.evaluate(_SUBMIT, [_FIELDS, words])
            if self.page.evaluate(_IS_PAGE):
                where = f"{address} → {action} with {words[:6] or 'nothing'}"
                self.findings += [f"{self.who} {where}: {found}" for found in axe_findings(self.page)]
                self.fits(where)

    def _typed_into(self) -> list:
        forms = self.page.query_selector_all("main form[method=post]")
        return [form for form in forms if form.query_selector(_FIELDS)]

    def _opened(self, address: str) -> bool:
        answer = self.page.goto(address, wait_until="load")
        # Whatever stands in a menu or is linked opens: what answers with an error is not passed over.
        if answer is not None and answer.status >= 400:
            self.findings.append(f"{self.who} {address} answers {answer.status}")
        return answer is not None and answer.status == 200 and bool(self.page.evaluate(_IS_PAGE))

    def _speak(self, locale: str) -> None:
        """From the next load on."""
        self.page.context.add_cookies([{"name": "locale", "value": locale, "url": self.site.url}])

    def _rule(self, address: str, *, method: str = "GET") -> str | None:
        """The rule of the application that this address is one of; None for files, and for what is not ours."""
        path = urlsplit(address).path
        try:
            rule, _arguments = self.site.app.url_map.bind("localhost").match(path, method=method, return_rule=True)
        except HTTPException:
            return None
        return rule.rule if is_page(self.site, rule, self.who) or method == "POST" else None


def is_page(site: Site, rule: Rule, who: Role | None) -> bool:
    """Whether it may be a page of this person: for people, not for programs, and no file."""
    access = declared(site.app.view_functions[rule.endpoint])
    if access is None or "GET" not in (rule.methods or ()) or "." in rule.rule or rule.rule.startswith("/health"):
        return False
    if access.kind in ("public", "halfway"):
        return who is None
    return access.kind == "staff" and who is not None and (not access.roles or who in access.roles)


def pages_of(site: Site) -> set[str]:
    """The rules of all pages, whoever may open them."""
    return {rule.rule for rule in site.app.url_map.iter_rules() for who in (None, *Role) if is_page(site, rule, who)}


def starts_of(site: Site, who: Role | None) -> list[str]:
    """The pages whose address has nothing to fill in."""
    return [r.rule for r in site.app.url_map.iter_rules() if not r.arguments and is_page(site, r, who)]
