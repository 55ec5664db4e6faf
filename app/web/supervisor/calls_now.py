"""Calls now: everybody on the line in one's own area, with whom, since when and how urgent; and taking a talk over."""

from flask import flash, g, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.phone.accounts import provider_accounts
from app.phone.call_control import end_line, lead_to_hold
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.menu import in_menu
from app.web.pieces.call_steering import steers, tell_after_commit
from app.web.pieces.telephone_choice import rung_of
from app.web.supervisor.blueprint import STEERING, blueprint, supervised_units
from telephony.call.taking_over import TAKEN_MEANWHILE, take_over
from telephony.floor.live_calls import LiveCall, live_calls
from telephony.provider.account import Capability
from tickets.audit import entries
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Call
from tickets.states import CallState, Role

CALLS_NOW = "/supervisor/calls"


@blueprint.get(CALLS_NOW)
@in_menu(_l("Calls now"), order=3, icon="phone")
@signed_in(*STEERING)
def calls_now() -> ResponseReturnValue:
    return render_template("supervisor/calls.html", **_now())


@blueprint.get(f"{CALLS_NOW}/now")
@signed_in(*STEERING)
def calls_fragment() -> ResponseReturnValue:
    """The list alone, when something moves."""
    return render_template("supervisor/calls_now.html", **_now())


@blueprint.post(f"{CALLS_NOW}/<int:call_id>/take-over")
@signed_in(Role.SUPERVISOR)
def take_call_over(call_id: int) -> ResponseReturnValue:
    require_in_scope(call_id)
    try:
        with g.session.begin_nested():
            mine = rung_of(g.viewer.staff_id)
            call, legs = take_over(
                g.session, call_id, by_id=g.viewer.staff_id, by=g.viewer.name, phone=mine.phone, now=g.now
            )
            entries.record(
                g.session, actor=g.actor, action="call.taken_over", subject_kind="call", subject_id=call.id,
                ticket_id=call.ticket_id, now=g.now,
            )  # fmt: skip
    except NotFound:
        flash(_("This talk is over, or nobody is in it yet."), "info")
        return redirect(CALLS_NOW, code=303)
    except NotAllowed as refused:
        flash(_not_taken(refused), "warning")
        return redirect(CALLS_NOW, code=303)
    ended = [change for leg in legs for change in end_line(call, leg)]
    tell_after_commit([*ended, *lead_to_hold(call, base_url=settings().base_url)])
    flash(_yours(call), "success")
    return redirect(CALLS_NOW, code=303)


def _yours(call: Call) -> str:
    if steers(call.account):
        return _("The caller is yours: your telephone rings now.")
    return _("The caller is yours: your telephone rings as soon as the agent’s goes down.")


def _not_taken(refused: NotAllowed) -> str:
    if refused.what == TAKEN_MEANWHILE:
        return _("Somebody else took this caller at the same moment: look whom they talk with now.")
    return _("Not possible: you are on a call yourself, or this call cannot ring at your telephone.")


def require_in_scope(call_id: int) -> None:
    """Out of scope looks like not existing."""
    if not any(one.id == call_id and not one.is_hidden for one in _mine()):
        raise NotFound("call", call_id)


def _mine() -> list[LiveCall]:
    return live_calls(g.session, g.viewer, supervised_units(g.viewer), now=g.now)


def _now() -> dict[str, object]:
    listed = _mine()
    return {
        "calls": listed,
        "talking": sum(one.state is CallState.TALKING for one in listed),
        "waiting": sum(one.state in (CallState.QUEUED, CallState.OFFERED) for one in listed),
        "can_listen": {name for name, one in provider_accounts(settings()).items() if one.can(Capability.CONFERENCE)},
        "viewer_id": g.viewer.staff_id,
        "may_take_over": g.viewer.holds(Role.SUPERVISOR),
    }
