"""The night check: which units consent, how the last calls ended, and the figure of each month."""

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.office.blueprint import LOOKING_ON, RELEASING, blueprint
from app.wording.night_words import night_word
from tickets.errors import NotFound
from tickets.outbox.night_checks import MOST_A_NIGHT, NO_FAILURE, set_consent
from tickets.queries.night_figures import night_months, night_units
from tickets.queries.readiness_facts import unit_facts
from tickets.schema import NightCall
from tickets.states import Role


@blueprint.get("/office/night")
@in_menu(_l("Night check"), order=7, icon="moon", only=RELEASING)
@signed_in(*LOOKING_ON, Role.SUPERVISOR)
def night_check() -> ResponseReturnValue:
    """The whole city's, or one's own units'; each supervisor consents for their own."""
    whole = g.viewer.holds(*LOOKING_ON)
    own = g.viewer.unit_ids(Role.SUPERVISOR)
    facts = unit_facts(g.session, unit_ids=None if whole else own, now=g.now)
    units = night_units(g.session, [one.unit_id for one in facts if one.lines])
    return render_template(
        "office/night.html",
        units=sorted(units, key=lambda one: not _failed(one.last)),
        months=night_months(g.session, unit_ids=None if whole else own),
        own=own,
        consenting=sum(one.consents for one in units),
        failed=sum(_failed(one.last) for one in units),
        most=MOST_A_NIGHT,
        night_word=night_word,
        fine=NO_FAILURE,
    )


@blueprint.post("/office/night/<int:unit_id>/consent")
@signed_in(Role.SUPERVISOR)
def consent_to_night_check(unit_id: int) -> ResponseReturnValue:
    """The unit's own word, given or taken back; it holds from the next call on."""
    if unit_id not in g.viewer.unit_ids(Role.SUPERVISOR):
        raise NotFound("unit", unit_id)
    is_given = request.form.get("consents") == "1"
    set_consent(g.session, unit_id, is_given=is_given, actor=g.actor, now=g.now)
    flash(_("Your lines are called at night.") if is_given else _("Your lines are not called at night."), "success")
    return redirect("/office/night", code=303)


def _failed(call: NightCall | None) -> bool:
    return call is not None and call.result not in NO_FAILURE
