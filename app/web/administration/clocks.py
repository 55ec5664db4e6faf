"""The clocks side by side, and the word that ends a hold which they cannot end themselves."""

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.monitoring.clock_checks import Clocks, read_clocks
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.wording.spoken_time import duration_phrase
from tickets.clock_decisions import LONGEST_CLOCK_REASON, believe_the_database, recent
from tickets.errors import InvalidInput
from tickets.states import DraftForm
from tickets.told_clocks import ToldTime

_HERE = "/administration/clocks"
_DECISIONS = 10
# Within this, clocks show the same.
_SAME_SECONDS = 1.0


@blueprint.get(_HERE)
@in_menu(_l("Clocks"), order=7, under="administration")
@signed_in(*ADMINISTERING)
def clocks() -> ResponseReturnValue:
    return _page()


@blueprint.post(f"{_HERE}/believe")
@signed_in(*ADMINISTERING)
def believe() -> ResponseReturnValue:
    reason, is_sure = request.form.get("reason", ""), request.form.get("is_sure") == "1"
    found = read_clocks(g.session)
    if found.are_well:
        flash(_("The clocks agree again: no decision is needed."), "info")
        return redirect(_HERE, code=303)
    errors = {} if is_sure else {"is_sure": _("Check the time first and confirm that you have.")}
    if not errors:
        try:
            believe_the_database(g.session, reason=reason, actor=g.actor, now=found.database_at)
        except InvalidInput as wrong:
            errors = {wrong.field: fault_words(wrong)}
    if errors:
        was_refused(DraftForm.CLOCKS)
        return _page(reason=reason, is_sure=is_sure, errors=errors, status=400)
    was_sent(DraftForm.CLOCKS)
    flash(_("The schedulers will continue with the database's clock within seconds."), "success")
    return redirect(_HERE, code=303)


def _page(
    *, reason: str = "", is_sure: bool = False, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    found, form = read_clocks(g.session), typed_form(DraftForm.CLOCKS)
    page = render_template(
        "administration/clocks.html",
        clocks=found,
        rows=_rows(found),
        decisions=recent(g.session, limit=_DECISIONS),
        form=form,
        reason=reason or form.fields.get("reason", ""),
        is_sure=is_sure,
        errors=errors or {},
        longest=LONGEST_CLOCK_REASON,
    )
    return Response(page, status, mimetype="text/html")


def _rows(found: Clocks) -> list[tuple[str, str, str, bool]]:
    """What, how far from the database's clock, what follows, and whether it is well."""
    here = (_("This web server"), apart(found.here_ahead_seconds), "", abs(found.here_ahead_seconds) <= 60)
    return [
        here,
        *(
            (one.name, apart(one.clock.node_ahead_seconds), state_words(one.clock), one.clock.is_well)
            for one in found.schedulers
        ),
    ]


def apart(seconds: float) -> str:
    if abs(seconds) < _SAME_SECONDS:
        return _("the same")
    length = duration_phrase(abs(seconds))
    return _("%(length)s ahead", length=length) if seconds > 0 else _("%(length)s behind", length=length)


def state_words(told: ToldTime) -> str:
    """What a scheduler does about its clocks."""
    if told.is_well:
        return _("agrees")
    if told.holds:
        return _("on hold: deadlines and reports wait until two clocks have agreed for a minute")
    return {
        "database": _("continues with its own clock: the database's is wrong"),
        "node": _("continues with the database's clock: its own is wrong"),
    }.get(told.left_out, _("continues with the database's clock and its own, which jumped together"))
