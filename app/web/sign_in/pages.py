"""Signing in: e-mail and password, a second factor for whoever sees more than their own tickets, enrolment links."""

from urllib.parse import quote

import segno
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import credentials
from app.web.frame.access import password_given, public
from app.web.frame.current import settings, today
from app.web.frame.limits import guesses
from app.web.frame.local_target import local_target
from app.web.frame.menu import GUIDE_COOKIE, GUIDE_LEFT, SETTING_UP, home_of
from app.web.frame.session_cookie import (
    asks_second_factor,
    begin_session,
    clear_cookie,
    end_session,
    give_second_factor,
    set_cookie,
    signed_in_person,
)
from app.web.sign_in.known_browser import KnownBrowser
from tickets.audit import entries
from tickets.directory import one_time_links
from tickets.directory.going_live import city_is_preparing
from tickets.errors import NotFound
from tickets.outbox.invitations import was_invited
from tickets.people.actor import staff_actor
from tickets.people.roles import Viewer, load_viewer
from tickets.schema import OneTimeLink, Staff
from tickets.states import Role

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
@public
def form() -> ResponseReturnValue:
    if g.viewer:
        return redirect(local_target(request.args.get("next", ""), _first_page(g.viewer)), code=303)
    return render_template("sign_in/password.html", next=request.args.get("next", ""), email="", wrong=False)


@blueprint.post("/sign-in")
@public
@guesses("20 per minute")
def check_password() -> ResponseReturnValue:
    """One answer for an unknown e-mail, a wrong password and a locked account: which it was is nobody's business."""
    email = request.form.get("email", "")
    password = request.form.get("password", "")
    staff = credentials.check_password(g.session, email=email, password=password, now=g.now, browser=KnownBrowser())
    if staff is None:
        page = render_template("sign_in/password.html", next=request.form.get("next", ""), email=email, wrong=True)
        return Response(page, 401, mimetype="text/html")
    return _enter(staff, second_factor=False, target=request.form.get("next", ""))


@blueprint.get("/sign-in/code")
@password_given
def code_form() -> ResponseReturnValue:
    return render_template("sign_in/code.html", next=request.args.get("next", ""), wrong=False)


@blueprint.post("/sign-in/code")
@password_given
@guesses("20 per minute")
def check_code() -> ResponseReturnValue:
    person = signed_in_person(g.session, now=g.now)
    assert person is not None  # noqa: S101  (the access gate has looked)
    staff_id, code, browser = person.viewer.staff_id, request.form.get("code", ""), KnownBrowser()
    if not credentials.check_totp(g.session, staff_id, code=code, now=g.now, browser=browser):
        page = render_template("sign_in/code.html", next=request.form.get("next", ""), wrong=True)
        return Response(page, 401, mimetype="text/html")
    token = give_second_factor(g.session, session_id=person.session_id, now=g.now)
    entries.record(
        g.session,
        actor=staff_actor(staff_id, g.request_id),
        action="staff.code_given",
        subject_kind="staff",
        subject_id=staff_id,
        now=g.now,
    )
    onward = redirect(local_target(request.form.get("next", ""), _first_page(person.viewer)), code=303)
    return browser.remember(set_cookie(make_response(onward), token), staff_id)


@blueprint.get("/sign-in/link/<token>")
@public
def link(token: str) -> ResponseReturnValue:
    """A demonstration link signs in fully; an enrolment link asks for a password and shows the second factor's key."""
    row = _live_link(token)
    staff = g.session.get(Staff, row.staff_id)
    if row.purpose == "demo":
        one_time_links.use(g.session, row.id, now=g.now)
        return _enter(staff, second_factor=True, target="")
    return _enrolment_page(staff, token, errors={})


@blueprint.post("/sign-in/link/<token>")
@public
@guesses("20 per minute")
def enrol(token: str) -> ResponseReturnValue:
    row = _live_link(token)
    if row.purpose != "enrol":
        raise NotFound("link")
    staff = g.session.get(Staff, row.staff_id, with_for_update={"key_share": True})
    errors = credentials.enrol(
        g.session,
        staff,
        password=request.form.get("password", ""),
        repeated=request.form.get("repeated", ""),
        code=request.form.get("code", ""),
        now=g.now,
    )
    if errors:
        page = _enrolment_page(staff, token, errors={field: _enrolment_words(code) for field, code in errors.items()})
        page.status_code = 400
        return page
    one_time_links.use(g.session, row.id, now=g.now)
    if was_invited(g.session, staff.id):
        flash(_("You are in. Now prove by a code that reports reach you, and choose their hours."), "success")
        return _enter(staff, second_factor=True, target="/my/contacts")
    return _enter(staff, second_factor=True, target="")


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    person = signed_in_person(g.session, now=g.now)
    if person:
        end_session(g.session, session_id=person.session_id, now=g.now)
    return clear_cookie(make_response(redirect("/sign-in", code=303)))


def _live_link(token: str) -> OneTimeLink:
    # Where citizens can reach us nobody signs in by a link alone, whatever an earlier demonstration has left behind.
    purposes = ("enrol",) if settings().production else ("demo", "enrol")
    row = credentials.live_link(g.session, token, purposes=purposes, now=g.now)
    if row is None:
        raise NotFound("link")
    return row


def _enter(staff: Staff, *, second_factor: bool, target: str) -> Response:
    viewer = load_viewer(g.session, staff.id, now=g.now)
    if viewer is None:
        raise NotFound("staff")
    token = begin_session(g.session, staff_id=staff.id, second_factor=second_factor, now=g.now)
    entries.record(
        g.session,
        actor=staff_actor(staff.id, g.request_id),
        action="staff.signed_in",
        subject_kind="staff",
        subject_id=staff.id,
        params={"second_factor": second_factor},
        now=g.now,
    )
    needs_code = not second_factor and asks_second_factor(viewer)
    goal = local_target(target, _first_page(viewer))
    if needs_code:
        onward = redirect("/sign-in/code?next=" + quote(goal), code=303)
        return set_cookie(make_response(onward), token)
    credentials.signed_in_wholly(staff, now=g.now)
    onward = redirect(goal, code=303)
    return KnownBrowser().remember(set_cookie(make_response(onward), token), staff.id)


def _enrolment_page(staff: Staff, token: str, errors: dict[str, str]) -> Response:
    secret = credentials.pending_totp_secret(g.session, staff)
    address = credentials.totp_address(staff, secret)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2)
    page = render_template(
        "sign_in/enrol.html", staff=staff, token=token, secret=secret, picture=picture, address=address, errors=errors
    )
    return Response(page, mimetype="text/html")


def _enrolment_words(code: str) -> str:
    return {
        "too_short": _("At least 12 characters: a short sentence is easy to remember."),
        "not_equal": _("The two passwords do not match."),
        "too_common": _("This password is easy to guess. Please choose another."),
        "wrong_code": _("Wrong code. It changes every 30 seconds; check the clock of your phone."),
    }[code]


def _first_page(viewer: Viewer) -> str:
    """Where they land; whoever sets a city up, at its guide, until it is live or they have left the guide.

    Asked of the database: what this process remembers of it may be older than the city.
    """
    is_setting_up = viewer.holds(Role.ADMINISTRATOR) and not settings().demo
    if not is_setting_up or request.cookies.get(GUIDE_COOKIE) == GUIDE_LEFT:
        return home_of(viewer)
    return SETTING_UP if city_is_preparing(g.session, on=today()) else home_of(viewer)
