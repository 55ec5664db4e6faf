"""Not recording for a moment, while the caller reads out what proves who they are."""

from flask import flash, g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.phone.call_control import LegChange, set_recording
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import after_press
from app.web.console.call_trail import note_call
from app.web.console.own_call import is_over, own_call
from app.web.frame.access import signed_in
from app.web.frame.current import done_with_database, settings
from telephony.call.recording_pause import ask_for_pause, forget_pause, note_paused
from telephony.calls import lock_call
from telephony.floor.rooms import open_room
from tickets.schema import Call
from tickets.states import CallState


@blueprint.post("/console/calls/<int:call_id>/pause-recording")
@signed_in(*ANSWERING)
def pause_recording(call_id: int) -> ResponseReturnValue:
    """The bar says that nothing is kept only when the provider has said so."""
    call = own_call(call_id)
    if not _is_talk(call):
        return is_over()
    ask_for_pause(call, now=g.now)
    note_call("call.recording_paused", call)
    change = LegChange(call.account, call.call_sid, room=open_room(g.session, call))
    done_with_database()
    is_paused = set_recording(settings(), change, is_paused=True)
    note_paused(lock_call(g.session, call_id), is_paused=is_paused, now=g.now)
    if not is_paused:
        flash(_("The recording could not be paused: ask for nothing secret now."), "danger")
    return after_press()


@blueprint.post("/console/calls/<int:call_id>/resume-recording")
@signed_in(*ANSWERING)
def resume_recording(call_id: int) -> ResponseReturnValue:
    call = own_call(call_id)
    if not _is_talk(call):
        return is_over()
    note_call("call.recording_resumed", call)
    change = LegChange(call.account, call.call_sid, room=open_room(g.session, call))
    done_with_database()
    if set_recording(settings(), change, is_paused=False):
        forget_pause(lock_call(g.session, call_id))
    else:
        flash(_("The recording could not be resumed: press once more."), "danger")
    return after_press()


def _is_talk(call: Call) -> bool:
    return call.ended_at is None and call.state is CallState.TALKING and call.hold_since is None
