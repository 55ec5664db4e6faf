"""Passing one's caller on: whom it can ring at, what they should know, and the request that goes along."""

from typing import Any

from flask import flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.phone.call_control import lead_to_agent, lead_to_hold
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_bar import after_press
from app.web.console.call_trail import note_call
from app.web.console.own_call import is_over, own_call
from app.web.frame.access import signed_in
from app.web.frame.current import rules, settings
from app.web.pieces.call_steering import steers, tell_after_commit
from app.web.pieces.names import unit_name
from app.web.pieces.telephone_choice import rung_of
from telephony.call.consultation import begin_consult
from telephony.call.passing_on import (
    LONGEST_TOLD,
    PassedOn,
    lock_own_talk,
    pass_to_colleague,
    pass_to_unit,
    tell_colleague,
)
from telephony.floor.floor import Floor, FloorAgent, load_floor
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.roles import Right, may, visible_tickets
from tickets.schema import Call, Ticket
from tickets.states import QueueKind, TelephoneKind
from tickets.typed_text import typed_number
from tickets.work.assignment import transfer

_MOST_SHOWN = 60


@blueprint.get("/console/calls/<int:call_id>/pass-on")
@signed_in(*ANSWERING)
def pass_on_page(call_id: int) -> ResponseReturnValue:
    """Under the bar where script runs, else a page of its own."""
    return _form(call_id)


@blueprint.post("/console/calls/<int:call_id>/pass-on")
@signed_in(*ANSWERING)
def pass_on(call_id: int) -> ResponseReturnValue:
    kind, _dash, number = request.form.get("to", "").partition("-")
    wanted = typed_number(number)
    if kind not in ("staff", "unit") or wanted is None:
        return _form(call_id, _("Choose who is to answer."))
    asks_first = request.form.get("how") == "ask" and kind == "staff"
    try:
        with g.session.begin_nested():
            call = lock_own_talk(g.session, call_id, staff_id=g.viewer.staff_id)
            if asks_first:
                _ask_first(call, wanted)
            else:
                _pass_to(call, kind, wanted)
    except NotFound:
        own_call(call_id)
        return is_over()
    except NotAllowed as refused:
        return _form(call_id, _refusal_words(refused.what))
    if asks_first:
        tell_after_commit(lead_to_hold(call, base_url=settings().base_url))
        return after_press()
    tell_after_commit(lead_to_agent(call, base_url=settings().base_url))
    flash(_("Passed on: the caller is first in line. Write down what was said."), "success")
    if not steers(call.account) and rung_of(g.viewer.staff_id).kind is not TelephoneKind.BROWSER:
        # Nobody but the agent can end this leg, and the caller goes on only then.
        flash(_("Put your telephone down now: until then the caller hears you."), "warning")
    return after_press()


def _form(call_id: int, refused: str = "") -> ResponseReturnValue:
    """As it was filled in, when it was refused."""
    call = g.session.get(Call, call_id)
    if call is None or call.agent_id != g.viewer.staff_id or call.ended_at is not None:
        raise NotFound("call", call_id)
    is_part = "HX-Request" in request.headers
    page = render_template(
        "console/pass_on_form.html" if is_part else "console/pass_on.html",
        call=call,
        longest=LONGEST_TOLD,
        typed={name: request.form.get(name, "") for name in ("to", "words")},
        refused=refused,
        **_whom(load_floor(g.session, now=g.now)),
    )
    if is_part:
        # A refused form takes its own place again, not the bar's.
        return page, 200, {"HX-Retarget": "#call-panel", "HX-Reswap": "innerHTML"}
    return page, 409 if refused else 200


def _ask_first(call: Call, to_id: int) -> None:
    """The caller hears music, and it rings at the colleague, who is told on whose behalf."""
    floor = load_floor(g.session, now=g.now)
    begin_consult(g.session, call, by_id=g.viewer.staff_id, to_id=to_id, floor=floor, now=g.now)
    tell_colleague(call, _told())
    note_call("call.consult_begun", call, to_staff_id=to_id)


def _told() -> PassedOn:
    return PassedOn(g.viewer.staff_id, g.viewer.name, request.form.get("words", "").strip()[:LONGEST_TOLD])


def _pass_to(call: Call, kind: str, wanted: int) -> None:
    floor = load_floor(g.session, now=g.now)
    told = _told()
    if kind == "unit":
        pass_to_unit(g.session, call, told, unit_id=wanted, floor=floor, now=g.now)
        if request.form.get("with_ticket") == "1":
            _send_ticket_along(call, wanted)
        note_call("call.passed_on", call, to_unit_id=wanted)
    else:
        pass_to_colleague(g.session, call, told, to_id=wanted, floor=floor, now=g.now)
        note_call("call.passed_on", call, to_staff_id=wanted)


def _send_ticket_along(call: Call, unit_id: int) -> None:
    """Only where the agent may give it away, and the unit has a queue that receives; else it stays where it is."""
    seen = select(Ticket).where(Ticket.id == call.ticket_id, visible_tickets(g.viewer))
    ticket = g.session.scalars(seen).one_or_none()
    queue_id = rules().routing.queues.get((unit_id, QueueKind.WORK))
    if ticket is None or queue_id is None or ticket.unit_id == unit_id or not may(g.viewer, Right.WORK, ticket):
        return
    try:
        with g.session.begin_nested():
            transfer(g.session, ticket.id, queue_id=queue_id, reason=_("Passed on with the caller"), actor=g.actor,
                     now=g.now)  # fmt: skip
    except (InvalidInput, NotAllowed):
        flash(_("The request itself stays where it is: transfer it on its page."), "info")


def _refusal_words(code: str) -> str:
    if code == "nobody_at_unit":
        return _("Nobody of this unit is at work on the phones. The caller is still yours.")
    if code == "about_them":
        return _("The request is about this unit: nobody who works there is asked. The caller is still yours.")
    return _("This colleague takes no call just now. The caller is still yours.")


def _whom(floor: Floor) -> dict[str, Any]:
    """Colleagues who are free, and units whose people are at work, each with how many are free."""
    me = g.viewer.staff_id
    others = [agent for agent in floor.agents if agent.staff_id != me]
    free = sorted((agent for agent in others if agent.is_free), key=lambda agent: agent.name)
    units = rules().routing.units
    staffed = sorted(
        (
            (unit_name(units[unit_id]), unit_id, sum(a.is_free for a in others if unit_id in a.unit_ids))
            for unit_id in {one for agent in others for one in agent.unit_ids}
            if unit_id in units
        ),
    )
    return {
        "colleagues": [(agent, _units_of(agent)) for agent in free[:_MOST_SHOWN]],
        "busy": sum(not agent.is_free for agent in others),
        "units": staffed[:_MOST_SHOWN],
    }


def _units_of(agent: FloorAgent) -> str:
    units = rules().routing.units
    return ", ".join(sorted(unit_name(units[one]) for one in agent.unit_ids if one in units))
