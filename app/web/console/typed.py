"""What is typed into the console's forms, kept as it is typed."""

from flask import flash, g, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.one_form import keep_other_forms
from app.web.frame.access import signed_in
from app.web.pieces.kept_drafts import keep_told
from telephony.floor.offers import was_taken_by
from tickets.errors import NotFound
from tickets.people.roles import WORKING_ROLES, visible_ticket
from tickets.schema import Call
from tickets.states import DraftForm
from tickets.work import drafts
from tickets.work.drafts import ABOUT_NOTHING, about_call, about_ticket

_OF_CALLS = (DraftForm.NEW, DraftForm.WRAP_UP)


@blueprint.post("/console/tickets/<reference>/draft/<form>")
@signed_in(*WORKING_ROLES)
def ticket_draft(reference: str, form: str) -> ResponseReturnValue:
    """Keep what is typed; whoever types an answer is seen typing."""
    if form not in set(DraftForm):
        raise NotFound("form", form)
    ticket = visible_ticket(g.session, g.viewer, reference)
    if form == DraftForm.REPLY:
        drafts.look_typing(g.session, ticket.id, staff_id=g.viewer.staff_id, now=g.now)
    return keep_told(DraftForm(form), about_ticket(ticket.id))


@blueprint.post("/console/calls/<int:call_id>/draft/<form>")
@signed_in(*ANSWERING)
def call_draft(call_id: int, form: str) -> ResponseReturnValue:
    if form not in _OF_CALLS:
        raise NotFound("form", form)
    return keep_told(DraftForm(form), about_call(own_call_id(call_id)))


@blueprint.post("/console/new/draft")
@signed_in(*WORKING_ROLES)
def new_draft() -> ResponseReturnValue:
    return keep_told(DraftForm.NEW, ABOUT_NOTHING)


def own_call_id(call_id: int) -> int:
    """The call, if it is or was this agent's; of any other it does not exist."""
    found: int | None = g.session.scalar(select(Call.id).where(Call.id == call_id, was_taken_by(g.viewer.staff_id)))
    if found is None:
        raise NotFound("call", call_id)
    return found


@blueprint.post("/console/tickets/<reference>/typed")
@signed_in(*WORKING_ROLES)
def ticket_typed(reference: str) -> ResponseReturnValue:
    """Enter was pressed in a field of a page without script: which form is meant nobody can tell, so all are kept."""
    keep_other_forms(visible_ticket(g.session, g.viewer, reference))
    flash(_("What you typed is kept. Press the button of the form that you want to send."), "info")
    return redirect(f"/console/tickets/{reference}", code=303)
