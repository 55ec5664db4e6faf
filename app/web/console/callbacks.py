"""People to call back, and voicemails to listen to."""

from datetime import timedelta

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, or_, select

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.frame.access import signed_in
from telephony.floor import callbacks as callback_list
from tickets.audit import entries
from tickets.errors import NotFound
from tickets.people.roles import visible_tickets
from tickets.schema import CallbackRequest, Citizen, Recording, Staff, Ticket, Unit
from tickets.states import UNFINISHED, CallbackState, RecordingKind

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
        .where(CallbackRequest.state.in_((CallbackState.OPEN, CallbackState.CLAIMED)), _scope())
        .order_by(CallbackRequest.order_at, CallbackRequest.id)
        .limit(_SHOWN)
    ).all()
    return render_template(
        "console/callbacks.html",
        rows=rows,
        voicemails=_voicemails(),
        viewer_id=g.viewer.staff_id,
        given_up_before=g.now - callback_list.CLAIM_HELD_FOR,
    )


@blueprint.post("/console/callbacks/<int:callback_id>/claim")
@signed_in(*ANSWERING)
def claim_callback(callback_id: int) -> ResponseReturnValue:
    _require_in_scope(callback_id)
    try:
        with g.session.begin_nested():
            callback_list.claim_callback(g.session, callback_id, staff_id=g.viewer.staff_id, now=g.now)
            _note("callback.claimed", callback_id)
    except NotFound:
        flash(_("A colleague is calling this person already."), "info")
    return redirect("/console/callbacks", code=303)


@blueprint.post("/console/callbacks/<int:callback_id>/done")
@signed_in(*ANSWERING)
def finish_callback(callback_id: int) -> ResponseReturnValue:
    _require_in_scope(callback_id)
    outcome = request.form.get("outcome", "")
    try:
        with g.session.begin_nested():
            callback_list.finish_callback(
                g.session,
                callback_id,
                staff_id=g.viewer.staff_id,
                outcome=outcome if outcome in _OUTCOMES else "reached",
                now=g.now,
            )
            _note("callback.done", callback_id, outcome=outcome if outcome in _OUTCOMES else "reached")
    except NotFound:
        flash(_("This callback is already done."), "info")
    return redirect("/console/callbacks", code=303)


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
