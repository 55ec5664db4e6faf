"""Taking calls: presence, the offer that rings, hold, end."""

from flask import abort, flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.phone.call_control import LegChange, end_line, end_talk, lead_to_agent, lead_to_hold
from app.phone.telephones import is_voicemails
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import after_press, away_reasons, lead_to
from app.web.console.call_trail import note_call, note_offer
from app.web.console.consulting import make_line
from app.web.console.own_call import is_over, own_call
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.fault_words import fault_words
from app.web.pieces.call_steering import end_after_commit, steers, tell_after_commit
from app.web.pieces.telephone_choice import rung_of
from telephony.call import end
from telephony.call.consultation import take_caller_back
from telephony.call.passing_on import lock_around, lock_own_talk
from telephony.floor import offers, presence
from telephony.floor.consulting import consult_of
from telephony.floor.offers import end_consult
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.roles import visible_tickets
from tickets.schema import Call, Presence, Ticket
from tickets.states import CallState, PresenceState


@blueprint.post("/console/presence")
@signed_in(*ANSWERING)
def change_presence() -> ResponseReturnValue:
    wanted = request.form.get("state", "")
    staff_id = g.viewer.staff_id
    try:
        with g.session.begin_nested():
            if wanted == PresenceState.AVAILABLE.value:
                rung = rung_of(staff_id)
                if is_voicemails(settings(), rung):
                    flash(fault_words(InvalidInput("kind", "voicemail_would_answer")), "danger")
                    return after_press()
                presence.go_available(
                    g.session, staff_id, phone=rung.phone, must_register=rung.must_register, now=g.now
                )
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
        flash(_("Not possible while a call is ringing or in progress. End it first."), "warning")
    return after_press()


@blueprint.post("/console/presence/beat")
@signed_in(*ANSWERING)
def beat() -> ResponseReturnValue:
    """The console is open, and its telephone can ring; said every `HEARTBEAT_EVERY`. Answers how the agent stands."""
    telephone = request.headers.get("X-Telephone", "")
    mine = presence.heartbeat(g.session, g.viewer.staff_id, can_ring=telephone in ("ready", "talking"), now=g.now)
    if telephone == "talking" and mine is not None:
        _note_heard(mine)
    return "", 204, {"X-Presence": (mine.state if mine else PresenceState.OFFLINE).value}


def _note_heard(mine: Presence) -> None:
    """The agent's telephone is connected: for calls whose provider does not say so itself."""
    call = g.session.get(Call, mine.call_id) if mine.state is PresenceState.ON_CALL and mine.call_id else None
    if call is not None and call.answered_at is None and not steers(call.account):
        end.note_connected(g.session, call.id, staff_id=mine.staff_id, now=g.now)


@blueprint.post("/console/offers/<int:offer_id>/accept")
@signed_in(*ANSWERING)
def accept(offer_id: int) -> ResponseReturnValue:
    """Take the ringing call; the caller is fetched at once, whatever is being said to them."""
    try:
        with g.session.begin_nested():
            call = offers.accept(g.session, offer_id, staff_id=g.viewer.staff_id, now=g.now)
            asked = consult_of(call.detail)
            note_call("call.consult_answered" if asked else "call.accepted", call)
    except NotFound:
        if _has_call():
            return lead_to(_page_ofown_call())
        flash(_("The caller is no longer on the line, or a colleague was faster."), "info")
        return after_press()
    if asked is not None:
        return make_line(call, asked)
    tell_after_commit(lead_to_agent(call, base_url=settings().base_url))
    return lead_to(_page_of(call))


@blueprint.post("/console/offers/<int:offer_id>/decline")
@signed_in(*ANSWERING)
def decline(offer_id: int) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            call = offers.decline(g.session, offer_id, staff_id=g.viewer.staff_id, now=g.now)
            note_offer("offer.declined", offer_id)
        if call.state is CallState.TALKING:
            # A colleague was asked while the caller is on hold: they are not kept waiting for the refusal.
            tell_after_commit(lead_to_hold(call, base_url=settings().base_url))
    except NotFound:
        flash(_("This call is no longer ringing."), "info")
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/hold")
@signed_in(*ANSWERING)
def hold_call(call_id: int) -> ResponseReturnValue:
    call = own_call(call_id)
    if call.ended_at is not None:
        return is_over()
    if call.state is not CallState.TALKING:
        # They would be connected all the same, and shown as on hold.
        flash(_("The caller is not connected yet."), "info")
        return after_press()
    end.hold(call, now=g.now)
    note_call("call.held", call)
    tell_after_commit(lead_to_hold(call, base_url=settings().base_url))
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/take-back")
@signed_in(*ANSWERING)
def take_back_call(call_id: int) -> ResponseReturnValue:
    try:
        call = lock_own_talk(g.session, call_id, staff_id=g.viewer.staff_id)
    except NotFound:
        own_call(call_id)
        return is_over()
    leg = take_caller_back(g.session, call, now=g.now)
    note_call("call.taken_back", call)
    tell_after_commit([*end_line(call, leg), *lead_to_hold(call, base_url=settings().base_url)])
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/end")
@signed_in(*ANSWERING)
def end_call(call_id: int) -> ResponseReturnValue:
    lock_around(g.session, call_id)
    call = own_call(call_id)
    if call.ended_at is not None:
        return after_press()
    told = end_talk(g.session, call, base_url=settings().base_url, steers=steers(call.account))
    changes = [*end_line(call, end_consult(g.session, call, now=g.now)), *told]
    end.finish_talk(g.session, call_id, staff_id=g.viewer.staff_id, now=g.now)
    note_call("call.ended", call)
    end_after_commit(changes, LegChange(call.account, call.call_sid))
    return after_press()


def _has_call() -> bool:
    mine = presence.presence_of(g.session, g.viewer.staff_id)
    return mine is not None and mine.state is PresenceState.ON_CALL and mine.call_id is not None


def _page_ofown_call() -> str:
    mine = presence.presence_of(g.session, g.viewer.staff_id)
    call = g.session.get(Call, mine.call_id) if mine is not None and mine.call_id is not None else None
    return _page_of(call) if call is not None else "/console"


def _page_of(call: Call) -> str:
    """The ticket of the call, or where that is not open to them what they note of the call; without a ticket, the form
    for a new one."""
    if call.ticket_id is None:
        return f"/console/new?call={call.id}"
    seen = select(Ticket.reference).where(Ticket.id == call.ticket_id, visible_tickets(g.viewer))
    reference = g.session.scalar(seen)
    return f"/console/tickets/{reference}" if reference else f"/console/calls/{call.id}"
