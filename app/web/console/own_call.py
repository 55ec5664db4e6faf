"""The agent's own call, as every button of the bar needs it."""

from flask import flash, g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.call_bar import after_press
from telephony.calls import lock_call
from tickets.errors import NotFound
from tickets.schema import Call


def own_call(call_id: int) -> Call:
    """Locked; it may be over, because the caller hung up while a button was being pressed."""
    call = lock_call(g.session, call_id)
    if call.agent_id != g.viewer.staff_id:
        raise NotFound("call", call_id)
    return call


def is_over() -> ResponseReturnValue:
    flash(_("The caller has hung up."), "info")
    return after_press()
