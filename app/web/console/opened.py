"""The page after a ticket was opened by hand: reference and PIN, to be read out to the citizen."""

from datetime import timedelta

from flask import g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, select

from app.web.console.blueprint import blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import keys, rules
from app.web.pieces import names
from tickets.errors import NotFound
from tickets.intake.cleaning import Opened
from tickets.intake.opening import opened_before
from tickets.people.roles import WORKING_ROLES, visible_tickets
from tickets.schema import Ticket, TimelineEntry
from tickets.states import TimelineKind

# The PIN is the citizen's: whoever opened the ticket reads it out, and has no use for it afterwards.
_READ_OUT_WITHIN = timedelta(minutes=30)


@blueprint.get("/console/opened/<reference>")
@signed_in(*WORKING_ROLES)
def opened(reference: str) -> ResponseReturnValue:
    """For whoever opened it, for half an hour: reloading the page or coming back to it must not lose the PIN."""
    ticket_id = g.session.scalar(select(Ticket.id).where(Ticket.reference == reference, _just_opened_by_viewer()))
    if ticket_id is None:
        raise NotFound("ticket", reference)
    return opened_page(opened_before(g.session, ticket_id, keys=keys()))


def page_of_opened(ticket_id: int) -> str:
    """Where to read out reference and PIN of a ticket, or the ticket itself where that is not, or no longer, ours."""
    reference, is_ours = g.session.execute(
        select(Ticket.reference, _just_opened_by_viewer()).where(Ticket.id == ticket_id)
    ).one()
    return f"/console/opened/{reference}" if is_ours else f"/console/tickets/{reference}"


def _just_opened_by_viewer() -> ColumnElement[bool]:
    return (
        select(TimelineEntry.id)
        .where(
            TimelineEntry.ticket_id == Ticket.id,
            TimelineEntry.kind == TimelineKind.OPENED,
            TimelineEntry.staff_id == g.viewer.staff_id,
            TimelineEntry.at > g.now - _READ_OUT_WITHIN,
        )
        .correlate(Ticket)
        .exists()
    )


def opened_page(ticket: Opened) -> ResponseReturnValue:
    is_visible = g.session.scalar(select(Ticket.id).where(Ticket.id == ticket.ticket_id, visible_tickets(g.viewer)))
    unit = rules().routing.units.get(ticket.unit_id)
    return render_template(
        "console/opened.html",
        opened=ticket,
        unit=names.unit_name(unit) if unit else "",
        is_visible=is_visible is not None,
        own_address=f"/console/opened/{ticket.reference}",
    )
