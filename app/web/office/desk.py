"""The directory as a duty: every unit with what it has published, confirmed and lacks; released or returned here."""

from collections.abc import Callable, Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.office.blueprint import LOOKING_ON, RELEASING, blueprint
from app.web.pieces.entry_shown import entry_parts, facet_word, state_word
from escalation.queries.monthly_directory import tell_returned
from tickets.directory import releases
from tickets.directory.confirmations import CONFIRM_BY_DAY, confirmations_of
from tickets.errors import InvalidInput, NotFound
from tickets.queries.directory_duty import EntryState, UnitDuty, directory_duty
from tickets.typed_text import typed_number

_HERE = "/office"
_FILTERS: Mapping[str, Callable[[UnitDuty], bool]] = {
    "waiting": lambda one: one.state is EntryState.WAITING,
    "changed": lambda one: one.state in (EntryState.CHANGED, EntryState.RETURNED),
    "late": lambda one: one.is_late,
    "incomplete": lambda one: bool(one.missing),
}


@blueprint.get(_HERE)
@in_menu(_l("City Office"), order=6, icon="directory")
@signed_in(*LOOKING_ON)
def desk() -> ResponseReturnValue:
    return _page()


@blueprint.get(f"{_HERE}/units/<int:unit_id>")
@signed_in(*LOOKING_ON)
def unit_entry(unit_id: int) -> ResponseReturnValue:
    """What the public reads of a unit beside what is entered now, and everything decided about it."""
    return _unit_page(unit_id)


@blueprint.post(f"{_HERE}/release")
@signed_in(*RELEASING)
def release() -> ResponseReturnValue:
    """What was read of the ticked units is public from now on."""
    try:
        count = releases.release(g.session, _ticked(), actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _again(wrong)
    flash(ngettext("%(num)d unit released.", "%(num)d units released.", count), "success")
    return redirect(_back(), code=303)


@blueprint.post(f"{_HERE}/return")
@signed_in(*RELEASING)
def give_back() -> ResponseReturnValue:
    """The ticked units read why; the public goes on reading what was released before."""
    try:
        reason = request.form.get("reason", "").replace("\0", "")
        returned = releases.give_back(g.session, _ticked(), reason=reason, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _again(wrong)
    told = tell_returned(g.session, returned, reason=reason.strip(), now=g.now)
    flash(ngettext("%(num)d unit reads what to mend.", "%(num)d units read what to mend.", len(returned)), "success")
    if not told:
        flash(_("Nobody supervises there yet: nobody was told."), "warning")
    return redirect(_back(), code=303)


def _ticked() -> dict[int, str]:
    """Unit and the fingerprint of what was read of it; raises InvalidInput for none, or for one that is none."""
    found = {}
    for value in request.form.getlist("unit")[:1000]:
        number, _colon, fingerprint = value.partition(":")
        unit_id = typed_number(number)
        if unit_id is not None:
            found[unit_id] = fingerprint
    known = {one.facts.unit_id for one in directory_duty(g.session, unit_ids=found, now=g.now)} if found else set()
    if not found or not known.issuperset(found):
        raise InvalidInput("unit", "no_unit_chosen")
    return found


def _back() -> str:
    """From the page of one unit back to it."""
    unit_id = typed_number(request.form.get("back", ""))
    return f"{_HERE}/units/{unit_id}" if unit_id is not None else _HERE


def _again(wrong: InvalidInput) -> Response:
    """The page the form stood on, with what was typed and why it cannot be."""
    errors = {wrong.field: fault_words(wrong)}
    unit_id = typed_number(request.form.get("back", ""))
    return _unit_page(unit_id, errors=errors, status=400) if unit_id is not None else _page(errors=errors, status=400)


def _page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    units = directory_duty(g.session, now=g.now)
    chosen = request.values.get("show", "")
    shown = [one for one in units if _FILTERS[chosen](one)] if chosen in _FILTERS else units
    page = render_template(
        "office/desk.html",
        units=sorted(shown, key=lambda one: (not one.is_late, one.state is not EntryState.WAITING, one.facts.sort_key)),
        counts={"all": len(units), **{name: sum(map(holds, units)) for name, holds in _FILTERS.items()}},
        confirmed=sum(one.is_confirmed for one in units),
        chosen=chosen if chosen in _FILTERS else "",
        may_decide=g.viewer.holds(*RELEASING),
        ticked=frozenset(value.partition(":")[0] for value in request.form.getlist("unit")),
        typed=request.form,
        errors=errors or {},
        today=today(),
        by_day=CONFIRM_BY_DAY,
        facet_word=facet_word,
        state_word=state_word,
    )
    return Response(page, status, mimetype="text/html")


def _unit_page(unit_id: int, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    found = directory_duty(g.session, unit_ids=[unit_id], now=g.now) if unit_id < 2**62 else []
    if not found:
        raise NotFound("unit", unit_id)
    page = render_template(
        "office/unit.html",
        one=found[0],
        parts=entry_parts(found[0]),
        decisions=releases.decisions_on_entry(g.session, unit_id),
        confirmations=confirmations_of(g.session, unit_id),
        may_decide=g.viewer.holds(*RELEASING),
        typed=request.form,
        errors=errors or {},
        state_word=state_word,
    )
    return Response(page, status, mimetype="text/html")
