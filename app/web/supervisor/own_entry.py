"""What the public reads of one's own units, and the one click of each month that says it is right."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.entry_shown import entry_parts, facet_word, state_word
from app.web.supervisor.blueprint import blueprint
from tickets.directory.confirmations import CONFIRM_BY_DAY, confirm
from tickets.errors import InvalidInput, NotFound
from tickets.queries.directory_duty import EntryState, UnitDuty, directory_duty
from tickets.states import Role

_HERE = "/supervisor/directory"


@blueprint.get(_HERE)
@in_menu(_l("Our directory entry"), order=6, icon="directory")
@signed_in(Role.SUPERVISOR)
def own_entry() -> ResponseReturnValue:
    return _page()


@blueprint.post(f"{_HERE}/<int:unit_id>/confirm")
@signed_in(Role.SUPERVISOR)
def confirm_entry(unit_id: int) -> ResponseReturnValue:
    """By name, for this month; what differs from what is public waits for the City Office from then on."""
    if unit_id not in g.viewer.unit_ids(Role.SUPERVISOR):
        raise NotFound("unit", unit_id)
    seen = request.form.get("seen", "")
    try:
        confirm(g.session, unit_id, fingerprint=seen, staff_id=g.viewer.staff_id, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(errors={wrong.field: fault_words(wrong)}, status=400)
    is_public = all(one.state is EntryState.RELEASED for one in _own() if one.facts.unit_id == unit_id)
    flash(_("Confirmed for this month. Thank you."), "success")
    if not is_public:
        flash(_("What has changed is public as soon as the City Office has released it."), "info")
    return redirect(_HERE, code=303)


def _own() -> list[UnitDuty]:
    return directory_duty(g.session, unit_ids=g.viewer.unit_ids(Role.SUPERVISOR), now=g.now)


def _page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    page = render_template(
        "supervisor/own_entry.html",
        units=[(one, entry_parts(one)) for one in _own()],
        errors=errors or {},
        today=today(),
        by_day=CONFIRM_BY_DAY,
        facet_word=facet_word,
        state_word=state_word,
    )
    return Response(page, status, mimetype="text/html")
