"""The menus of signed-in people, derived from the views: a page says that it is in a menu, and who may open it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app
from flask_babel import LazyString

from app.web.frame.access import declared
from tickets.people.roles import Viewer
from tickets.states import Role

View = TypeVar("View", bound=Callable[..., Any])


# The guide of whoever sets a city up.
SETTING_UP = "/administration/setting-up"
# Kept by the browser: whether whoever sets the city up lands there after signing in, or has left the guide.
GUIDE_COOKIE, GUIDE_LEFT, GUIDE_OPEN = "guide", "left", "open"
# A number that stands beside every page is not counted further.
MOST_IN_MENU = 99


@dataclass(frozen=True, slots=True)
class MenuPlace:
    """Where a page stands: its name, which menu (`under`; "" is the main one), and its order from 0 there.

    `counting`: how many things wait there for the reader; asked only where a menu is shown. `only`: of those who may
    open the page, whose daily work it is; others come by a link.
    """

    label: LazyString
    order: int
    icon: str = ""
    hotkey: str = ""
    under: str = ""
    counting: Callable[[], int] | None = None
    only: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    url: str
    label: str
    icon: str
    active: bool
    hotkey: str = ""
    counting: Callable[[], int] | None = None

    @property
    def count(self) -> str:
        """As it is shown; "" when nothing waits."""
        number = self.counting() if self.counting is not None else 0
        return f"{MOST_IN_MENU}+" if number > MOST_IN_MENU else str(number or "")


def in_menu(
    label: LazyString,
    *,
    order: int,
    icon: str = "",
    hotkey: str = "",
    under: str = "",
    counting: Callable[[], int] | None = None,
    only: tuple[Role, ...] = (),
) -> Callable[[View], View]:
    """The view is in a menu, for whoever its `signed_in` lets in, or `only` some of them; it may stand in several."""

    def mark(view: View) -> View:
        places = (*getattr(view, "menu_places", ()), MenuPlace(label, order, icon, hotkey, under, counting, only))
        view.menu_places = places  # type: ignore[attr-defined]
        return view

    return mark


def home_of(viewer: Viewer) -> str:
    """Where a person lands after signing in: what they are here for first."""
    for role, url in (
        (Role.LEADER, "/leadership"),
        (Role.SUPERVISOR, "/supervisor"),
        (Role.CITY_OFFICE, "/console"),
        (Role.AGENT, "/console"),
        (Role.ADMINISTRATOR, "/administration"),
        (Role.AUDITOR, "/administration/audit"),
    ):
        if viewer.holds(role):
            return url
    return "/"


def menu(viewer: Viewer, path: str, *, under: str = "") -> list[Entry]:
    """The pages of one menu that this person may open; the one that `path` lies in is active."""
    open_to = [(url, place) for url, place, roles in _places() if place.under == under and viewer.holds(*roles)]
    matching = [url for url, _place in open_to if path == url or path.startswith(url + "/")]
    here = max(matching, key=len, default="")
    return [
        Entry(url, str(place.label), place.icon, url == here, place.hotkey, place.counting) for url, place in open_to
    ]


def _places() -> list[tuple[str, MenuPlace, frozenset[Role]]]:
    # Views are known once the application is set up and never change afterwards.
    kept = current_app.extensions.get("hotline_menu")
    if kept is None:
        kept = current_app.extensions["hotline_menu"] = sorted(_found(), key=lambda found: found[1].order)
    return list(kept)


def _found() -> Iterator[tuple[str, MenuPlace, frozenset[Role]]]:
    for rule in current_app.url_map.iter_rules():
        view = current_app.view_functions[rule.endpoint]
        access = declared(view)
        for place in getattr(view, "menu_places", ()):
            if access is None or not access.roles:
                raise LookupError(f"{rule.endpoint} is in a menu but does not say which roles may open it.")
            yield rule.rule, place, frozenset(place.only) & frozenset(access.roles) if place.only else access.roles
