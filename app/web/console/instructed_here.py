"""A unit answers what a leader has instructed about a ticket; whoever gave it reads the answer."""

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from escalation.acknowledging.instruction_tasks import answer_instruction
from tickets.people.roles import WORKING_ROLES
from tickets.schema import Ticket
from tickets.typed_text import typed_number


@blueprint.post("/console/tickets/<reference>/instruction")
@signed_in(*WORKING_ROLES)
def instruction(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        number = typed_number(request.form.get("instruction", "")) or 0
        words = request.form.get("answer", "")
        answer_instruction(g.session, ticket, number, words=words, actor=g.actor, now=g.now)

    return act(reference, "instructed", do, done=_("Answered. Whoever gave the instruction has been told."))
