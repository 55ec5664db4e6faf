"""The call bar on top of every desk page: presence, who rings, who talks; looked up when a page asks for it."""

from datetime import timedelta
from typing import Any

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from app.phone.accounts import provider_accounts
from app.phone.telephones import ringing
from app.web.console.blueprint import ANSWERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.local_target import local_target, parts_of
from app.web.frame.page_address import page_address
from app.web.frame.response_headers import BAR_ALONE
from app.web.pieces.call_steering import steers
from app.wording.spoken_time import moment_phrase
from telephony.call.recording_pause import pause_of
from telephony.calls import NOT_LED
from telephony.floor.agent_bar import AgentBar, BarCall, agent_bar
from telephony.floor.callbacks import MOST_ATTEMPTS
from telephony.floor.consulting import consult_of
from telephony.floor.floor import HEARTBEAT_EVERY, HEARTBEAT_LOST
from telephony.floor.presence import AWAY_MISSED_OFFERS, AWAY_NO_HEARTBEAT, AWAY_NO_TELEPHONE
from telephony.floor.rooms import parties_in, room_of
from telephony.provider.account import Capability
from tickets.people.phones import mask, readable_phone
from tickets.people.roles import visible_tickets
from tickets.schema import Call, Ticket
from tickets.states import UNFINISHED, PresenceState

_SHOWN_TICKETS = 4


@blueprint.app_context_processor
def offered_to_layouts() -> dict[str, Any]:
    """`agent_call_bar()` and the bar's own address for layouts; nothing is read for a page that does not show it."""
    return {
        "agent_call_bar": agent_call_bar,
        "talks_on_the_phone": talks_on_the_phone,
        "bar_alone": BAR_ALONE,
        "beat_every_ms": HEARTBEAT_EVERY // timedelta(milliseconds=1),
    }


def talks_on_the_phone() -> bool:
    viewer = g.get("viewer")
    return viewer is not None and viewer.holds(*ANSWERING)


def agent_call_bar() -> Markup:
    if not talks_on_the_phone():
        return Markup("")
    return Markup(render_template("console/call_bar.html", **bar_context()))  # noqa: S704  (rendered with escaping)


@blueprint.get("/console/call-bar")
@signed_in(*ANSWERING)
def fragment() -> ResponseReturnValue:
    """The bar alone, for live updates."""
    return render_template("console/call_bar.html", **bar_context())


@blueprint.get(BAR_ALONE)
@signed_in(*ANSWERING)
def alone() -> ResponseReturnValue:
    """The bar as a page of its own: in a frame, its presses leave the page around it as it is."""
    return render_template("console/call_bar_alone.html", is_pressed=True, is_alone=True, **bar_context())


def after_press() -> ResponseReturnValue:
    """After a press: the bar as it is now, in its place; without script the page that the bar stands on."""
    if "HX-Request" not in request.headers:
        return redirect(local_target(request.values.get("next", ""), "/console"), code=303)
    return render_template("console/call_bar.html", is_pressed=True, **bar_context())


def lead_to(target: str) -> ResponseReturnValue:
    """To another page, unless somebody may be in the middle of typing on this one: the bar then shows the way."""
    if "HX-Request" not in request.headers:
        if request.args.get("next") == BAR_ALONE:
            return after_press()
        return redirect(target, code=303)
    if request.headers.get("X-Typing") == "1":
        return after_press()
    return "", 204, {"HX-Redirect": target}


def away_reasons() -> dict[str, str]:
    return {
        "break": _("Break"),
        "meal": _("Meal break"),
        "paperwork": _("Working on tickets"),
        "training": _("Training"),
        AWAY_MISSED_OFFERS: _("did not answer two calls"),
        AWAY_NO_HEARTBEAT: _("lost contact with this console"),
        AWAY_NO_TELEPHONE: _("no telephone to ring"),
    }


def thrown_off_words(bar: AgentBar) -> str:
    """Why somebody who did not go away themselves is offered no calls; empty when they are, or meant it so."""
    if bar.state is not PresenceState.AWAY or bar.since is None:
        return ""
    since = moment_phrase(bar.since, g.now)
    if bar.reason == AWAY_NO_HEARTBEAT:
        return _(
            "Calls have not rung here since %(moment)s: "
            "the server lost contact with this console for "
            "%(seconds)s seconds (the computer slept, the network was down or the page was closed).",
            moment=since,
            seconds=int(HEARTBEAT_LOST.total_seconds()),
        )
    if bar.reason == AWAY_NO_TELEPHONE:
        return _(
            "Calls have not rung here since %(moment)s: the telephone in the browser did not say for "
            "%(seconds)s seconds that it can ring (its window was closed, or the exchange did not answer).",
            moment=since,
            seconds=int(HEARTBEAT_LOST.total_seconds()),
        )
    if bar.reason == AWAY_MISSED_OFFERS:
        return _("Calls have not rung here since %(moment)s: two calls in a row were not answered.", moment=since)
    return ""


def load_bar() -> AgentBar:
    viewer = g.viewer
    return agent_bar(
        g.session,
        viewer,
        unit_ids=viewer.unit_ids(*ANSWERING),
        covers_city=viewer.covers_city(*ANSWERING),
        now=g.now,
    )


def bar_context() -> dict[str, Any]:
    bar = load_bar()
    in_room = bar.call is not None and room_of(bar.call.detail) is not None
    return {
        "bar": bar,
        "caller": _caller_words(bar),
        "history": _history(bar),
        "consult": consult_of(bar.call.detail) if bar.call is not None else None,
        "parties": parties_in(bar.call.detail) if bar.call is not None else (),
        "viewer_id": g.viewer.staff_id,
        # A room is recorded as a whole, by whoever has rooms at all.
        "is_recorded": bar.call is not None
        and _can(bar.call, Capability.CONFERENCE if in_room else Capability.RECORDING_DUAL),
        "has_rooms": bar.call is not None and _can(bar.call, Capability.CONFERENCE),
        # Only the agent's own telephone takes the caller out of the talk.
        "must_be_put_down": bar.call is not None and (not steers(bar.call.account) or NOT_LED in bar.call.detail),
        "is_not_led": bar.call is not None and NOT_LED in bar.call.detail,
        "pause": pause_of(bar.call.detail) if bar.call is not None else None,
        "most_attempts": MOST_ATTEMPTS,
        "reasons": away_reasons(),
        "rung": ringing(settings(), bar.telephone, g.viewer.staff_id),
        "thrown_off": thrown_off_words(bar),
        "back": _page_behind(),
        "now": g.now,
    }


def _can(call: BarCall, capability: Capability) -> bool:
    """Whether the provider that carries this call can do it."""
    account = provider_accounts(settings()).get(call.account)
    return account is not None and account.can(capability)


def _history(bar: AgentBar) -> list[Any]:
    """Of who calls, or is being called back: both are known before anybody speaks."""
    known, call = bar.calling_back or bar.call, bar.call
    if known is None or known.citizen_id is None:
        return []
    return open_tickets(known.citizen_id, call_id=call.id if call else 0)


def _caller_words(bar: AgentBar) -> str:
    """Who calls: the number in full only once the agent works with the caller, or dials it."""
    call, called = bar.call, bar.calling_back
    if called is not None:
        return called.name or (mask(called.phone) if called.is_dialled else readable_phone(called.phone))
    if call is None:
        return ""
    return call.caller_name or (mask(call.phone) if call.phone else _("number withheld"))


def open_tickets(citizen_id: int, *, call_id: int) -> list[Any]:
    """What the caller had waiting with us before this call opened its own, as far as this agent may know of it."""
    own = select(Call.ticket_id).where(Call.id == call_id, Call.detail.has_key("opened_ticket"))
    rows = g.session.execute(
        select(Ticket.reference, Ticket.subject, Ticket.status, Ticket.next_due_at)
        .where(Ticket.citizen_id == citizen_id, Ticket.status.in_(UNFINISHED), visible_tickets(g.viewer))
        .where(Ticket.id.not_in(own.where(Call.ticket_id.is_not(None))))
        .order_by(Ticket.opened_at.desc())
        .limit(_SHOWN_TICKETS)
    )
    return list(rows)


def _page_behind() -> str:
    """The page the bar stands on, also when the bar alone is loaded anew."""
    shown = parts_of(request.headers.get("HX-Current-URL", ""))
    if not shown.path:
        return page_address()
    return f"{shown.path}?{shown.query}" if shown.query else shown.path
