"""What was read from a matter's words, put right by one key on its page."""

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from tickets.errors import InvalidInput
from tickets.people.roles import WORKING_ROLES
from tickets.schema import Ticket
from tickets.work import assignment, readings

_DANGER = {"danger-yes": True, "danger-no": False}
_PRAISE = {"praise-yes": True, "praise-no": False}


@blueprint.post("/console/tickets/<reference>/read")
@signed_in(*WORKING_ROLES)
def read_as(reference: str) -> ResponseReturnValue:
    """One press: danger or none, about officials, or another of the kinds that its words suggest."""

    def do(ticket: Ticket) -> None:
        said, _colon, code = request.form.get("as", "").partition(":")
        if said in _DANGER:
            readings.say_danger(g.session, ticket.id, is_danger=_DANGER[said], actor=g.actor, now=g.now)
        elif said in _PRAISE:
            readings.say_praise(g.session, ticket.id, is_praise=_PRAISE[said], actor=g.actor, now=g.now)
        elif said == "accuses":
            readings.say_accuses(g.session, ticket.id, actor=g.actor, now=g.now)
        elif said == "category" and code:
            assignment.change_category(g.session, ticket.id, category_code=code, actor=g.actor, now=g.now)
        else:
            raise InvalidInput("as", "required")

    return act(reference, "read", do, done=_("Put right, and kept beside what was read."))
