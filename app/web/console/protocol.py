"""The protocol card during a talk: what to say and do when somebody is in danger, and the shift lead called in."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import ANSWERING, blueprint
from app.web.console.call_trail import note_call
from app.web.console.own_call import own_call
from app.web.frame.access import signed_in
from app.wording.locale import chosen_locale
from app.wording.protocol_cards import protocol_card, protocol_cards, titles_of
from telephony.call.passing_on import lock_own_talk, mark_danger
from tickets.errors import InvalidInput, NotFound
from tickets.schema import Call
from tickets.states import ProtocolKind
from tickets.work.protocol import open_protocol


@blueprint.get("/console/calls/<int:call_id>/protocol")
@signed_in(*ANSWERING)
def protocol_page(call_id: int) -> ResponseReturnValue:
    """All cards, to choose one; looking at them calls nobody in."""
    call = g.session.get(Call, call_id)
    if call is None or call.agent_id != g.viewer.staff_id:
        raise NotFound("call", call_id)
    return _shown(call_id)


@blueprint.post("/console/calls/<int:call_id>/protocol")
@signed_in(*ANSWERING)
def open_card(call_id: int) -> ResponseReturnValue:
    """The card, and its effects at once: an emergency, restricted, with the shift lead called in."""
    asked = request.form.get("kind", "")
    if asked not in set(ProtocolKind):
        raise InvalidInput("kind", "required")
    kind = ProtocolKind(asked)
    try:
        call = lock_own_talk(g.session, call_id, staff_id=g.viewer.staff_id)
    except NotFound:
        # Who has hung up may still be in danger.
        call = own_call(call_id)
    called = ""
    if call.ticket_id is not None:
        people = open_protocol(g.session, call.ticket_id, kind, titles=titles_of(kind), actor=g.actor, now=g.now)
        called = ", ".join(person.name for person in people)
    mark_danger(call)
    note_call("call.protocol_opened", call, code=kind.value)
    return _shown(call_id, kind=kind, called=called or _("nobody: there is no shift lead on duty"))


def _shown(call_id: int, *, kind: ProtocolKind | None = None, called: str = "") -> ResponseReturnValue:
    locale = chosen_locale()
    return render_template(
        "console/protocol_part.html" if "HX-Request" in request.headers else "console/protocol.html",
        call_id=call_id,
        cards=protocol_cards(locale),
        opened=protocol_card(kind, locale) if kind is not None else None,
        called=called,
    )
