"""Taking calls: presence, the offer that rings, hold, end, and writing down what was said."""

from collections.abc import Sequence

from flask import Response, abort, after_this_request, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.phone.call_control import LegChange, end_talk, lead_to_hold, tell_provider
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import away_reasons, open_tickets
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.local_target import local_target
from app.web.frame.once import form_key, is_first
from telephony.call import end
from telephony.calls import lock_call
from telephony.floor import offers, presence
from telephony.floor.wrap_up import finish_wrap_up, link_call
from tickets.audit import entries
from tickets.errors import NotAllowed, NotFound
from tickets.people.references import read_reference
from tickets.people.roles import visible_ticket
from tickets.schema import Call, Citizen, Ticket
from tickets.states import PresenceState


@blueprint.post("/console/presence")
@signed_in(*ANSWERING)
def change_presence() -> ResponseReturnValue:
    wanted = request.form.get("state", "")
    staff_id = g.viewer.staff_id
    try:
        with g.session.begin_nested():
            if wanted == PresenceState.AVAILABLE.value:
                presence.go_available(g.session, staff_id, now=g.now)
                # Whoever waits rings at once instead of at the next sweep.
                offers.offer_waiting_calls(g.session, now=g.now)
            elif wanted == PresenceState.AWAY.value:
                reason = request.form.get("reason", "")
                reason = reason if reason in away_reasons() else ""
                presence.go_away(g.session, staff_id, reason=reason, now=g.now)
            elif wanted == PresenceState.OFFLINE.value:
                presence.go_offline(g.session, staff_id, now=g.now)
            else:
                abort(400)
    except NotAllowed:
        flash(_("Not while a call rings or is going on. End it first."), "warning")
    return _back()


@blueprint.post("/console/presence/beat")
@signed_in(*ANSWERING)
def beat() -> ResponseReturnValue:
    """The console is open; said every fifteen seconds by a page that takes calls. Answers how the agent stands."""
    mine = presence.heartbeat(g.session, g.viewer.staff_id, now=g.now)
    return "", 204, {"X-Presence": (mine.state if mine else PresenceState.OFFLINE).value}


@blueprint.post("/console/offers/<int:offer_id>/accept")
@signed_in(*ANSWERING)
def accept(offer_id: int) -> ResponseReturnValue:
    """Take the ringing call; the caller is connected at the next turn of the hold loop."""
    try:
        with g.session.begin_nested():
            call = offers.accept(g.session, offer_id, staff_id=g.viewer.staff_id, now=g.now)
            _note("call.accepted", call)
    except NotFound:
        if _has_call():
            return redirect(_page_of_own_call(), code=303)
        flash(_("The caller is no longer on the line, or a colleague was faster."), "info")
        return _back()
    return redirect(_page_of(call), code=303)


@blueprint.post("/console/offers/<int:offer_id>/decline")
@signed_in(*ANSWERING)
def decline(offer_id: int) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            offers.decline(g.session, offer_id, staff_id=g.viewer.staff_id, now=g.now)
            _audit("offer.declined", "offer", offer_id, ticket_id=None)
    except NotFound:
        flash(_("It no longer rings."), "info")
    return _back()


@blueprint.post("/console/calls/<int:call_id>/hold")
@signed_in(*ANSWERING)
def hold_call(call_id: int) -> ResponseReturnValue:
    call = _own_call(call_id)
    end.hold(call, now=g.now)
    _note("call.held", call)
    _tell_provider(lead_to_hold(call, base_url=settings().base_url))
    return _back()


@blueprint.post("/console/calls/<int:call_id>/take-back")
@signed_in(*ANSWERING)
def take_back_call(call_id: int) -> ResponseReturnValue:
    call = _own_call(call_id)
    end.take_back(call, now=g.now)
    _note("call.taken_back", call)
    return _back()


@blueprint.post("/console/calls/<int:call_id>/end")
@signed_in(*ANSWERING)
def end_call(call_id: int) -> ResponseReturnValue:
    call = _own_call(call_id)
    changes = end_talk(g.session, call)
    end.take_back(call, now=g.now)
    end.finish_talk(g.session, call_id, staff_id=g.viewer.staff_id, now=g.now)
    _note("call.ended", call)
    _tell_provider(changes)
    return _back()


def _note(action: str, call: Call) -> None:
    _audit(action, "call", call.id, ticket_id=call.ticket_id)


def _audit(action: str, kind: str, subject_id: int, *, ticket_id: int | None) -> None:
    entries.record(
        g.session,
        actor=g.actor,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        ticket_id=ticket_id,
        now=g.now,
    )


def _tell_provider(changes: Sequence[LegChange]) -> None:
    """Once the transaction is over: a slow provider must hold no row, and no screen either."""

    @after_this_request
    def tell(response: Response) -> Response:
        tell_provider(settings(), changes)
        return response


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
                finish_wrap_up(g.session, call_id, said=said, actor=g.actor, now=g.now)
                _note("call.wrapped_up", g.session.get_one(Call, call_id))
    except _NoSuchTicket:
        words = _("There is no ticket with this number, or it is not open to you.")
        return _call_page(call_id, errors={"reference": words}, status=400)
    if request.form.get("then") == PresenceState.AWAY.value:
        presence.go_away(g.session, g.viewer.staff_id, reason="paperwork", now=g.now)
    else:
        presence.end_wrap_up(g.session, g.viewer.staff_id, now=g.now)
    return _back()


class _NoSuchTicket(Exception):
    """The number typed into the form leads to no ticket of this person's."""


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
        .outerjoin(Ticket, Ticket.id == Call.ticket_id)
        .outerjoin(Citizen, Citizen.id == Call.citizen_id)
        .where(Call.id == call_id, Call.agent_id == g.viewer.staff_id)
    ).one_or_none()
    if row is None:
        raise NotFound("call", call_id)
    page = render_template(
        "console/call.html",
        call=row.Call,
        reference=row.reference,
        citizen=row.Citizen,
        history=open_tickets(row.Call.citizen_id) if row.Call.citizen_id else [],
        errors=errors,
        typed=request.form,
        once=form_key(),
    )
    return Response(page, status, mimetype="text/html")


def _own_call(call_id: int) -> Call:
    """The agent's own call, locked."""
    call = lock_call(g.session, call_id)
    if call.agent_id != g.viewer.staff_id or call.ended_at is not None:
        raise NotFound("call", call_id)
    return call


def _has_call() -> bool:
    mine = presence.presence_of(g.session, g.viewer.staff_id)
    return mine is not None and mine.state is PresenceState.ON_CALL and mine.call_id is not None


def _page_of_own_call() -> str:
    mine = presence.presence_of(g.session, g.viewer.staff_id)
    call = g.session.get(Call, mine.call_id) if mine is not None and mine.call_id is not None else None
    return _page_of(call) if call is not None else "/console"


def _page_of(call: Call) -> str:
    """The ticket of the call; a call without one is written down in the form for a new ticket."""
    reference = g.session.scalar(select(Ticket.reference).where(Ticket.id == call.ticket_id))
    return f"/console/tickets/{reference}" if reference else f"/console/new?call={call.id}"


def _back() -> ResponseReturnValue:
    return redirect(local_target(request.form.get("next", ""), "/console"), code=303)
