"""One person: roles given and ended, a new enrolment link, the account closed."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.enrolment import renew_enrolment
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.secret_once import secret_page
from app.web.frame.access import signed_in
from app.web.frame.current import settings, today
from app.web.frame.fault_words import fault_words
from app.web.pieces.unit_choices import unit_codes
from telephony.floor.floor import ANSWERING_ROLES
from tickets.directory.contact_methods import methods_of
from tickets.directory.people import close_account, give_role, person, take_role
from tickets.directory.staff import roles_of
from tickets.directory.units import unit_named
from tickets.errors import InvalidInput, NotFound
from tickets.states import Role


@blueprint.get("/administration/people/<int:staff_id>")
@signed_in(*ADMINISTERING)
def one_person(staff_id: int) -> ResponseReturnValue:
    return _page(staff_id)


@blueprint.post("/administration/people/<int:staff_id>/roles")
@signed_in(*ADMINISTERING)
def add_role(staff_id: int) -> ResponseReturnValue:
    person(g.session, staff_id)
    try:
        role = request.form.get("role", "")
        if role not in set(Role):
            raise InvalidInput("role", "required")
        unit = unit_named(g.session, request.form.get("unit", "")[:20], on=today())
        give_role(g.session, staff_id, role=Role(role), unit_id=unit.id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(staff_id, errors={wrong.field: fault_words(wrong)}, status=400)
    except NotFound:
        return _page(staff_id, errors={"unit": _("There is no such unit.")}, status=400)
    flash(_("The role was given."), "success")
    return redirect(f"/administration/people/{staff_id}", code=303)


@blueprint.post("/administration/roles/<int:assignment_id>/end")
@signed_in(*ADMINISTERING)
def end_role(assignment_id: int) -> ResponseReturnValue:
    try:
        staff_id = take_role(g.session, assignment_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(g.viewer.staff_id, errors={"": fault_words(wrong)}, status=400)
    flash(_("The role has ended."), "success")
    return redirect(f"/administration/people/{staff_id}", code=303)


@blueprint.post("/administration/people/<int:staff_id>/link")
@signed_in(*ADMINISTERING)
def new_link(staff_id: int) -> ResponseReturnValue:
    """For somebody who has lost password or telephone: whoever holds the old ones is signed out at once."""
    found = person(g.session, staff_id)
    if found.disabled_at is not None:
        raise NotFound("staff", staff_id)
    link = renew_enrolment(g.session, staff_id, base_url=settings().base_url, actor=g.actor, now=g.now)
    return secret_page(
        title=_("Enrolment link of %(email)s", email=found.email),
        words=_(
            "Hand it to the person yourself. The link sets the password and the second "
            "factor, works once and is valid for two days."
        ),
        secret=link,
        back=f"/administration/people/{staff_id}",
    )


@blueprint.post("/administration/people/<int:staff_id>/disable")
@signed_in(*ADMINISTERING)
def disable(staff_id: int) -> ResponseReturnValue:
    try:
        close_account(g.session, staff_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(staff_id, errors={"": fault_words(wrong)}, status=400)
    flash(_("The account is closed and signed out everywhere."), "success")
    return redirect(f"/administration/people/{staff_id}", code=303)


def _page(staff_id: int, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    held = roles_of(g.session, [staff_id])
    page = render_template(
        "administration/person.html",
        someone=person(g.session, staff_id),
        held=held,
        takes_calls=any(one.role in ANSWERING_ROLES and (one.valid_to is None or one.valid_to > g.now) for one in held),
        methods=methods_of(g.session, [staff_id]).get(staff_id, []),
        role_codes=list(Role),
        units=unit_codes(),
        is_me=staff_id == g.viewer.staff_id,
        typed=request.form,
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")
