"""Writing down what was said in a call: its page, and the note that ends the wrap-up."""

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import and_, select

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import after_press, open_tickets
from app.web.console.call_trail import note_call
from app.web.console.typed import own_call_id
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.frame.once import form_key, is_first
from app.web.pieces.kept_drafts import discard, keep_typed, kept
from app.web.pieces.names import unit_name
from telephony.floor import offers, presence
from telephony.floor.offers import was_taken_by
from telephony.floor.wrap_up import finish_wrap_up, link_call
from tickets.errors import NotFound
from tickets.people.references import read_reference
from tickets.people.roles import visible_ticket, visible_tickets
from tickets.schema import Call, Citizen, Ticket
from tickets.states import DraftForm, PresenceState
from tickets.work.drafts import about_call


@blueprint.get("/console/calls/<int:call_id>")
@signed_in(*ANSWERING)
def call_page(call_id: int) -> ResponseReturnValue:
    return _call_page(call_id, errors={})


@blueprint.post("/console/calls/<int:call_id>/wrap-up")
@signed_in(*ANSWERING)
def wrap_up(call_id: int) -> ResponseReturnValue:
    """Which ticket it was about, what is to be noted, and ready again or away."""
    said, typed = request.form.get("said", ""), request.form.get("reference", "")
    try:
        with g.session.begin_nested():
            if is_first():
                _link(call_id, typed)
                if said.strip() and g.session.get_one(Call, call_id).ticket_id is None:
                    raise _NoTicketForNote
                finish_wrap_up(g.session, call_id, said=said, actor=g.actor, now=g.now)
                discard(DraftForm.WRAP_UP, about_call(call_id))
                note_call("call.wrapped_up", g.session.get_one(Call, call_id))
    except _NoSuchTicket:
        return _wrap_up_refused(call_id, _("No ticket has this reference, or it is not open to you."))
    except _NoTicketForNote:
        return _wrap_up_refused(call_id, _("A note needs a ticket: name the one the call was about, or open one."))
    if request.form.get("then") == PresenceState.AWAY.value:
        presence.go_away(g.session, g.viewer.staff_id, reason="paperwork", now=g.now)
    else:
        _ready_again()
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/ready")
@signed_in(*ANSWERING)
def ready(call_id: int) -> ResponseReturnValue:
    """Ready again, by the bar: nothing is noted, and what stands in the page's own form is only kept."""
    finish_wrap_up(g.session, call_id, said="", actor=g.actor, now=g.now)
    note_call("call.wrapped_up", g.session.get_one(Call, call_id))
    _ready_again()
    return after_press()


def _ready_again() -> None:
    """Whoever waits rings at once instead of at the next sweep."""
    presence.end_wrap_up(g.session, g.viewer.staff_id, now=g.now)
    offers.offer_waiting_calls(g.session, now=g.now)


def _wrap_up_refused(call_id: int, words: str) -> ResponseReturnValue:
    keep_typed(DraftForm.WRAP_UP, about_call(own_call_id(call_id)))
    return _call_page(call_id, errors={"reference": words}, status=400)


class _NoSuchTicket(Exception):
    """The number typed into the form leads to no ticket of this person's."""


class _NoTicketForNote(Exception):
    """Something was noted of a call that belongs to no ticket: there is nowhere to keep it."""


def _link(call_id: int, typed: str) -> None:
    if not typed.strip():
        return
    try:
        ticket = visible_ticket(g.session, g.viewer, read_reference(typed) or "")
    except NotFound as error:
        raise _NoSuchTicket from error
    link_call(g.session, call_id, ticket_id=ticket.id, actor=g.actor, now=g.now)


def _call_page(call_id: int, *, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    row = g.session.execute(
        select(Call, Ticket.reference, Citizen)
        .select_from(Call)
        .outerjoin(Ticket, and_(Ticket.id == Call.ticket_id, visible_tickets(g.viewer)))
        .outerjoin(Citizen, Citizen.id == Call.citizen_id)
        .where(Call.id == call_id, was_taken_by(g.viewer.staff_id))
    ).one_or_none()
    if row is None:
        raise NotFound("call", call_id)
    page = render_template(
        "console/call.html",
        call=row.Call,
        reference=row.reference,
        with_others=_with_others(row.Call) if row.reference is None else "",
        citizen=row.Citizen,
        history=open_tickets(row.Call.citizen_id, call_id=call_id) if row.Call.citizen_id else [],
        errors=errors,
        typed=request.form if "said" in request.form else kept(DraftForm.WRAP_UP, about_call(call_id)),
        once=form_key(),
    )
    return Response(page, status, mimetype="text/html")


def _with_others(call: Call) -> str:
    """Whose request it is that this agent talks about and may not open; what they note is kept with it."""
    if call.ticket_id is None:
        return ""
    ticket = g.session.get_one(Ticket, call.ticket_id)
    unit = None if ticket.is_restricted else rules().routing.units.get(ticket.unit_id)
    if unit is None:
        return _("The request is open to few people only. Write down what is said: it is kept with the request.")
    where = unit_name(unit)
    return _("The request is with %(unit)s. Write down what is said: it is kept with the request.", unit=where)
