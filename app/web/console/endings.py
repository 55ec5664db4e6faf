"""Waiting, answering for good, taking up again, setting aside."""

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.console.answers import answer_channel, answer_text
from app.web.console.blueprint import blueprint
from app.web.console.ticket_page import act
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.pieces.moments import read_moment
from tickets.errors import CitizensOwnWord, InvalidInput
from tickets.people.roles import WORKING_ROLES
from tickets.schema import Ticket
from tickets.states import AppealOutcome, Disposition, TicketStatus
from tickets.work import appeals, assignment, resolution


@blueprint.post("/console/tickets/<reference>/hold")
@signed_in(*WORKING_ROLES)
def hold(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        wake_at = read_moment(request.form.get("wake_at", ""), settings().zone, field="wake_at")
        _take_if_new(ticket)
        resolution.hold(
            g.session,
            ticket.id,
            question=answer_text(),
            wake_at=wake_at,
            channel=answer_channel(),
            actor=g.actor,
            now=g.now,
        )

    return act(reference, "hold", do, done=_("The question is on its way."))


@blueprint.post("/console/tickets/<reference>/third-party")
@signed_in(*WORKING_ROLES)
def third_party(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        wake_at = read_moment(request.form.get("wake_at", ""), settings().zone, field="wake_at")
        _take_if_new(ticket)
        reason = request.form.get("reason", "")
        resolution.hold_for_third_party(g.session, ticket.id, reason=reason, wake_at=wake_at, actor=g.actor, now=g.now)

    return act(reference, "third-party", do)


@blueprint.post("/console/tickets/<reference>/resume")
@signed_in(*WORKING_ROLES)
def resume(reference: str) -> ResponseReturnValue:
    return act(reference, "resume", lambda ticket: resolution.resume(g.session, ticket.id, actor=g.actor, now=g.now))


@blueprint.post("/console/tickets/<reference>/resolve")
@signed_in(*WORKING_ROLES)
def resolve(reference: str) -> ResponseReturnValue:
    """Reply and resolve; a matter under another law needs the address where to go, which the answer then says (R25)."""

    def do(ticket: Ticket) -> None:
        disposition = _disposition(request.form.get("disposition", ""))
        answer = answer_text()
        if disposition is Disposition.OTHER_LAW:
            address = " ".join(request.form.get("address", "").split())
            if not address:
                raise InvalidInput("address", "address_needed")
            answer = f"{answer.rstrip()}\n{address}" if answer.strip() else answer
        _take_if_new(ticket)
        resolution.resolve(
            g.session,
            ticket.id,
            disposition=disposition,
            answer=answer,
            channel=answer_channel(),
            actor=g.actor,
            now=g.now,
        )

    return act(reference, "resolve", do, done=_("Answered. The citizen may say within 15 days that it is not solved."))


@blueprint.post("/console/tickets/<reference>/reopen")
@signed_in(*WORKING_ROLES)
def reopen(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        resolution.reopen(g.session, ticket.id, reason=request.form.get("reason", ""), actor=g.actor, now=g.now)

    return act(reference, "reopen", do)


@blueprint.post("/console/tickets/<reference>/set-aside")
@signed_in(*WORKING_ROLES)
def set_aside(reference: str) -> ResponseReturnValue:
    def do(ticket: Ticket) -> None:
        if request.form.get("as", "spam") == "withdrawn":
            raise CitizensOwnWord(ticket.reference)
        resolution.mark_spam(g.session, ticket.id, reason=request.form.get("reason", ""), actor=g.actor, now=g.now)

    return act(reference, "set-aside", do)


@blueprint.post("/console/tickets/<reference>/decide")
@signed_in(*WORKING_ROLES)
def decide(reference: str) -> ResponseReturnValue:
    """An appeal ends with a decision, which the first ticket tells as well."""

    def do(ticket: Ticket) -> None:
        outcome = request.form.get("outcome", "")
        if outcome not in set(AppealOutcome):
            raise InvalidInput("outcome", "required")
        _take_if_new(ticket)
        appeals.decide(
            g.session,
            ticket.id,
            outcome=AppealOutcome(outcome),
            decision=answer_text(),
            channel=answer_channel(),
            actor=g.actor,
            now=g.now,
        )

    return act(reference, "decide", do, done=_("The decision is on its way, and published with the first ticket."))


def _take_if_new(ticket: Ticket) -> None:
    """Whoever asks or answers has accepted it."""
    if ticket.status is TicketStatus.NEW:
        assignment.claim(g.session, ticket.id, actor=g.actor, now=g.now)


def _disposition(code: str) -> Disposition:
    if code not in {known.value for known in resolution.GIVEN_DISPOSITIONS}:
        raise InvalidInput("disposition", "required")
    return Disposition(code)
