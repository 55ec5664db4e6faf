"""Language and theme: kept in a cookie for everybody, and with the account of a signed-in person."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.web.frame.access import public
from app.web.frame.local_target import local_target
from app.web.frame.menu import GUIDE_COOKIE, GUIDE_LEFT, GUIDE_OPEN
from tickets.directory import staff
from tickets.states import LOCALES

blueprint = Blueprint("preferences", __name__)

_YEAR_SECONDS = 365 * 24 * 3600
_CHOICES: Mapping[staff.Preference, Sequence[str]] = {"theme": ("light", "dark", "auto"), "locale": LOCALES}
# Known to the browser alone.
_OF_THE_BROWSER: Mapping[str, Sequence[str]] = {GUIDE_COOKIE: (GUIDE_LEFT, GUIDE_OPEN)}


@blueprint.post("/preferences")
@public
def change() -> ResponseReturnValue:
    """Keep what was chosen and go back to where the person was."""
    response = redirect(local_target(request.form.get("next", "")), code=303)
    for name, allowed in _CHOICES.items():
        if _keep(response, name, allowed) and g.viewer:
            staff.choose(g.session, g.viewer.staff_id, {name: request.form[name]})
    for own, allowed in _OF_THE_BROWSER.items():
        _keep(response, own, allowed)
    return response


def _keep(response: Response, name: str, allowed: Sequence[str]) -> bool:
    """Whether it was chosen: then the browser knows it for a year."""
    value = request.form.get(name, "")
    if value not in allowed:
        return False
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(name, value, max_age=_YEAR_SECONDS, samesite="Lax", secure=secure, path="/")
    return True
