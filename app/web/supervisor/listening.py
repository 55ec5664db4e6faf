"""A supervisor in a talk: listening, whispering to the agent, or speaking with both; where the account can do it."""

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.phone.call_control import end_line
from app.phone.room_calls import lead_party
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.pieces.call_steering import tell_after_commit
from app.web.pieces.talk_of_several import require_rooms, ring_in
from app.web.pieces.telephone_choice import rung_of
from app.web.supervisor.blueprint import blueprint
from app.web.supervisor.calls_now import CALLS_NOW, require_in_scope
from telephony.call.facts import target_of
from telephony.call.supervising import RECORDING_PAUSED, TalkEntry, enter_talk, leave_talk
from telephony.floor.rooms import TalkPart
from tickets.audit import entries
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call
from tickets.states import Role

_ACTIONS = {TalkPart.LISTENS: "call.listened", TalkPart.WHISPERS: "call.whispered", TalkPart.SPEAKS: "call.joined"}


@blueprint.post(f"{CALLS_NOW}/<int:call_id>/enter")
@signed_in(Role.SUPERVISOR)
def enter(call_id: int) -> ResponseReturnValue:
    """The agent sees in their bar who listens; whoever whispers is heard by the agent alone."""
    require_in_scope(call_id)
    asked = request.form.get("part", "")
    if asked not in set(TalkPart):
        abort(400)
    try:
        with g.session.begin_nested():
            require_rooms(g.session.get_one(Call, call_id))
            entry = enter_talk(
                g.session,
                call_id,
                staff_id=g.viewer.staff_id,
                name=g.viewer.name,
                phone=rung_of(g.viewer.staff_id).phone,
                part=TalkPart(asked),
                now=g.now,
            )
            _note(_ACTIONS[entry.party.part], entry.call)
    except NotFound:
        flash(_("This talk is over, or nobody is in it yet."), "info")
        return redirect(CALLS_NOW, code=303)
    except NotAllowed as refused:
        flash(_refusal(refused.what), "warning")
        return redirect(CALLS_NOW, code=303)
    _tell(entry)
    return redirect(CALLS_NOW, code=303)


@blueprint.post(f"{CALLS_NOW}/<int:call_id>/leave")
@signed_in(Role.SUPERVISOR)
def leave_call(call_id: int) -> ResponseReturnValue:
    """Out of it again; the others go on talking."""
    try:
        with g.session.begin_nested():
            call, leg = leave_talk(g.session, call_id, staff_id=g.viewer.staff_id, now=g.now)
            _note("call.left", call)
    except NotFound:
        return redirect(CALLS_NOW, code=303)
    tell_after_commit(end_line(call, leg))
    return redirect(CALLS_NOW, code=303)


def _tell(entry: TalkEntry) -> None:
    """Their telephone is rung first: who talks is moved only when there is somebody to listen."""
    if entry.party.leg:
        tell_after_commit(lead_party(entry, base_url=settings().base_url))
        return
    if ring_in(entry, target_of(g.session, entry.party.staff_id)):
        flash(_("Your telephone rings: answer it, and you are in the talk."), "success")
    else:
        flash(_("Your telephone could not be rung: the provider did not take it."), "warning")


def _refusal(code: str) -> str:
    if code == "no_rooms":
        return _("The provider of this call connects two people only.")
    if code == RECORDING_PAUSED:
        return _("Identity data are being read out, and the recording is paused: try again in two minutes.")
    return _("Not possible: you are on a call yourself, or this call cannot ring at your telephone.")


def _note(action: str, call: Call) -> None:
    entries.record(
        g.session, actor=g.actor, action=action, subject_kind="call", subject_id=call.id, ticket_id=call.ticket_id,
        now=g.now,
    )  # fmt: skip
