"""Whether a request comes from a page of ours: browsers say so of each, and no script can change that."""

from enum import StrEnum
from urllib.parse import urlsplit

from flask import current_app, request
from flask_wtf.csrf import CSRFError

from app.web.frame.access import declared
from app.web.frame.current import settings
from app.web.frame.local_target import parts_of

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What people do in a browser; programs bear a token, providers sign, and neither sends a cookie of ours.
_OF_PEOPLE = frozenset({"public", "staff", "halfway"})


class From(StrEnum):
    OURS = "ours"
    ELSEWHERE = "elsewhere"
    UNSAID = "unsaid"
    """By old browsers, by programs, and where the person themselves asked, as by a bookmark."""


def comes_from() -> From:
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return {"same-origin": From.OURS, "none": From.UNSAID}.get(said, From.ELSEWHERE)
    named = request.headers.get("Origin") or request.referrer
    if not named:
        return From.UNSAID
    ours = {request.host, urlsplit(settings().base_url).netloc}
    return From.OURS if parts_of(named).netloc in ours else From.ELSEWHERE


def refuse_forms_from_elsewhere() -> None:
    """Beside the form's token, which a page of a neighbouring site under the same domain could have set by a cookie.

    Nothing here asks whether we are reached by https: behind a proxy only the proxy knows.
    """
    if request.method in _READING or comes_from() is not From.ELSEWHERE:
        return
    access = declared(current_app.view_functions.get(request.endpoint or ""))
    if access is not None and access.kind in _OF_PEOPLE:
        raise CSRFError("The form stands on another site.")
