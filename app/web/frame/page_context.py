"""What every template knows without being told: language, theme, the city, who is signed in and where they can go."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request

from app.storage.backlog_note import is_noted
from app.storage.play_progress import noted
from app.web.frame.current import city_phone, hotline, settings
from app.web.frame.menu import MOST_IN_MENU, menu
from app.web.frame.page_address import page_address
from app.wording.codes import role_word
from app.wording.locale import chosen_locale, own_name_of
from tickets.city import city
from tickets.people.roles import SEEING, Viewer
from tickets.queries.notices import unread_count
from tickets.states import LOCALES

_THEMES = ("light", "dark", "auto")


@dataclass(frozen=True, slots=True)
class ShownCity:
    """The city as pages name it; its number is looked up where a page prints it, and empty where there is none."""

    name: str
    # An error page asks no database: it may be what is wrong.
    asks: bool = True

    @property
    def hotline(self) -> str:
        return city_phone() if self.asks else settings().city_line or hotline().reference.city_phone_known


def shown_city(*, asks: bool = True) -> ShownCity:
    return ShownCity(city().name if chosen_locale() == "vi" else city().name_en, asks)


def page_context() -> dict[str, Any]:
    theme = request.cookies.get("theme", "")
    viewer, locale = g.get("viewer"), chosen_locale()
    context: dict[str, Any] = {
        "locale": locale,
        "theme": theme if theme in _THEMES else (viewer.theme if viewer else "auto"),
        "languages": [(code, own_name_of(code)) for code in LOCALES],
        "city": shown_city(),
        "now": g.get("now"),
        # What a form is answered with must not be asked for again by the browser's back button.
        "own_address": page_address() if request.method == "POST" else "",
    }
    # A look at a file, no statement; where there is no demonstration not even that.
    if settings().demo and (playing := noted(settings().data_dir)) and not playing.failed:
        context["demonstration_percent"] = playing.percent
    if is_noted(settings().data_dir):
        context["is_catching_up"] = True
    if settings().demo:
        context["stage"] = "demonstration"
    elif hotline().announcements.is_preparing:
        context["stage"] = "preparing"
    if (now := g.get("now")) is not None:
        context["announcement"] = hotline().announcements.shown(now)
    if viewer:
        first = viewer.held[0].role if viewer.held else ""
        context["person"] = {"name": viewer.name, "role": role_word(first) if first else ""}
        context["may_search"] = viewer.holds(*SEEING)
        context["unread_notices"] = lambda: _unread_notices(viewer)
        context["nav"] = menu(viewer, request.path)
        context["live_url"] = current_app.config["HOTLINE_LIVE_ORIGIN"] + "/live"
    return context


def _unread_notices(viewer: Viewer) -> int:
    """For the bell; most people have none, which came along with who they are."""
    return unread_count(g.session, viewer, most=MOST_IN_MENU + 1, now=g.now) if viewer.has_notices else 0
