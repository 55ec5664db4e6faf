"""The page of one ticket, and the same page again with what was typed when something could not be done."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.web.console.blueprint import READING, blueprint
from app.web.console.one_form import keep_other_forms
from app.web.console.place_answer import PlaceUndecided, candidates, question
from app.web.console.prepared import offered
from app.web.console.ticket_view import ticket_context
from app.web.console.work import column_beside
from app.web.frame.access import signed_in
from app.web.frame.current import rules, settings
from app.web.frame.errors import trouble_of
from app.web.frame.fault_words import fault_words
from app.web.frame.once import form_key, is_first
from app.web.pieces import names
from app.web.pieces.guidance_beside import beside_ticket
from app.web.pieces.kept_drafts import discard, keep_typed
from app.web.pieces.moments import suggested_wake_up
from escalation.acknowledging.instruction_tasks import LONGEST_ANSWER
from escalation.queries.instructed import instructions_about
from tickets.audit import entries
from tickets.directory.places import Resolution
from tickets.errors import (
    AboutItself,
    AlreadyAssigned,
    CitizensOwnWord,
    HotlineError,
    InDispute,
    InvalidInput,
    NotAllowed,
    OwingUnitAlone,
    ReopeningWindowOver,
    TransitionNotAllowed,
)
from tickets.matter.likeness import taught_words
from tickets.outbox import posting
from tickets.people.roles import WORKING_ROLES, Right, require, visible_ticket, visible_tickets
from tickets.queries.reading import WholeTicket, read_ticket, similar_to
from tickets.schema import Staff, Ticket
from tickets.states import DraftForm
from tickets.work.drafts import about_ticket, look
from tickets.work.resolution import GIVEN_DISPOSITIONS
from tickets.work.ticket import lock_ticket

# What a form may be answered with instead of being done; everything else is an error page.
REFUSALS = (
    AboutItself, AlreadyAssigned, CitizensOwnWord, InvalidInput, NotAllowed, OwingUnitAlone, ReopeningWindowOver,
    TransitionNotAllowed, InDispute,
)  # fmt: skip
Act = Callable[[Ticket], object]
# Other buttons of the form in which an answer is written: two send it, three only take it along.
_TAKING_THE_REPLY_ALONG = frozenset({"claim", "release", "resume"})
_IN_THE_REPLY = frozenset({"hold", "resolve", "interim", "decide"}) | _TAKING_THE_REPLY_ALONG


@blueprint.get("/console/tickets/<reference>")
@signed_in(*READING)
def ticket(reference: str) -> ResponseReturnValue:
    return show(reference)


@blueprint.post("/console/tickets/<reference>/phone")
@signed_in(*WORKING_ROLES)
def reveal_phone(reference: str) -> ResponseReturnValue:
    """A supervisor sees the number for a reason, which is written into the audit trail."""
    shown = visible_ticket(g.session, g.viewer, reference)
    keep_other_forms(shown)
    require(g.viewer, Right.REASSIGN, shown)
    reason = request.form.get("reason", "").strip()[:500]
    if not reason:
        return show(reference, open_form="phone", errors={"reason": _("This field is required.")}, status=400)
    entries.record(
        g.session,
        actor=g.actor,
        action="ticket.phone_shown",
        subject_kind="ticket",
        subject_id=shown.id,
        ticket_id=shown.id,
        params={"reason": reason},
        now=g.now,
    )
    return show(reference, phone_shown=True)


def show(
    reference: str,
    *,
    open_form: str = "",
    errors: Mapping[str, str] | None = None,
    alert: str = "",
    undecided: Resolution | None = None,
    phone_shown: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    """The page; `open_form` names the form that was refused, which is shown open with what was typed."""
    reading = read_ticket(g.session, g.viewer, reference, now=g.now)
    beside = {} if "HX-Request" in request.headers else _beside(reading)
    typed = request.form if request.method == "POST" else {}
    page = render_template(
        "console/ticket.html",
        **ticket_context(reading, g.viewer, phone_shown=phone_shown, now=g.now),
        typed=typed,
        prepared=[(title, title) for title, _body in offered(reading.ticket)],
        reply=typed if "body" in typed else reading.drafts.get(DraftForm.REPLY, {}),
        drafts=reading.drafts,
        open_form=open_form,
        errors=errors or {},
        chosen_places=candidates(undecided) if undecided else [],
        alert=alert,
        **beside,
        once=form_key(),
        # A ticket that no level was raised of has been instructed by nobody.
        instructions=instructions_about(g.session, reading.ticket.id) if reading.ticket.escalation_level else (),
        longest_answer=LONGEST_ANSWER,
        wake_at=suggested_wake_up(g.now, settings().zone),
        queue_names=names.drawn_queue_names(),
        categories=names.drawn_categories(),
        procedures=names.drawn_procedures(),
        dispositions=GIVEN_DISPOSITIONS,
    )
    return Response(page, status, mimetype="text/html")


def _beside(reading: WholeTicket) -> dict[str, Any]:
    """What stands beside the ticket and comes with it; a page that only brings its stream up to date has it already.

    That the ticket is open here is noted at once, not by a request of its own; the open page goes on saying it.
    """
    look(g.session, reading.ticket.id, staff_id=g.viewer.staff_id, now=g.now)
    # A form that is refused changes nothing; the open page says by itself that it is before somebody.
    if request.method == "GET" and g.viewer.has_notices:
        posting.mark_notices_of_tickets_read(g.session, g.viewer.staff_id, ticket_ids=[reading.ticket.id], now=g.now)
    return {
        "column": column_beside(reading.ticket.reference),
        "guidance": beside_ticket(reading.ticket),
        "similar": similar_to(
            g.session, g.viewer, reading.ticket, taught=taught_words(rules().routing.learned), now=g.now
        ),
    }


def act(reference: str, form: str, do: Act, *, right: Right = Right.WORK, done: str = "") -> ResponseReturnValue:
    """Do something with a ticket once, then show it; refused, the page comes back with everything that was typed."""
    found = visible_ticket(g.session, g.viewer, reference)
    keep_other_forms(found)
    require(g.viewer, right, found)
    try:
        with g.session.begin_nested():
            if is_first():
                # Rights are judged on the row as it stands now: it may have left our unit while the page was open.
                require(g.viewer, right, lock_ticket(g.session, found.id))
                do(found)
                _settle_draft(form, found)
                if done:
                    flash(done, "success")
    except REFUSALS as error:
        _keep_draft(form, found)
        return refused(reference, form, error)
    return redirect(_where_to(found), code=303)


def _settle_draft(form: str, ticket: Ticket) -> None:
    """What was sent is no draft any more; an answer that is begun stays one when the ticket is taken or put back."""
    draft = _draft_of(form)
    if form in _TAKING_THE_REPLY_ALONG:
        _keep_draft(form, ticket)
    elif draft is not None:
        discard(draft, about_ticket(ticket.id))
        # Of several forms of one kind only one was sent.
        keep_other_forms(ticket)


def _keep_draft(form: str, ticket: Ticket) -> None:
    draft = _draft_of(form)
    if draft is not None and (draft is not DraftForm.REPLY or request.form.get("body", "").strip()):
        keep_typed(draft, about_ticket(ticket.id))


def _draft_of(form: str) -> DraftForm | None:
    if form in _IN_THE_REPLY:
        return DraftForm.REPLY
    return DraftForm(form) if form in set(DraftForm) else None


def refused(reference: str, form: str, error: HotlineError) -> ResponseReturnValue:
    """The page with the refusal in words, the form open, the typed text still in the box."""
    trouble = trouble_of(error)
    if isinstance(error, PlaceUndecided):
        asked = {"place": question(error.resolution)}
        return show(reference, open_form=form, errors=asked, undecided=error.resolution, status=trouble.status)
    if isinstance(error, InvalidInput):
        return show(reference, open_form=form, errors={error.field: fault_words(error)}, status=trouble.status)
    return show(reference, open_form=form, alert=_refusal_words(error), status=trouble.status)


def _refusal_words(error: HotlineError) -> str:
    return " ".join((_why_refused(error), _("Everything you typed is kept.")))


def _why_refused(error: HotlineError) -> str:
    if isinstance(error, AlreadyAssigned):
        name = g.session.scalar(select(Staff.name).where(Staff.id == error.assignee_id)) or ""
        return _("%(name)s took this ticket a moment ago.", name=name)
    if isinstance(error, ReopeningWindowOver):
        return _("It is too late to reopen it. Open a new ticket that continues this one.")
    if isinstance(error, OwingUnitAlone | AboutItself | CitizensOwnWord | InDispute):
        return trouble_of(error).words
    if isinstance(error, NotAllowed):
        return {
            "transfer_to_whom_it_is_about": _("A matter about a unit never goes to that unit."),
            "decide_own_result": _(
                "Whoever answered the first ticket does not decide the appeal: another person has to."
            ),
        }.get(error.what, _("You may read this ticket, but you may not do this."))
    return _("The ticket has changed in the meantime; this is how it stands now.")


def _where_to(ticket: Ticket) -> str:
    """Back to the ticket, or to the list when it has left what this person may see."""
    seen = g.session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, visible_tickets(g.viewer)))
    return f"/console/tickets/{ticket.reference}" if seen else "/console"
