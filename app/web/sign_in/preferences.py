"""Language and theme: kept in a cookie for everybody, and with the account of a signed-in person."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, current_app, g, redirect, request
from flask.typing import ResponseReturnValue

from app.web.frame.access import public
from app.web.frame.local_target import local_target
from tickets.directory import staff
from tickets.states import LOCALES

blueprint = Blueprint("preferences", __name__)

_YEAR_SECONDS = 365 * 24 * 3600
_CHOICES: Mapping[staff.Preference, Sequence[str]] = {"theme": ("light", "dark", "auto"), "locale": LOCALES}


@blueprint.post("/preferences")
@public
def change() -> ResponseReturnValue:
    """Keep what was chosen and go back to where the person was."""
    response = redirect(local_target(request.form.get("next", "")), code=303)
    for name, allowed in _CHOICES.items():
        value = request.form.get(name, "")
        if value not in allowed:
            continue
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(name, value, max_age=_YEAR_SECONDS, samesite="Lax", secure=secure, path="/")
        if g.viewer:
            staff.choose(g.session, g.viewer.staff_id, {name: value})
    return response
