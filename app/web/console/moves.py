"""Who works on a ticket and where it waits: claim, release, assign, transfer, return, the right place."""

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.place_answer import placed_unit
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.pieces.names import queue_named
from tickets.errors import InvalidInput
from tickets.people.roles import WORKING_ROLES, Right
from tickets.routing.rule_rows import WARD_KINDS
from tickets.schema import Ticket
from tickets.states import QueueKind, Role
from tickets.typed_text import typed_number
from tickets.work import assignment, disputes, suspicion


@blueprint.post("/console/tickets/<reference>/claim")
@signed_in(*WORKING_ROLES)
def claim(reference: str) -> ResponseReturnValue:
    return act(reference, "claim", lambda ticket: assignment.claim(g.session, ticket.id, actor=g.actor, now=g.now))


@blueprint.post("/console/tickets/<reference>/release")
@signed_in(*WORKING_ROLES)
def release(reference: str) -> ResponseReturnValue:
    return act(reference, "release", lambda ticket: assignment.release(g.session, ticket.id, actor=g.actor, now=g.now))


@blueprint.post("/console/tickets/<reference>/assign")
@signed_in(*WORKING_ROLES)
def assign(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        chosen = typed_number(request.form.get("staff", ""))
        if chosen is None:
            raise InvalidInput("staff", "required")
        assignment.assign(g.session, ticket.id, staff_id=chosen, actor=g.actor, now=g.now)

    return act(reference, "assign", do, right=Right.REASSIGN)


@blueprint.post("/console/tickets/<reference>/transfer")
@signed_in(*WORKING_ROLES)
def transfer(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        queue_id, reason = queue_named(request.form.get("queue", "")), request.form.get("reason", "")
        send = assignment.correct_route if request.form.get("misroute") == "1" else assignment.transfer
        send(g.session, ticket.id, queue_id=queue_id, reason=reason, actor=g.actor, now=g.now)

    return act(reference, "transfer", do, done=_("The ticket was transferred."))


@blueprint.post("/console/tickets/<reference>/clear")
@signed_in(*WORKING_ROLES)
def clear(reference: str) -> ResponseReturnValue:
    """Its words looked like an accusation of officials, and somebody has read that they are none."""

    def do(ticket: Ticket) -> None:
        reason = request.form.get("reason", "")
        suspicion.lift_suspicion(g.session, ticket.id, reason=reason, actor=g.actor, now=g.now)

    return act(reference, "clear", do, done=_("The ticket was transferred."))


@blueprint.post("/console/tickets/<reference>/return")
@signed_in(*WORKING_ROLES)
def return_ticket(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        reason = request.form.get("reason", "")
        assignment.return_ticket(g.session, ticket.id, reason=reason, actor=g.actor, now=g.now)

    return act(reference, "return", do, done=_("The ticket was returned."))


@blueprint.post("/console/tickets/<reference>/arbitrate")
@signed_in(Role.CITY_OFFICE)
def arbitrate(reference: str) -> ResponseReturnValue:
    """The City Office says whose a matter is that units have sent back and forth."""

    def do(ticket: Ticket) -> None:
        named = request.form.get("arbitrated_queue", "").strip()
        disputes.decide_dispute(
            g.session,
            ticket.id,
            queue_id=queue_named(named) if named else ticket.queue_id,
            reason=request.form.get("reason", ""),
            as_rule=request.form.get("rule") == "1",
            actor=g.actor,
            now=g.now,
        )

    return act(reference, "arbitrate", do, done=_("Decided. Both units see it, and neither sends it on any more."))


@blueprint.post("/console/tickets/<reference>/place")
@signed_in(*WORKING_ROLES)
def place(reference: str) -> ResponseReturnValue:
    """The place as the agent found out; a ticket of a ward that stands elsewhere goes there, counted as a misroute."""

    def do(ticket: Ticket) -> None:
        unit_id = placed_unit(request.form)
        assignment.correct_place(g.session, ticket.id, unit_id=unit_id, actor=g.actor, now=g.now)
        queue_id = rules().routing.queues.get((unit_id, QueueKind.WORK))
        if request.form.get("send") != "1" or queue_id is None or queue_id == ticket.queue_id:
            return
        if not _goes_by_place(ticket):
            return
        assignment.follow_place(g.session, ticket.id, queue_id=queue_id, actor=g.actor, now=g.now)

    return act(reference, "place", do, done=_("The place was corrected."))


def _goes_by_place(ticket: Ticket) -> bool:
    """A department answers for the whole city: there the place says nothing about who answers."""
    unit = rules().routing.units.get(ticket.unit_id)
    at_triage = ticket.unit_id == rules().routing.operations_unit_id
    return at_triage or (unit is not None and unit.kind in WARD_KINDS)
