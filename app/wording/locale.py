"""Which language a page speaks: the person's own, the cookie's, the browser's, the city's."""

from flask import current_app, g, has_request_context, request

from tickets.states import LOCALES

LOCALE_COOKIE = "locale"
_OWN_NAMES = {"vi": "Tiếng Việt", "en": "English"}


def chosen_locale() -> str:
    if not has_request_context():
        return "vi"
    cookie = request.cookies.get(LOCALE_COOKIE, "")
    if cookie in LOCALES:
        return cookie
    viewer = g.get("viewer")
    if viewer is not None and viewer.locale in LOCALES:
        return str(viewer.locale)
    # A browser set to English gets English; anything we do not speak gets the city's own language.
    accepted = request.accept_languages.best_match(LOCALES)
    default: str = current_app.config["HOTLINE_DEFAULT_LOCALE"]
    return accepted or default


def own_name_of(code: str) -> str:
    """What a language calls itself; a code nobody has named yet is shown as it is."""
    return _OWN_NAMES.get(code, code)
