"""People: the list, and a new account with the link by which it is enrolled."""

from collections.abc import Mapping

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.enrolment import add_person
from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.administration.secret_once import secret_page
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.ledger_filters import address, number
from app.web.pieces.unit_choices import unit_codes
from tickets.directory.people import people
from tickets.directory.staff import HeldRole, person_by_email, roles_of
from tickets.errors import InvalidInput, NotFound
from tickets.states import Role

_HERE = "/administration/people"


@blueprint.get(_HERE)
@in_menu(_l("People and roles"), order=2, under="administration")
@signed_in(*ADMINISTERING)
def people_list() -> ResponseReturnValue:
    return _page()


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def add_somebody() -> ResponseReturnValue:
    given = request.form
    try:
        with g.session.begin_nested():
            link = _added(given)
    except InvalidInput as wrong:
        return _page(typed=given, errors={wrong.field: fault_words(wrong)}, status=400)
    except NotFound:
        return _page(typed=given, errors={"unit": _("There is no such unit.")}, status=400)
    return secret_page(
        title=_("Enrolment link of %(email)s", email=given["email"].strip()),
        words=_(
            "Hand it to the person yourself. The link sets the password and the second "
            "factor, works once and is valid for two days."
        ),
        secret=link,
        back=_HERE,
    )


def _added(given: Mapping[str, str]) -> str:
    # A link for an account that exists would take it over: a further role is given on the person's own page.
    if person_by_email(g.session, given.get("email", "")) is not None:
        raise InvalidInput("email", "in_use")
    if given.get("role") not in set(Role):
        raise InvalidInput("role", "required")
    if not given.get("name", "").strip():
        raise InvalidInput("name", "required")
    return add_person(
        g.session,
        email=given.get("email", ""),
        name=given["name"].strip()[:120].replace("\0", ""),
        role=Role(given["role"]),
        unit_code=given.get("unit", "")[:20],
        base_url=settings().base_url,
        actor=g.actor,
        now=g.now,
    )


def _page(
    *, typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    text = request.args.get("q", "").strip()[:80].replace("\0", "")
    rows = people(g.session, text=text, after=_after(), limit=ROWS_OF_A_PAGE + 1)
    shown = rows[:ROWS_OF_A_PAGE]
    last = shown[-1] if len(rows) > ROWS_OF_A_PAGE else None
    following = {"q": text, "after": f"{last.id}~{last.sort_key}"} if last else None
    page = render_template(
        "administration/people.html",
        people=shown,
        roles=_roles([one.id for one in shown]),
        text=text,
        role_codes=list(Role),
        units=unit_codes(),
        typed=typed or {},
        errors=errors or {},
        next_url=address(_HERE, following) if following else None,
        first_url=address(_HERE, {"q": text}) if request.args.get("after") else None,
    )
    return Response(page, status, mimetype="text/html")


def _after() -> tuple[str, int] | None:
    last_id, _tilde, key = request.args.get("after", "").replace("\0", "").partition("~")
    found = number(last_id)
    return (key, found) if found is not None else None


def _roles(staff_ids: list[int]) -> dict[int, list[HeldRole]]:
    held: dict[int, list[HeldRole]] = {}
    for one in roles_of(g.session, staff_ids):
        if one.valid_to is None or one.valid_to > g.now:
            held.setdefault(one.staff_id, []).append(one)
    return held
