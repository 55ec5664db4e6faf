"""Several tickets about one matter: looking for the master, linking to it, unlinking."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from app.web.frame.once import form_key
from tickets.people.roles import WORKING_ROLES, Right, require, visible_ticket
from tickets.queries.duplicates import look_alikes
from tickets.queries.search import LONGEST_QUERY, search
from tickets.schema import Ticket
from tickets.states import UNFINISHED
from tickets.work import duplicates


@blueprint.get("/console/tickets/<reference>/master")
@signed_in(*WORKING_ROLES)
def choose_master(reference: str) -> ResponseReturnValue:
    """Tickets that look like the same matter, and a search for one that does not."""
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    found = search(g.session, g.viewer, query).items if query else ()
    return render_template(
        "console/master.html",
        ticket=ticket,
        query=query,
        found=[line for line in found if line.status in UNFINISHED and line.id != ticket.id],
        alike=look_alikes(g.session, g.viewer, ticket, now=g.now),
        once=form_key(),
    )


@blueprint.post("/console/tickets/<reference>/link")
@signed_in(*WORKING_ROLES)
def link(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        master = duplicates.master_named(g.session, g.viewer, request.form.get("master", ""))
        duplicates.link(g.session, ticket.id, master_id=master.id, actor=g.actor, now=g.now)

    return act(reference, "link", do, done=_("Linked: the answer to the master is sent to this citizen too."))


@blueprint.post("/console/tickets/<reference>/unlink")
@signed_in(*WORKING_ROLES)
def unlink(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        duplicates.unlink(g.session, ticket.id, reason=request.form.get("reason", ""), actor=g.actor, now=g.now)

    return act(reference, "unlink", do, done=_("This ticket is worked on by itself again; its deadlines run on."))
