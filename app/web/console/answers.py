"""Talking with the citizen and among colleagues: reply, note, draft, who else looks."""

from flask import flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.blueprint import READING, blueprint
from app.web.console.ticket_page import act
from app.web.console.ticket_view import PAGE_ONLY
from app.web.frame.access import signed_in
from app.web.frame.current import rules, settings
from app.web.pieces.moments import read_moment
from telephony.sms.text import fold_to_gsm7
from tickets.errors import InvalidInput
from tickets.intake import noise
from tickets.outbox import posting
from tickets.people.roles import WORKING_ROLES, visible_ticket
from tickets.schema import Ticket
from tickets.states import Channel
from tickets.work import after_answer, conversation, drafts, duplicates

_CHANNELS = (Channel.SMS.value, Channel.WEB.value, PAGE_ONLY)


@blueprint.post("/console/tickets/<reference>/reply")
@signed_in(*WORKING_ROLES)
def reply(reference: str) -> ResponseReturnValue:
    """To the citizen of this ticket, or to everybody whose request is answered with it, by the button pressed."""
    send = duplicates.reply_to_all if _is_for_all() else conversation.reply

    def do(ticket: Ticket) -> None:
        send(g.session, ticket.id, body=answer_text(), channel=answer_channel(), actor=g.actor, now=g.now)

    return act(reference, "reply", do, done=_("The answer is on its way."))


@blueprint.post("/console/tickets/<reference>/interim")
@signed_in(*WORKING_ROLES)
def interim(reference: str) -> ResponseReturnValue:
    """An answer that says by when to expect the rest; the promise keeps its date."""
    send = duplicates.interim_to_all if _is_for_all() else conversation.interim

    def do(ticket: Ticket) -> None:
        send(
            g.session,
            ticket.id,
            body=answer_text(),
            expected_at=read_moment(request.form.get("expected_at", ""), settings().zone, field="expected_at"),
            channel=answer_channel(),
            actor=g.actor,
            now=g.now,
        )

    return act(reference, "interim", do, done=_("The interim answer is on its way."))


@blueprint.post("/console/tickets/<reference>/note")
@signed_in(*WORKING_ROLES)
def note(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        said = request.form.get("note", "")
        if not said.strip():
            raise InvalidInput("note", "required")
        conversation.note(g.session, ticket.id, body=said, actor=g.actor, now=g.now)

    return act(reference, "note", do)


@blueprint.post("/console/tickets/<reference>/heard")
@signed_in(*WORKING_ROLES)
def heard(reference: str) -> ResponseReturnValue:
    """What the citizen told the agent, by phone or at the counter, written down in the citizen's name."""

    def do(ticket: Ticket) -> None:
        said = request.form.get("heard", "")
        if not said.strip():
            raise InvalidInput("heard", "required")
        opened_before = ticket.reopen_count
        after_answer.citizen_says(g.session, ticket.id, body=said, channel=Channel.VOICE, actor=g.actor, now=g.now)
        if ticket.reopen_count > opened_before:
            flash(_("The citizen says that it is not solved: the ticket is open again."), "info")
        elif noise.heard_nothing(g.session, ticket, said, rules=rules(), actor=g.actor, now=g.now):
            flash(_("What was heard tells of nothing: set aside, and listed under “Without a matter”."), "info")

    return act(reference, "heard", do)


@blueprint.post("/console/tickets/<reference>/seen")
@signed_in(*READING)
def seen(reference: str) -> ResponseReturnValue:
    """Said every ten seconds by an open page; the answer is who else has it open."""
    ticket = visible_ticket(g.session, g.viewer, reference)
    drafts.look(g.session, ticket.id, staff_id=g.viewer.staff_id, now=g.now)
    posting.mark_notices_of_tickets_read(g.session, g.viewer.staff_id, ticket_ids=[ticket.id], now=g.now)
    looking = drafts.seen_by(g.session, ticket.id, besides=g.viewer.staff_id, now=g.now)
    return render_template("console/looking.html", looking=looking)


def _is_for_all() -> bool:
    return request.form.get("readers") == "all"


def answer_text() -> str:
    """The typed answer; an SMS may be folded to plain letters, which makes it shorter by half."""
    body = request.form.get("body", "")
    folds = request.form.get("fold") == "1" and request.form.get("channel") == Channel.SMS.value
    return fold_to_gsm7(body) if folds else body


def answer_channel() -> Channel | None:
    chosen = request.form.get("channel", "")
    return Channel(chosen) if chosen in _CHANNELS else None
