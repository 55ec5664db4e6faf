"""Prepared answers put into the reply that is being written, to be finished there."""

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from app.web.console.blueprint import blueprint
from app.web.console.one_form import keep_other_forms
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.pieces.kept_drafts import keep_fields
from tickets.directory.prepared_answers import offered_to
from tickets.people.roles import WORKING_ROLES, Right, require, visible_ticket
from tickets.schema import Ticket
from tickets.states import DraftForm
from tickets.work.drafts import about_ticket

# What a reply may hold.
_LONGEST = 10_000


def offered(ticket: Ticket) -> list[tuple[str, str]]:
    """Title and text of what this ticket's body may answer with, in the language of whoever asked."""
    return offered_to(rules().prepared, ticket.unit_id, english=ticket.locale == "en")


@blueprint.post("/console/tickets/<reference>/prepared")
@signed_in(*WORKING_ROLES)
def put_in_prepared(reference: str) -> ResponseReturnValue:
    """Behind what was typed already; nothing is sent."""
    found = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, found)
    keep_other_forms(found)
    texts = dict(offered(found))
    chosen = request.form.get("prepared", "")
    if chosen and chosen not in texts:
        abort(400)
    typed = request.form.get("body", "").strip()
    body = "\n".join(filter(None, (typed, texts.get(chosen, ""))))[:_LONGEST]
    keep_fields(DraftForm.REPLY, about_ticket(found.id), {**request.form.to_dict(), "body": body})
    return redirect(f"/console/tickets/{found.reference}#reply-form", code=303)
