"""A ticket that tells of two matters: what seems to be the second, and its way to a ticket of its own."""

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from app.web.frame.current import keys, places, rules
from app.wording.reference_groups import grouped_reference
from tickets.intake.splitting import split_off
from tickets.people.roles import WORKING_ROLES
from tickets.schema import Ticket


@blueprint.post("/console/tickets/<reference>/split")
@signed_in(*WORKING_ROLES)
def split(reference: str) -> ResponseReturnValue:
    """The second matter, as the agent leaves its words; the citizen is told its number."""

    def do(ticket: Ticket) -> None:
        second = request.form.get("second", "")
        opened = split_off(
            g.session, ticket.id, second, actor=g.actor, keys=keys(), places=places(), rules=rules(), now=g.now
        )
        number = grouped_reference(opened.reference)
        flash(_("Opened as %(reference)s; the citizen is told its number.", reference=number), "success")

    return act(reference, "split", do)
