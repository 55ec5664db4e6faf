"""My own page: by which ways I am reached, in which order and hours, proved by a code and tried by a button."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.limits import by_session, limiter
from tickets.directory import contact_methods
from tickets.directory.contact_hours import Hours
from tickets.directory.people import person
from tickets.errors import InvalidInput
from tickets.outbox.contact_codes import send_code, send_test, tests_of
from tickets.states import OutboundChannel, Role
from tickets.typed_text import typed_number

blueprint = Blueprint("contacts", __name__)

_HERE = "/my/contacts"


@blueprint.get(_HERE)
@signed_in(*Role)
def contacts() -> ResponseReturnValue:
    return _page()


@blueprint.post(_HERE)
@signed_in(*Role)
def save() -> ResponseReturnValue:
    kind = request.form.get("kind", "")
    try:
        if kind not in contact_methods.METHOD_KINDS:
            raise InvalidInput("kind", "required")
        contact_methods.save(
            g.session,
            g.viewer.staff_id,
            kind=OutboundChannel(kind),
            address=request.form.get("address", "").replace("\0", ""),
            hours=Hours(_hour("from_hour"), _hour("to_hour")),
            actor=g.actor,
            now=g.now,
        )
    except InvalidInput as wrong:
        return _page(errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("Kept. Now have a code sent there, to prove that it reaches you."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:method_id>/code")
@signed_in(*Role)
@limiter.limit("10 per hour", key_func=by_session)
def have_code_sent(method_id: int) -> ResponseReturnValue:
    try:
        send_code(g.session, g.viewer.staff_id, method_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={f"code-{method_id}": fault_words(wrong)}, status=400)
    flash(_("A code is on its way. Type it in here within 15 minutes."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:method_id>/prove")
@signed_in(*Role)
@limiter.limit("30 per hour", key_func=by_session)
def prove(method_id: int) -> ResponseReturnValue:
    code = "".join(request.form.get("code", "").split())[:20]
    if not contact_methods.prove(g.session, g.viewer.staff_id, method_id, code, actor=g.actor, now=g.now):
        wrong = _("This is not the code, or it is too old. After five wrong ones a new code is needed.")
        return _page(errors={f"code-{method_id}": wrong}, status=400)
    flash(_("Proved: reports come to you this way."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:method_id>/test")
@signed_in(*Role)
@limiter.limit("10 per hour", key_func=by_session)
def try_it(method_id: int) -> ResponseReturnValue:
    send_test(g.session, g.viewer.staff_id, method_id, actor=g.actor, now=g.now)
    flash(_("A test is on its way; what becomes of it stands here."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:method_id>/up")
@signed_in(*Role)
def move_up(method_id: int) -> ResponseReturnValue:
    contact_methods.move_up(g.session, g.viewer.staff_id, method_id, actor=g.actor, now=g.now)
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:method_id>/remove")
@signed_in(*Role)
def remove(method_id: int) -> ResponseReturnValue:
    contact_methods.remove(g.session, g.viewer.staff_id, method_id, actor=g.actor, now=g.now)
    flash(_("Removed."), "success")
    return redirect(_HERE, code=303)


def _hour(name: str) -> int | None:
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    hour = typed_number(typed)
    if hour is None or hour > 24:
        raise InvalidInput("hours", "not_an_hour")
    return hour


def _page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    mine = contact_methods.methods_of(g.session, [g.viewer.staff_id]).get(g.viewer.staff_id, [])
    page = render_template(
        "sign_in/contact_methods.html",
        methods=mine,
        tests=tests_of(g.session, mine, now=g.now),
        kinds=contact_methods.METHOD_KINDS,
        account=person(g.session, g.viewer.staff_id),
        typed=request.form,
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")
