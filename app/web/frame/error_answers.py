"""What an error is answered with: people at work keep their menu, citizens the city's header; programs get JSON."""

from contextlib import suppress
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, render_template, request
from flask_babel import gettext as _
from flask_babel import refresh
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.storage.database_faults import DatabaseFault, fault_of, passes
from app.web.frame.access import declared
from app.web.frame.current import hotline, settings, today
from app.web.frame.errors import ShownError, field_errors, problem, trouble_of, wants_json
from app.web.frame.giving_way import AGAIN_AFTER_SECONDS, GivesWay
from app.web.frame.local_target import local_target, parts_of
from app.web.frame.menu import home_of
from app.web.frame.page_context import ShownCity, shown_city
from app.web.frame.session_cookie import SESSION_COOKIE, SignedIn, signed_in_person
from app.web.frame.typed_again import typed_again
from tickets.people.roles import Viewer

log = structlog.get_logger()

Way = tuple[str, str]

# What was typed may be sent again as it is: the same answer need not come twice.
_SENT_AGAIN = (429, 500, 503)
# What was typed does not fit, or not any more as the matter stands now; its words are shown, to be taken over.
_TAKEN_OVER = (400, 409)


def answer_error(error: Exception) -> Any:
    viewer = None if wants_json() else _at_work(error)
    trouble = trouble_of(error)
    if isinstance(error, DataError):
        log.warning("request.unfit", request_id=g.get("request_id", ""), endpoint=request.endpoint)
    if isinstance(error, GivesWay):
        log.info("request gave way", request_id=g.get("request_id", ""), endpoint=request.endpoint)
    elif trouble.status >= 500:
        log.error("request failed", request_id=g.get("request_id", ""), endpoint=request.endpoint, exc_info=error)
    if wants_json():
        return _told_when_to_come_again(problem(trouble, field_errors(error)), error)
    page = Response(_page(trouble, viewer, is_busy=isinstance(error, GivesWay)), trouble.status, mimetype="text/html")
    response = _told_when_to_come_again(page, error)
    if isinstance(error, HTTPException) and error.code == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response


def _told_when_to_come_again(response: Response, error: Exception) -> Response:
    if response.status_code == 503:
        response.headers["Retry-After"] = str(AGAIN_AFTER_SECONDS if isinstance(error, GivesWay) else 60)
    if fault_of(error) is DatabaseFault.AWAY:
        # For scripts: a page that only gave way must not say that the database is gone.
        response.headers["X-Database"] = "away"
    return response


def _at_work(error: Exception) -> Viewer | None:
    """The person of this request, when signed in as far as their roles ask for; nobody else sees a menu of ours.

    Whoever mistypes an address has not been looked up yet: only views ask who somebody is.
    """
    person = g.signed_in if "signed_in" in g else _looked_up(error)
    g.pop("viewer", None)
    if person is None or not person.wholly:
        return None
    viewer: Viewer = person.viewer
    g.viewer = viewer
    # What was said so far was in the browser's language, the page is in the person's own.
    refresh()
    return viewer


def _looked_up(error: Exception) -> SignedIn | None:
    """Not for whoever is sent away because they ask too often, nor while the database is away."""
    asks_too_often = isinstance(error, HTTPException) and error.code == 429
    if SESSION_COOKIE not in request.cookies or asks_too_often or passes(error):
        return None
    try:
        with hotline().open_session() as session:
            return signed_in_person(session, now=g.now)
    except SQLAlchemyError:
        # The error page is needed more than its menu.
        return None


def _page(trouble: ShownError, viewer: Viewer | None, *, is_busy: bool) -> str:
    """What happened, what was kept and where to go now, in the frame that this person works in.

    Nothing on it depends on what was asked for, so that it never tells whether there is such a ticket.
    """
    about: dict[str, Any] = {
        "city": _city(trouble),
        "status": trouble.status,
        "title": trouble.title,
        "words": trouble.words,
        "request_id": g.get("request_id", ""),
        "back": _page_before(),
        "again": request.full_path.rstrip("?") if _may_be_opened_again(trouble, is_busy=is_busy) else "",
        "opens_itself": not is_busy and trouble.status == 503 and _may_be_opened_again(trouble, is_busy=False),
        "typed": typed_again() if trouble.status in _SENT_AGAIN + _TAKEN_OVER else None,
        "is_sent_again": trouble.status in _SENT_AGAIN,
        "is_at_work": viewer is not None or _is_for_people_at_work(),
        "support_phone": settings().support_phone,
    }
    if viewer is None:
        # Who looks at a page of theirs while the database is away cannot be looked up, and is no citizen all the same.
        layout, ways = ("plain", []) if about["is_at_work"] else ("public", _ways_of_citizens())
        return render_template("errors/page.html", layout=f"layouts/{layout}.html", ways=ways, **about)
    at_work = {**about, "layout": "layouts/desk.html", "ways": [(home_of(viewer), _("To my start page"))]}
    if trouble.status == 503:
        return render_template("errors/page.html", **at_work)
    try:
        # The request's own session ended with its transaction; this one only reads, for the call bar.
        with hotline().open_session() as g.session:
            return render_template("errors/page.html", has_bar=True, **at_work)
    except SQLAlchemyError:
        log.warning("request.error_page_without_call_bar", request_id=about["request_id"], exc_info=True)
        return render_template("errors/page.html", **at_work)


def _city(trouble: ShownError) -> ShownCity:
    """Its number from memory; a process that has read nothing yet asks, unless the database is what is wrong."""
    reference = hotline().reference
    if trouble.status != 503 and not reference.city_phone_known:
        # Whatever it is, whoever met trouble reads a page: a directory without a desk has no rules at all.
        with suppress(Exception), hotline().open_session() as session:
            reference.rules(session, on=today())
    return shown_city(asks=False)


def _may_be_opened_again(trouble: ShownError, *, is_busy: bool) -> bool:
    return is_busy or (request.method == "GET" and trouble.status in _SENT_AGAIN)


def _is_for_people_at_work() -> bool:
    access = declared(current_app.view_functions.get(request.endpoint or ""))
    return request.blueprint == "sign_in" or (access is not None and access.kind in ("staff", "halfway"))


def _ways_of_citizens() -> list[Way]:
    return [("/", _("Report or ask something")), ("/track", _("Follow a request with its reference and PIN"))]


def _page_before() -> str:
    """The page of ours that led here, to go back to; none where that is this one or somebody else's."""
    came_from = parts_of(request.referrer or "")
    if came_from.netloc != request.host or came_from.path == request.path:
        return ""
    return local_target(f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path, "")


def register_errors(app: Flask) -> None:
    app.register_error_handler(Exception, answer_error)
    app.register_error_handler(HTTPException, answer_error)
