"""Whether one's own units are ready: what is missing, whom a late ticket would ring tonight, and a test call."""

from flask import flash, g, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.readiness_page import shown_unit
from app.web.supervisor.blueprint import blueprint
from app.wording.contact_codes import outbound_channel_word
from app.wording.readiness_words import fields_phrase, tested_word, tonight_word
from escalation.queries.readiness import UnitReadiness, next_night, units_readiness
from tickets.directory.going_live import decisions_about, last_decisions
from tickets.directory.lines import unit_of_line
from tickets.errors import InvalidInput, NotFound
from tickets.outbox.line_tests import call_line
from tickets.people.roles import Viewer
from tickets.queries.agents_reached import agents_reached
from tickets.states import Role
from tickets.work.handing_over import waiting_for

_HERE = "/supervisor/readiness"
# Who steers a unit, who checks the directory, and who sets it all up.
PREPARING = (Role.SUPERVISOR, Role.CITY_OFFICE, Role.ADMINISTRATOR)


def prepared_units(viewer: Viewer) -> tuple[int, ...] | None:
    """Whose readiness this person looks after; None: the whole city's."""
    return None if viewer.covers_city(*PREPARING) else viewer.unit_ids(*PREPARING)


@blueprint.get(_HERE)
@in_menu(_l("Readiness"), order=6, icon="check")
@signed_in(*PREPARING)
def readiness() -> ResponseReturnValue:
    """One unit is shown at once, several as a list; who has the whole city sees it in administration."""
    own = prepared_units(g.viewer)
    found = units_readiness(g.session, unit_ids=own, now=g.now)
    if len(found) == 1:
        return _unit_page(found[0])
    decided = last_decisions(g.session)
    worst_first = sorted(found, key=lambda one: (-one.harm, one.facts.sort_key))
    units = [shown_unit(one, decided.get(one.facts.unit_id), g.viewer) for one in worst_first]
    return render_template("supervisor/readiness.html", units=units)


@blueprint.get(f"{_HERE}/<int:unit_id>")
@signed_in(*PREPARING)
def unit_readiness(unit_id: int) -> ResponseReturnValue:
    return _unit_page(_own(unit_id))


@blueprint.post(f"{_HERE}/lines/<int:line_id>/call")
@signed_in(*PREPARING)
def test_line(line_id: int) -> ResponseReturnValue:
    """Ring a published line; whoever takes it up presses 1, and that is kept with its date."""
    unit_id = unit_of_line(g.session, line_id)
    _own(unit_id)
    try:
        line = call_line(g.session, line_id, staff_id=g.viewer.staff_id, actor=g.actor, now=g.now)
        flash(_("%(line)s is being called: whoever answers is asked to press 1.", line=line.phone), "success")
    except InvalidInput as wrong:
        flash(fault_words(wrong), "error")
    return redirect(f"{_HERE}/{unit_id}#lines", code=303)


def _own(unit_id: int | None) -> UnitReadiness:
    own = prepared_units(g.viewer)
    if unit_id is None or unit_id not in rules().routing.units or (own is not None and unit_id not in own):
        raise NotFound("unit", unit_id)
    found = units_readiness(g.session, unit_ids=[unit_id], now=g.now)
    if not found:
        raise NotFound("unit", unit_id)
    return found[0]


def _unit_page(found: UnitReadiness) -> ResponseReturnValue:
    unit_id = found.facts.unit_id
    decisions = decisions_about(g.session, unit_id)
    return render_template(
        "supervisor/readiness_unit.html",
        unit=shown_unit(found, decisions[0] if decisions else None, g.viewer),
        facts=found.facts,
        tonight=found.tonight,
        night=next_night(g.now),
        agents=agents_reached(g.session, unit_id, now=g.now),
        decisions=decisions,
        to_hand_over=waiting_for(g.session, [unit_id], now=g.now),
        may_decide=g.viewer.holds(Role.ADMINISTRATOR),
        way_word=outbound_channel_word,
        tested_word=tested_word,
        tonight_word=tonight_word,
        fields_phrase=fields_phrase,
    )
