"""Fields and areas: which member of the city's leadership answers for each, by which decision, from which day on."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, LOOKING, blueprint
from app.web.administration.chosen_person import chosen_person
from app.web.frame.access import signed_in
from app.web.frame.current import rules, today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.moments import read_day
from app.web.pieces.unit_choices import unit_options
from app.wording.field_words import field_word
from tickets.directory.responsibilities import (
    ResponsibilityFacts,
    decide,
    end_responsibility,
    fields_of_matters,
    responsibilities,
)
from tickets.directory.staff import people_at
from tickets.errors import InvalidInput
from tickets.folding import fold
from tickets.states import Role
from tickets.typed_text import typed_number

_HERE = "/administration/responsibilities"
_LEADING = (Role.LEADER,)


@blueprint.get(_HERE)
@in_menu(_l("Fields and areas"), order=2, under="administration")
@signed_in(*LOOKING)
def who_is_responsible() -> ResponseReturnValue:
    return _page()


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def give_responsibility() -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            decide(g.session, _wanted(), actor=g.actor, today=today(), now=g.now)
    except InvalidInput as wrong:
        return _page(errors={wrong.field: fault_words(wrong)}, status=400)
    flash(
        _("Saved. Open reports go on to whoever is responsible within a minute of the day on which it begins."),
        "success",
    )
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<int:responsibility_id>/end")
@signed_in(*ADMINISTERING)
def end_one(responsibility_id: int) -> ResponseReturnValue:
    end_responsibility(g.session, responsibility_id, actor=g.actor, today=today(), now=g.now)
    flash(_("Saved. What was to come is taken back, what was held has ended."), "success")
    return redirect(_HERE, code=303)


def _wanted() -> ResponsibilityFacts:
    form = request.form
    field, unit_id = form.get("field", ""), typed_number(form.get("unit", ""))
    if field and field not in fields_of_matters(g.session):
        raise InvalidInput("field", "required")
    if unit_id is not None and unit_id not in rules().routing.units:
        raise InvalidInput("unit", "no_such_unit")
    begins = read_day(form.get("from", ""), field="from")
    if begins is None:
        raise InvalidInput("from", "required")
    if begins.year > today().year + 5:
        raise InvalidInput("from", "not_a_date")
    decision = form.get("decision", "").strip().replace("\0", "")
    return ResponsibilityFacts(chosen_person(), decision, begins, field=field or None, unit_id=unit_id)


def _page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    fields = [(code, field_word(code)) for code in fields_of_matters(g.session)]
    city = [unit_id for unit_id, unit in rules().routing.units.items() if unit.code == "79"]
    leaders = {one.staff.id: one.staff.name for one in people_at(g.session, city, roles=_LEADING, now=g.now)}
    page = render_template(
        "administration/responsibilities.html",
        rows=responsibilities(g.session),
        field_options=sorted(fields, key=lambda one: fold(one[1])),
        unit_options=unit_options(),
        people_options=list(leaders.items()),
        today=today(),
        typed=request.form,
        errors=errors or {},
        may_change=g.viewer.holds(*ADMINISTERING),
    )
    return Response(page, status, mimetype="text/html")
