"""Giving the selected tickets to somebody: each by the same rules and with the same traces as a single one."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.web.frame.access import signed_in
from app.web.frame.errors import trouble_of
from app.web.frame.once import is_first
from app.web.supervisor.blueprint import STEERING, blueprint
from tickets.errors import InvalidInput, TransitionNotAllowed
from tickets.people.roles import Right, require, visible_ticket
from tickets.queries.supervision import MOST_AT_RISK, Risk
from tickets.schema import Ticket
from tickets.typed_text import typed_number
from tickets.work import assignment


@blueprint.post("/supervisor/reassign")
@signed_in(*STEERING)
def reassign() -> ResponseReturnValue:
    chosen = list(dict.fromkeys(request.form.getlist("ticket")))[:MOST_AT_RISK]
    staff = request.form.get("staff", "")
    staff_id = typed_number(staff)
    if not chosen or staff_id is None:
        flash(_("Select at least one ticket and the person to assign it to."), "warning")
        return _back(chosen, staff)
    # What could not be given stays ticked, with the reason above the page.
    left = _give_all(chosen, staff_id) if is_first() else []
    return _back(left, staff if left else "")


def _give_all(references: list[str], staff_id: int) -> list[str]:
    """The references of those that could not be given."""
    tickets = [visible_ticket(g.session, g.viewer, reference) for reference in references]
    for ticket in tickets:
        require(g.viewer, Right.REASSIGN, ticket)
    left = []
    # One order for everybody: two supervisors who give the same tickets wait for each other instead of deadlocking.
    for ticket in sorted(tickets, key=lambda ticket: ticket.id):
        if not _give(ticket, staff_id):
            left.append(ticket.reference)
    if given := len(tickets) - len(left):
        flash(ngettext("%(num)d ticket was assigned.", "%(num)d tickets were assigned.", given), "success")
    return left


def _give(ticket: Ticket, staff_id: int) -> bool:
    try:
        with g.session.begin_nested():
            assignment.assign(g.session, ticket.id, staff_id=staff_id, actor=g.actor, now=g.now)
    except (InvalidInput, TransitionNotAllowed) as refused:
        flash(f"{ticket.reference}: {trouble_of(refused).words}", "warning")
        return False
    return True


def _back(ticked: Sequence[str], staff: str) -> ResponseReturnValue:
    """To the same list, where these are ticked and this person is chosen still."""
    show = request.form.get("show", "")
    kept = [("ticket", reference) for reference in ticked if reference.isascii() and reference.isdecimal()]
    asked = [*([("show", show)] if show in set(Risk) else []), *kept, *([("staff", staff[:15])] if kept else [])]
    return redirect(f"/supervisor?{urlencode(asked)}" if asked else "/supervisor", code=303)
