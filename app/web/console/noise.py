"""Contacts that told of nothing: looked at by whoever has a minute, and made a ticket where the reading was wrong."""

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import keys, places, rules
from tickets.errors import NotFound
from tickets.intake import noise
from tickets.people.roles import visible_tickets
from tickets.queries.noise import in_scope, noise_seen
from tickets.schema import NoiseContact, Ticket


@blueprint.get("/console/noise")
@signed_in(*ANSWERING)
def noise_list() -> ResponseReturnValue:
    looked = request.args.get("looked") == "1"
    return render_template("console/noise.html", rows=noise_seen(g.session, g.viewer, looked=looked), looked=looked)


@blueprint.post("/console/noise/<int:contact_id>/nothing")
@signed_in(*ANSWERING)
def look_at_noise(contact_id: int) -> ResponseReturnValue:
    """Read, and it is nothing."""
    _require_in_scope(contact_id)
    noise.look_at(g.session, contact_id, actor=g.actor, now=g.now)
    return redirect("/console/noise", code=303)


@blueprint.post("/console/noise/<int:contact_id>/ticket")
@signed_in(*ANSWERING)
def make_noise_a_ticket(contact_id: int) -> ResponseReturnValue:
    """It is a matter after all: opened and routed as if it had been read rightly when it came."""
    _require_in_scope(contact_id)
    opened = noise.make_ticket(
        g.session, contact_id, actor=g.actor, keys=keys(), places=places(), rules=rules(), now=g.now
    )
    seen = g.session.scalar(select(Ticket.id).where(Ticket.id == opened.ticket_id, visible_tickets(g.viewer)))
    flash(_("Opened as a ticket; its sender is told the number."), "success")
    return redirect(f"/console/tickets/{opened.reference}" if seen else "/console/noise", code=303)


def _require_in_scope(contact_id: int) -> None:
    """Out of scope looks like not existing."""
    found = select(NoiseContact.contact_id).where(NoiseContact.contact_id == contact_id, in_scope(g.viewer))
    if g.session.scalar(found) is None:
        raise NotFound("contact", contact_id)
