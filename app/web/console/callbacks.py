"""People to call back, and voicemails to listen to."""

from datetime import timedelta

from flask import flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, or_, select

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import after_press
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.fault_words import fault_words
from app.web.pieces.moments import read_moment
from telephony.floor import callbacks as callback_list
from telephony.floor import calling_back
from telephony.floor.calling_out import call_citizen_now
from telephony.floor.floor import load_floor
from tickets.audit import entries
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.roles import visible_tickets
from tickets.schema import CallbackRequest, Citizen, Recording, Staff, Ticket, Unit
from tickets.states import UNFINISHED, RecordingKind

_SHOWN = 100
_VOICEMAILS_OF = timedelta(days=7)
_OUTCOMES = ("reached", "not_reached", "not_needed")


@blueprint.get("/console/callbacks")
@signed_in(*ANSWERING)
def callbacks() -> ResponseReturnValue:
    reference = (
        select(Ticket.reference)
        .where(Ticket.id == CallbackRequest.ticket_id, visible_tickets(g.viewer))
        .correlate(CallbackRequest)
        .scalar_subquery()
    )
    rows = g.session.execute(
        select(CallbackRequest, Unit, Citizen, Staff.name.label("agent"), reference)
        .outerjoin(Unit, Unit.id == CallbackRequest.unit_id)
        .outerjoin(Citizen, Citizen.id == CallbackRequest.citizen_id)
        .outerjoin(Staff, Staff.id == CallbackRequest.staff_id)
        .where(CallbackRequest.state.in_(callback_list.OPEN_STATES), _scope())
        .order_by(CallbackRequest.order_at, CallbackRequest.id)
        .limit(_SHOWN)
    ).all()
    return render_template(
        "console/callbacks.html",
        rows=rows,
        voicemails=_voicemails(),
        viewer_id=g.viewer.staff_id,
        most_attempts=callback_list.MOST_ATTEMPTS,
        given_up_before=g.now - callback_list.CLAIM_HELD_FOR,
    )


@blueprint.post("/console/callbacks/<int:callback_id>/claim")
@signed_in(*ANSWERING)
def claim_callback(callback_id: int) -> ResponseReturnValue:
    """By hand; the agent is on the phone until it is finished or given back."""
    _require_in_scope(callback_id)
    try:
        with g.session.begin_nested():
            calling_back.claim(g.session, callback_id, staff_id=g.viewer.staff_id, now=g.now)
            _note("callback.claimed", callback_id)
    except NotFound:
        flash(_("A colleague is calling this person already."), "info")
    except NotAllowed:
        flash(_("Not possible while a call is ringing or in progress. End it first."), "warning")
    return after_press()


@blueprint.post("/console/callbacks/<int:callback_id>/done")
@signed_in(*ANSWERING)
def finish_callback(callback_id: int) -> ResponseReturnValue:
    """Who was not reached is tried again by us, and told by text after the third time."""
    _require_in_scope(callback_id)
    asked = request.form.get("outcome", "")
    outcome = asked if asked in _OUTCOMES else callback_list.REACHED
    try:
        with g.session.begin_nested():
            calling_back.finish(g.session, callback_id, staff_id=g.viewer.staff_id, outcome=outcome, now=g.now)
            _note("callback.done", callback_id, outcome=outcome)
    except NotFound:
        flash(_("This callback is already done."), "info")
    return after_press()


@blueprint.post("/console/callbacks/<int:callback_id>/give-back")
@signed_in(*ANSWERING)
def give_back_callback(callback_id: int) -> ResponseReturnValue:
    """It waits again, at its place."""
    _require_in_scope(callback_id)
    try:
        with g.session.begin_nested():
            calling_back.give_back(g.session, callback_id, staff_id=g.viewer.staff_id, now=g.now)
            _note("callback.given_back", callback_id)
    except NotFound:
        flash(_("This callback is already done."), "info")
    return after_press()


@blueprint.post("/console/callbacks/<int:callback_id>/not-now")
@signed_in(*ANSWERING)
def refuse_callback(callback_id: int) -> ResponseReturnValue:
    """Whom we ring for this agent another may talk to; who is kept for it needs no further right to give it away."""
    try:
        with g.session.begin_nested():
            floor = load_floor(g.session, now=g.now)
            calling_back.not_now(g.session, callback_id, staff_id=g.viewer.staff_id, others=floor, now=g.now)
            _note("callback.refused", callback_id)
    except NotFound:
        flash(_("This person is not being rung for you any more."), "info")
    return after_press()


@blueprint.post("/console/callbacks/<int:callback_id>/at")
@signed_in(*ANSWERING)
def postpone_callback(callback_id: int) -> ResponseReturnValue:
    """At a time that was agreed on, in the place it has."""
    _require_in_scope(callback_id)
    try:
        at = read_moment(request.form.get("at", ""), settings().zone, field="at")
        with g.session.begin_nested():
            calling_back.postpone(g.session, callback_id, at=at, now=g.now)
            _note("callback.postponed", callback_id, until=at.isoformat())
    except InvalidInput as error:
        flash(fault_words(error), "warning")
    except NotFound:
        flash(_("A colleague is calling this person already."), "info")
    return after_press()


@blueprint.post("/console/tickets/<reference>/call-back")
@signed_in(*ANSWERING)
def agree_on_callback(reference: str) -> ResponseReturnValue:
    """The citizen of a ticket is called at a time that was agreed on."""

    def do(ticket: Ticket) -> None:
        at = read_moment(request.form.get("at", ""), settings().zone, field="at")
        planned = calling_back.agree_on(g.session, ticket, at=at, once=request.form.get("once", ""), now=g.now)
        entries.record(
            g.session,
            actor=g.actor,
            action="callback.agreed",
            subject_kind="callback_request",
            subject_id=planned,
            ticket_id=ticket.id,
            params={"until": at.isoformat()},
            now=g.now,
        )

    return act(reference, "call-back", do, done=_("Planned: it is dialled at that time, and rings at a free agent."))


@blueprint.post("/console/tickets/<reference>/call-now")
@signed_in(*ANSWERING)
def call_now(reference: str) -> ResponseReturnValue:
    """The citizen of a ticket is rung for this agent; by the outbox, so that budgets, prefixes and wishes hold."""

    def do(ticket: Ticket) -> None:
        once = request.form.get("once", "")
        planned = call_citizen_now(g.session, ticket, staff_id=g.viewer.staff_id, once=once, now=g.now)
        entries.record(
            g.session,
            actor=g.actor,
            action="callback.dialled",
            subject_kind="callback_request",
            subject_id=planned,
            ticket_id=ticket.id,
            now=g.now,
        )

    return act(reference, "call-now", do, done=_("It rings at the citizen: stay ready, you are put through at once."))


def _note(action: str, callback_id: int, **params: str) -> None:
    entries.record(
        g.session,
        actor=g.actor,
        action=action,
        subject_kind="callback_request",
        subject_id=callback_id,
        params=params,
        now=g.now,
    )


def _scope() -> ColumnElement[bool]:
    """Of one's units, and of nothing that one may not know of."""
    allowed = callback_list.may_know_of(g.viewer)
    if g.viewer.covers_city(*ANSWERING):
        return allowed
    return and_(CallbackRequest.unit_id.in_(g.viewer.unit_ids(*ANSWERING)), allowed)


def _require_in_scope(callback_id: int) -> None:
    """Out of scope looks like not existing."""
    if g.session.scalar(select(CallbackRequest.id).where(CallbackRequest.id == callback_id, _scope())) is None:
        raise NotFound("callback", callback_id)


def _voicemails() -> list[tuple[Recording, str, str]]:
    """Of tickets that still wait, and of the last days."""
    rows = g.session.execute(
        select(Recording, Ticket.reference, Ticket.subject)
        .join(Ticket, Ticket.id == Recording.ticket_id)
        .where(
            Recording.kind == RecordingKind.VOICEMAIL,
            or_(Ticket.status.in_(UNFINISHED), Recording.created_at > g.now - _VOICEMAILS_OF),
            visible_tickets(g.viewer),
        )
        .order_by(Recording.id.desc())
        .limit(_SHOWN)
    )
    return [(row[0], row[1], row[2]) for row in rows]
