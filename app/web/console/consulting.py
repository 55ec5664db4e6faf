"""Speaking with a colleague before they get the caller, who is on hold meanwhile: asked, put through, or taken back."""

from flask import flash, g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.phone.call_control import end_line, lead_to_hold
from app.phone.consult_calls import LineBetween, connect_colleagues
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import after_press
from app.web.console.call_trail import note_call
from app.web.console.own_call import is_over, own_call
from app.web.frame.access import signed_in
from app.web.frame.current import done_with_database, settings
from app.web.pieces.call_steering import tell_after_commit
from app.web.pieces.talk_of_several import require_rooms, ring_in
from telephony.call.consultation import leave_consult, put_through
from telephony.call.facts import target_of
from telephony.call.passing_on import lock_own_talk
from telephony.call.supervising import bring_in, leave_talk
from telephony.calls import lock_call
from telephony.floor.consulting import Consult, note_line
from telephony.floor.offers import was_taken_by
from telephony.floor.rooms import parties_in
from telephony.lock_order import lock_around_call
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call


@blueprint.post("/console/calls/<int:call_id>/put-through")
@signed_in(*ANSWERING)
def put_caller_through(call_id: int) -> ResponseReturnValue:
    """The colleague has heard of it, and gets the caller."""
    try:
        with g.session.begin_nested():
            call = lock_own_talk(g.session, call_id, staff_id=g.viewer.staff_id)
            consult = put_through(g.session, call, now=g.now)
            note_call("call.put_through", call, to_staff_id=consult.with_id)
    except NotFound:
        own_call(call_id)
        return is_over()
    except NotAllowed:
        flash(_("Nobody has answered yet. The caller is still on hold."), "info")
        return after_press()
    tell_after_commit([*end_line(call, consult.leg), *lead_to_hold(call, base_url=settings().base_url)])
    flash(_("Put through. Write down what was said."), "success")
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/bring-in")
@signed_in(*ANSWERING)
def bring_colleague_in(call_id: int) -> ResponseReturnValue:
    """Three on the line, an interpreter for instance; where the provider connects more than two."""
    try:
        with g.session.begin_nested():
            call = lock_own_talk(g.session, call_id, staff_id=g.viewer.staff_id)
            require_rooms(call)
            entry = bring_in(g.session, call, now=g.now)
            note_call("call.brought_in", call, to_staff_id=entry.party.staff_id)
    except NotFound:
        own_call(call_id)
        return is_over()
    except NotAllowed:
        flash(
            _("Not possible: there is no line between you, or the provider connects two people only."),
            "info",
        )
        return after_press()
    if not ring_in(entry, target_of(g.session, entry.party.staff_id)):
        flash(_("Your colleague could not be rung once more; the caller is back with you."), "warning")
    tell_after_commit(lead_to_hold(lock_call(g.session, call_id), base_url=settings().base_url))
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/leave-consult")
@signed_in(*ANSWERING)
def leave(call_id: int) -> ResponseReturnValue:
    """The colleague who was asked or brought in goes; the caller is with whoever asked."""
    call = _locked(call_id)
    if any(one.staff_id == g.viewer.staff_id for one in parties_in(call.detail)):
        call, leg = leave_talk(g.session, call_id, staff_id=g.viewer.staff_id, now=g.now)
        note_call("call.left", call)
        tell_after_commit(end_line(call, leg))
        return after_press()
    try:
        leg = leave_consult(g.session, call, staff_id=g.viewer.staff_id, now=g.now)
    except NotFound:
        flash(_("Nobody is asking you any more."), "info")
        return after_press()
    note_call("call.consult_left", call)
    tell_after_commit([*end_line(call, leg), *lead_to_hold(call, base_url=settings().base_url)])
    return after_press()


def make_line(call: Call, asked: Consult) -> ResponseReturnValue:
    """Both are connected by their telephones, once it is committed that they talk to each other."""
    sender = str(call.detail.get("line_phone", ""))
    line = LineBetween(call.account, target_of(g.session, asked.by_id), target_of(g.session, asked.with_id), sender)
    call_id = call.id
    done_with_database()
    leg = connect_colleagues(settings(), line)
    if not note_line(lock_call(g.session, call_id), with_id=asked.with_id, leg=leg):
        # It was over before the line was made.
        tell_after_commit(end_line(call, leg))
    elif not leg:
        flash(_("The line between you could not be made: speak another way, or take the caller at once."), "warning")
    return after_press()


def _locked(call_id: int) -> Call:
    """With everybody around it. Raises NotFound for one that this person was never asked about."""
    asked = was_taken_by(g.viewer.staff_id)
    known = g.session.get(Call, call_id)
    is_in = known is not None and any(one.staff_id == g.viewer.staff_id for one in parties_in(known.detail))
    if known is None or not (is_in or g.session.scalar(select(Call.id).where(Call.id == call_id, asked))):
        raise NotFound("call", call_id)
    lock_around_call(g.session, account=known.account, call_sid=known.call_sid)
    return lock_call(g.session, call_id)
