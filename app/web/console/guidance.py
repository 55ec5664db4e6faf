"""Guidance beside a ticket or a call: what answers it, and one press that sends it."""

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from tickets.people.roles import WORKING_ROLES
from tickets.schema import Ticket
from tickets.typed_text import typed_number
from tickets.work import guidance_tickets
from tickets.work.guidance import guidance_named


@blueprint.post("/console/tickets/<reference>/guidance")
@signed_in(*WORKING_ROLES)
def answer_with_one(reference: str) -> ResponseReturnValue:
    """The guidance as it stands, to the citizen of this ticket, by their best door."""

    def do(ticket: Ticket) -> None:
        one = guidance_named(g.session, typed_number(request.form.get("guidance", "")) or 0)
        guidance_tickets.answer_one(g.session, one, ticket, actor=g.actor, now=g.now)

    return act(reference, "guidance", do, done=_("The answer is on its way."))
