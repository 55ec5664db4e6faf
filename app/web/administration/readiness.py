"""The city on its way to going live: what it lacks, 168 units as dots and as a table, and the decision for each."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.phone.installation import installation
from app.web.administration.blueprint import ADMINISTERING, SEEING_UNITS, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import settings, today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.readiness_page import ShownUnit, shown_lacks, shown_unit, units_as_dots
from escalation.queries.readiness import city_readiness
from tickets.directory import going_live
from tickets.errors import InvalidInput
from tickets.typed_text import typed_day, typed_number
from tickets.work.handing_over import hand_over, waiting_for

_HERE = "/administration/readiness"


@blueprint.get(_HERE)
@in_menu(_l("Readiness"), order=0, under="administration")
@signed_in(*SEEING_UNITS)
def city_readiness_page() -> ResponseReturnValue:
    return _page()


@blueprint.post(f"{_HERE}/live")
@signed_in(*ADMINISTERING)
def go_live() -> ResponseReturnValue:
    """The decision, by name: the ticked units (or all) receive what is theirs from a day on."""
    try:
        on_day = typed_day(request.form.get("on", "") or today().isoformat())
        if on_day is None:
            raise InvalidInput("on", "not_a_date")
        decided = going_live.go_live(g.session, _chosen(), on_day=on_day, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={_field(wrong): fault_words(wrong)}, status=400)
    flash(ngettext("%(num)d unit goes live.", "%(num)d units go live.", decided), "success")
    return redirect(_back(), code=303)


@blueprint.post(f"{_HERE}/take-back")
@signed_in(*ADMINISTERING)
def take_back() -> ResponseReturnValue:
    """The city works for the ticked units again; the reason is kept with the name."""
    try:
        reason = request.form.get("reason", "").replace("\0", "")
        decided = going_live.take_back(g.session, _chosen(), reason=reason, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={_field(wrong): fault_words(wrong)}, status=400)
    flash(
        ngettext("The city works for %(num)d unit again.", "The city works for %(num)d units again.", decided),
        "success",
    )
    return redirect(_back(), code=303)


@blueprint.post(f"{_HERE}/hand-over")
@signed_in(*ADMINISTERING)
def give_to_live_units() -> ResponseReturnValue:
    """What the city's desk took on for units that are live now becomes their own; again for what is left."""
    unit_id = typed_number(request.form.get("back", ""))
    told = hand_over(g.session, None if unit_id is None else [unit_id], actor=g.actor, now=g.now)
    words = [ngettext("%(num)d ticket was handed over.", "%(num)d tickets were handed over.", told.given)]
    if told.left:
        words.append(ngettext("%(num)d more waits.", "%(num)d more wait.", told.left))
    if told.kept:
        words.append(ngettext("%(num)d may not move.", "%(num)d may not move.", told.kept))
    flash(" ".join(words), "success" if told.given else "info")
    return redirect(_back(), code=303)


def _field(wrong: InvalidInput) -> str:
    return {"on_day": "on"}.get(wrong.field, wrong.field)


def _chosen() -> list[int]:
    """Of the whole city every body; else those that were ticked, as far as they are bodies of today."""
    bodies = going_live.bodies(g.session, on=today())
    if request.form.get("all") == "1":
        return bodies
    ticked = {typed_number(one) for one in request.form.getlist("unit")[:1000]}
    chosen = [one for one in bodies if one in ticked]
    if not chosen:
        raise InvalidInput("unit", "no_unit_chosen")
    return chosen


def _back() -> str:
    """From the page of one unit back to it."""
    unit_id = typed_number(request.form.get("back", ""))
    return f"/supervisor/readiness/{unit_id}" if unit_id is not None else _HERE


def _page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    found = city_readiness(g.session, installation(g.session, settings()), now=g.now)
    decided = going_live.last_decisions(g.session)
    units = [shown_unit(one, decided.get(one.facts.unit_id), g.viewer) for one in found.units]
    page = render_template(
        "administration/readiness.html",
        city=shown_lacks(found.lacks, found.unit_id, g.viewer),
        units=units,
        counts=_counts(units),
        map=units_as_dots(units),
        by_id={one.unit_id: one for one in units},
        may_decide=g.viewer.holds(*ADMINISTERING),
        ticked=frozenset(request.form.getlist("unit")),
        typed=request.form,
        errors=errors or {},
        today=today(),
        to_hand_over=waiting_for(g.session, now=g.now),
    )
    return Response(page, status, mimetype="text/html")


def _counts(units: list[ShownUnit]) -> dict[str, int]:
    return {
        "all": len(units),
        "live": sum(one.is_live for one in units),
        "grave": sum(one.tone == "bad" for one in units),
        "ready": sum(not one.lacks for one in units),
    }
