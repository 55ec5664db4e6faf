"""The telephone in the browser: what it registers with, good for an hour at most and never beyond the session."""

from datetime import datetime, timedelta

from flask import abort, g, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from app.phone.telephones import BrowserDriver, credentials, hosts
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import bar_context
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.limits import by_session, limiter
from app.web.frame.response_headers import content_policy
from app.web.frame.session_cookie import signed_in_person
from app.web.pieces.telephone_choice import rung_of
from telephony.floor.presence import presence_of
from telephony.provider.browsers import BROWSER_LIBRARY
from tickets.audit.entries import record
from tickets.directory import web_sessions
from tickets.states import PresenceState, TelephoneKind

GOOD_FOR = timedelta(hours=1)


# What each driver needs beside our own script.
_LIBRARIES = {
    BrowserDriver.EXCHANGE: "vendor/jssip/jssip.min.js",
    BrowserDriver.PROVIDER: BROWSER_LIBRARY,
}


@blueprint.get("/console/telephone")
@signed_in(*ANSWERING)
def telephone_window() -> ResponseReturnValue:
    """The window that holds the telephone; it alone may connect to an exchange or a provider."""
    rung = rung_of(g.viewer.staff_id)
    if rung.kind is not TelephoneKind.BROWSER or rung.driver is BrowserDriver.NONE:
        return redirect("/my/telephone", code=303)
    page = render_template(
        "console/telephone.html", driver=rung.driver.value, library=_LIBRARIES.get(rung.driver), **bar_context()
    )
    return page, 200, {"Content-Security-Policy": content_policy(*hosts(settings()))}


@blueprint.get("/console/telephone/line")
@signed_in(*ANSWERING)
def telephone_line() -> ResponseReturnValue:
    """Asked by a telephone that rings: only what the agent has taken on the bar is answered without a press."""
    mine = presence_of(g.session, g.viewer.staff_id)
    return jsonify(expected=mine is not None and mine.state is PresenceState.ON_CALL)


@blueprint.post("/console/telephone/credentials")
@signed_in(*ANSWERING)
@limiter.limit("60 per hour", key_func=by_session)
def telephone_credentials() -> ResponseReturnValue:
    """Asked for by the telephone itself, again before they end; 409 for whoever talks elsewhere."""
    rung = rung_of(g.viewer.staff_id)
    until = _until()
    told = credentials(settings(), g.viewer.staff_id, until=until, now=g.now)
    if rung.kind is not TelephoneKind.BROWSER or told is None or until <= g.now:
        abort(409)
    record(
        g.session, actor=g.actor, action="telephone.registered", subject_kind="staff",
        subject_id=g.viewer.staff_id, params={"until": until.isoformat()}, now=g.now,
    )  # fmt: skip
    return jsonify(told)


def _until() -> datetime:
    person = signed_in_person(g.session, now=g.now)
    ends = web_sessions.ends_at(g.session, person.session_id) if person else g.now
    until: datetime = min(ends, g.now + GOOD_FOR)
    return until
