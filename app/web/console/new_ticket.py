"""Opening a ticket by hand, during a call or without one; another contact about an open matter joins it instead."""

from collections.abc import Mapping

from flask import Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import blueprint
from app.web.console.new_form import NewForm, Noticed, notice, read_form
from app.web.console.opened import opened_page, page_of_opened
from app.web.console.typed import own_call_id
from app.web.frame.access import signed_in
from app.web.frame.current import keys, places, rules
from app.web.frame.fault_words import fault_words
from app.web.frame.once import form_key, has_acted, is_first
from app.web.pieces import names
from app.web.pieces.kept_drafts import discard, keep_typed, kept
from telephony.floor.wrap_up import current_call, link_call
from tickets.errors import InvalidInput, TransitionNotAllowed
from tickets.intake import contacts
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.opening import open_ticket
from tickets.intake.repeats import attach_contact
from tickets.intake.rerouting import NewlyTold, reroute_at_intake
from tickets.people.roles import WORKING_ROLES, Right, require, visible_ticket
from tickets.schema import Call, Citizen, Ticket
from tickets.states import Channel, DraftForm, TicketStatus
from tickets.typed_text import typed_number
from tickets.work import assignment, dossier, drafts
from tickets.work.drafts import ABOUT_NOTHING, About, about_call
from tickets.work.suspicion import heed_words

# What an agent is shown once before a ticket is opened.
_ASKED = ("place", "repeats", "emergency", "number")


@blueprint.get("/console/new")
@signed_in(*WORKING_ROLES)
def new() -> ResponseReturnValue:
    """The form, with what this agent typed into it before and has not sent."""
    call = _call_meant()
    known = g.session.get(Citizen, call.citizen_id) if call and call.citizen_id else None
    asked_for = {name: request.args.get(name, "")[:200] for name in ("phone", "name", "place", "category")}
    given = {"phone": (call.phone or "") if call else "", "name": known.name if known else ""}
    given |= kept(DraftForm.NEW, _about(call)) | {name: words for name, words in asked_for.items() if words}
    return _form(NewForm(given), call, noticed=None, asked=())


def _call_meant() -> Call | None:
    """The call a form names, which may be over by now; one that names none means the call of this moment."""
    named = request.values.get("call")
    if named is None:
        return current_call(g.session, g.viewer.staff_id)
    call_id = typed_number(named)
    return g.session.get_one(Call, own_call_id(call_id)) if call_id is not None else None


def _about(call: Call | None) -> About:
    return about_call(call.id) if call is not None else ABOUT_NOTHING


@blueprint.post("/console/new/advice")
@signed_in(*WORKING_ROLES)
def advice() -> ResponseReturnValue:
    """What is noticed while the agent types."""
    form, call = read_form(request.form), _call_meant()
    noticed = notice(g.session, form, g.viewer, own_id=_own_id(call), call_id=call.id if call else None, now=g.now)
    return render_template("console/advice.html", noticed=noticed, form=form, asked=_asked())


@blueprint.post("/console/new")
@signed_in(*WORKING_ROLES)
def open_by_hand() -> ResponseReturnValue:
    form, call = read_form(request.form), _call_meant()
    if has_acted():
        return _sent_before(call)
    if request.form.get("attach"):
        return _attach(form, call, request.form["attach"])
    noticed = notice(g.session, form, g.viewer, own_id=_own_id(call), call_id=call.id if call else None, now=g.now)
    if form.faults or _untold(noticed, _asked()) or request.form.get("go") == "check":
        asked = (*_asked(), *_untold(noticed, ()))
        return _form(form, call, noticed=noticed, asked=asked, status=400 if form.faults else 200)
    try:
        with g.session.begin_nested():
            if call is not None and request.form.get("other_matter") != "1" and _waits_for_words(call):
                reference = _fill_in(form, noticed, call)
                discard(DraftForm.NEW, _about(call))
                return redirect(f"/console/tickets/{reference}", code=303)
            opened = _open(form, noticed, call)
            # Remembered as sent, so that what its page still tells of it is not taken for a draft.
            is_first()
    except InvalidInput as error:
        refused = NewForm(form.given, form.phone, form.dossier_due_on, {error.field: fault_words(error)})
        return _form(refused, call, noticed=noticed, asked=_asked(), status=400)
    discard(DraftForm.NEW, _about(call))
    return opened_page(opened)


def _sent_before(call: Call | None) -> ResponseReturnValue:
    """A form that is sent again, from the page that the back button shows: it leads to what it did the first time."""
    for channel, source_key in ((Channel.MANUAL, _source_key(None)), (Channel.VOICE, _source_key(call))):
        ticket_id = contacts.ticket_opened_by(g.session, channel=channel, source_key=source_key)
        if ticket_id is not None:
            return redirect(page_of_opened(ticket_id), code=303)
    return redirect("/console", code=303)


def _untold(noticed: Noticed, asked: tuple[str, ...]) -> tuple[str, ...]:
    """What this agent has not been shown yet; the form comes back once for all of it."""
    wanted = []
    if noticed.is_undecided:
        wanted.append("place")
    if noticed.repeats:
        wanted.append("repeats")
    if noticed.is_emergency:
        wanted.append("emergency")
    if noticed.refused_number:
        wanted.append("number")
    return tuple(name for name in wanted if name not in asked)


def _asked() -> tuple[str, ...]:
    return tuple(name for name in request.form.getlist("asked") if name in _ASKED)


def _open(form: NewForm, noticed: Noticed, call: Call | None) -> Opened:
    is_the_calls = call is not None and call.ticket_id is None
    matter = Matter(
        channel=Channel.VOICE if is_the_calls else Channel.MANUAL,
        arrived_at=call.arrived_at if call is not None and is_the_calls else g.now,
        subject=form["subject"],
        body=form["body"],
        phone=form.phone,
        phone_raw=form["phone"],
        name=form["name"],
        email=form["email"] or None,
        place_text=form["place"],
        unit_id=noticed.chosen_id,
        category_code=form["category"] or None,
        procedure_code=form["procedure"] or None,
        dossier_number=form["dossier_number"],
        dossier_due_on=form.dossier_due_on,
        residence=form["residence"],
        emergency=form["emergency"] == "1",
        line_id=call.line_id if call is not None else None,
        contact_source_key=_source_key(call if is_the_calls else None),
        live_call=call is not None,
        is_simulated=call is not None and call.is_simulated,
    )
    opened = open_ticket(g.session, matter, actor=g.actor, keys=keys(), places=places(), rules=rules(), now=g.now)
    if call is not None and is_the_calls:
        link_call(g.session, call.id, ticket_id=opened.ticket_id, actor=g.actor, now=g.now)
    return opened


def _source_key(call: Call | None) -> str:
    """The call's own contact, else one that the same form, sent twice, meets again."""
    if call is not None:
        return f"{call.account}:{call.call_sid}"
    return f"console:{g.viewer.staff_id}:{request.form.get('once', '')[:40] or form_key()}"


def _waits_for_words(call: Call) -> bool:
    """The call's ticket was opened by a key and nobody has written down yet what it is about."""
    ticket = g.session.get(Ticket, call.ticket_id) if call.ticket_id is not None else None
    return ticket is not None and ticket.status in (TicketStatus.NEW, TicketStatus.OPEN) and not ticket.body.strip()


def _own_id(call: Call | None) -> int | None:
    return call.ticket_id if call is not None and _waits_for_words(call) else None


def _fill_in(form: NewForm, noticed: Noticed, call: Call) -> str:
    """Write what the caller says into the ticket the call opened: it is routed by that, which is no transfer."""
    ticket = g.session.get_one(Ticket, call.ticket_id)
    if not is_first():
        return str(ticket.reference)
    unit_id = noticed.unit.id if noticed.unit else None
    said = form["body"] if unit_id else f"{form['body']}\n{form['place']}".strip()
    told = NewlyTold(said, unit_id, "choice" if unit_id else "", call.line_id)
    if reroute_at_intake(g.session, ticket.id, told, actor=g.actor, places=places(), rules=rules(), now=g.now) is None:
        heed_words(g.session, ticket, said, now=g.now)
    if form["category"]:
        assignment.change_category(g.session, ticket.id, category_code=form["category"], actor=g.actor, now=g.now)
    if form["dossier_number"] or form["procedure"] or form.dossier_due_on:
        dossier.change_dossier(
            g.session,
            ticket.id,
            number=form["dossier_number"],
            due_on=form.dossier_due_on,
            procedure_code=form["procedure"],
            actor=g.actor,
            now=g.now,
        )
    return str(ticket.reference)


def _attach(form: NewForm, call: Call | None, reference: str) -> ResponseReturnValue:
    """The same matter again: it joins the open ticket."""
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    channel = Channel.VOICE if call is not None else Channel.MANUAL
    try:
        with g.session.begin_nested():
            if is_first():
                if call is not None and (call.ticket_id is None or _waits_for_words(call)):
                    link_call(g.session, call.id, ticket_id=ticket.id, actor=g.actor, now=g.now)
                contact = contacts.register(
                    g.session,
                    channel=channel,
                    source_key=_source_key(call),
                    arrived_at=g.now,
                    phone=form.phone,
                    citizen_id=ticket.citizen_id,
                )
                attach_contact(
                    g.session,
                    ticket.id,
                    contact_id=contact.id,
                    channel=channel,
                    body=form["body"],
                    arrived_at=contact.arrived_at,
                    actor=g.actor,
                    now=g.now,
                )
    except TransitionNotAllowed:
        noticed = notice(g.session, form, g.viewer, now=g.now)
        alert = _("This ticket has been closed meanwhile. Open a new one.")
        return _form(form, call, noticed=noticed, asked=_asked(), alert=alert, status=409)
    discard(DraftForm.NEW, _about(call))
    return redirect(f"/console/tickets/{reference}", code=303)


def _form(
    form: NewForm,
    call: Call | None,
    *,
    noticed: Noticed | None,
    asked: tuple[str, ...],
    alert: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    once: Mapping[str, str] = request.form if request.method == "POST" else {}
    # The call of this moment is another one when the page is loaded anew: its address names it.
    named = request.method == "POST" or (call is not None and not request.args)
    if request.method == "POST":
        keep_typed(DraftForm.NEW, _about(call))
    page = render_template(
        "console/new.html",
        form=form,
        call=call,
        call_waits=call is not None and _waits_for_words(call),
        noticed=noticed,
        asked=asked,
        alert=alert,
        # Pressing the button did nothing yet: whoever looks only at the button must be told so.
        comes_back=asked != _asked() and request.form.get("go") != "check" and not form.faults,
        errors=dict(form.faults),
        categories=names.drawn_categories(with_conduct=True),
        procedures=names.drawn_procedures(),
        # The same form keeps its name through questions, so that sent twice it is one ticket.
        once=once.get("once") or form_key(),
        unsent=[draft for draft in drafts.unsent(g.session, g.viewer) if draft.call_id != (call.id if call else None)],
        own_address=f"/console/new?call={call.id if call else 'none'}" if named else "",
    )
    return Response(page, status, mimetype="text/html")
