"""Guidance: one answer for everybody who asks the same, from the draft to what it has done, from one page each."""

from collections.abc import Callable

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.names import category_options, in_locale, procedure_options, unit_name
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.web.supervisor.blueprint import WATCHING, blueprint
from app.web.supervisor.guidance_form import (
    TypedGuidance,
    from_problem,
    new_guidance,
    standing_guidance,
    typed_guidance,
    wanted_guidance,
)
from app.web.supervisor.incident_area import area_words
from app.wording.locale import chosen_locale
from tickets.errors import InvalidInput
from tickets.people.references import read_reference
from tickets.people.roles import WORKING_ROLES
from tickets.queries.guidance import counts_of, guidance_list, linked_tickets
from tickets.queries.problems import evidence
from tickets.routing.guidance import GuidanceRule, contradictions
from tickets.schema import Guidance, Staff
from tickets.states import UNFINISHED, DraftForm, GuidanceState
from tickets.typed_text import typed_day, typed_number
from tickets.work import guidance, guidance_tickets, problems
from tickets.work.guidance import guidance_named, may_decide
from tickets.work.incidents import may_steer
from tickets.work.problems import problem_named

_HERE = "/supervisor/guidance"
_MOST_LISTED, _MOST_TICKETS = 200, 50


@blueprint.get(_HERE)
@in_menu(_l("Guidance"), order=3, icon="info")
@signed_in(*WATCHING)
def guidance_pages() -> ResponseReturnValue:
    found = guidance_list(g.session, limit=_MOST_LISTED)
    return render_template(
        "supervisor/guidance.html",
        found=found,
        counts=counts_of(g.session, [one.id for one in found]),
        rule_of={one.id: one for one in rules().guidance},
        doubtful=list(contradictions(rules().guidance)),
        about=_about,
    )


@blueprint.get(f"{_HERE}/new")
@signed_in(*WATCHING)
def new_guidance_page() -> ResponseReturnValue:
    """Empty, or with what a problem says by itself; with the words this person typed and has not sent."""
    number = _problem_asked()
    kept = typed_form(DraftForm.GUIDANCE, number or 0).fields
    if number is None:
        return _form(typed_guidance(kept) if kept else new_guidance(g.viewer))
    problem = problem_named(g.session, number, g.viewer)
    return _form(typed_guidance(kept) if kept else from_problem(problem), problem_id=number)


@blueprint.post(f"{_HERE}/new")
@signed_in(*WATCHING)
def draft_guidance() -> ResponseReturnValue:
    typed, number = typed_guidance(request.form), _problem_asked()
    try:
        one = guidance.draft(g.session, wanted_guidance(typed), viewer=g.viewer, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        was_refused(DraftForm.GUIDANCE, number or 0)
        return _form(typed, errors={wrong.field: fault_words(wrong)}, problem_id=number, status=422)
    was_sent(DraftForm.GUIDANCE, number or 0)
    _answers_problem(one, number)
    flash(_("Kept as a draft. Nobody is answered with it before a leader has approved it and it is issued."), "success")
    return redirect(f"{_HERE}/{one.id}", code=303)


@blueprint.get(f"{_HERE}/<int:guidance_id>")
@signed_in(*WATCHING)
def one_guidance(guidance_id: int) -> ResponseReturnValue:
    return _page(guidance_named(g.session, guidance_id))


@blueprint.get(f"{_HERE}/<int:guidance_id>/change")
@signed_in(*WATCHING)
def change_guidance_page(guidance_id: int) -> ResponseReturnValue:
    one = guidance_named(g.session, guidance_id)
    kept = typed_form(DraftForm.CHANGED_GUIDANCE, one.id).fields
    return _form(typed_guidance(kept) if kept else standing_guidance(one), one=one)


@blueprint.post(f"{_HERE}/<int:guidance_id>/change")
@signed_in(*WATCHING)
def change_guidance(guidance_id: int) -> ResponseReturnValue:
    typed = typed_guidance(request.form)
    try:
        guidance.change(g.session, guidance_id, wanted_guidance(typed), viewer=g.viewer, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        one = guidance_named(g.session, guidance_id)
        was_refused(DraftForm.CHANGED_GUIDANCE, guidance_id)
        return _form(typed, one=one, errors={wrong.field: fault_words(wrong)}, status=422)
    was_sent(DraftForm.CHANGED_GUIDANCE, guidance_id)
    flash(_("The draft is changed."), "success")
    return redirect(f"{_HERE}/{guidance_id}", code=303)


@blueprint.post(f"{_HERE}/<int:guidance_id>/submit")
@signed_in(*WATCHING)
def submit_guidance(guidance_id: int) -> ResponseReturnValue:
    return _do(guidance_id, _("It lies before the leaders now."), lambda: guidance.submit(
        g.session, guidance_id, viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:guidance_id>/return")
@signed_in(*WATCHING)
def return_guidance(guidance_id: int) -> ResponseReturnValue:
    return _do(guidance_id, _("It is a draft again, with your reason."), lambda: guidance.give_back(
        g.session, guidance_id, reason=request.form.get("reason", ""), viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:guidance_id>/approve")
@signed_in(*WATCHING)
def approve_guidance(guidance_id: int) -> ResponseReturnValue:
    said = _("Approved, in your name. It is shown and said once it is issued.")
    return _do(guidance_id, said, lambda: guidance.approve(
        g.session, guidance_id, decision_no=request.form.get("decision_no", ""),
        decided_on=typed_day(request.form.get("decided_on", "")), viewer=g.viewer, actor=g.actor, now=g.now,
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:guidance_id>/issue")
@signed_in(*WATCHING)
def issue_guidance(guidance_id: int) -> ResponseReturnValue:
    said = _("Issued: it stands beside matching tickets, and everybody can read it.")
    return _do(guidance_id, said, lambda: guidance.issue(
        g.session, guidance_id, viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:guidance_id>/withdraw")
@signed_in(*WATCHING)
def withdraw_guidance(guidance_id: int) -> ResponseReturnValue:
    return _do(guidance_id, _("Withdrawn: nobody is answered with it any more."), lambda: guidance.withdraw(
        g.session, guidance_id, reason=request.form.get("reason", ""), viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:guidance_id>/link")
@signed_in(*WORKING_ROLES)
def link_to_guidance(guidance_id: int) -> ResponseReturnValue:
    def do() -> None:
        added = guidance_tickets.link_matching(g.session, guidance_id, viewer=g.viewer, actor=g.actor, now=g.now)
        flash(ngettext("%(num)d ticket linked.", "%(num)d tickets linked.", added), "success")

    return _do(guidance_id, "", do)


@blueprint.post(f"{_HERE}/<int:guidance_id>/unlink")
@signed_in(*WORKING_ROLES)
def unlink_from_guidance(guidance_id: int) -> ResponseReturnValue:
    reference = read_reference(request.form.get("linked", "")) or ""
    return _do(guidance_id, _("The ticket is not answered with it."), lambda: guidance_tickets.unlink(
        g.session, guidance_id, reference, viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:guidance_id>/answer")
@signed_in(*WORKING_ROLES)
def answer_with_guidance(guidance_id: int) -> ResponseReturnValue:
    def do() -> None:
        asked = guidance_tickets.ask_to_answer(g.session, guidance_id, viewer=g.viewer, actor=g.actor, now=g.now)
        words = ngettext(
            "%(num)d ticket is answered in two minutes; until then it can be called off.",
            "%(num)d tickets are answered from two minutes on; until then it can be called off.",
            asked,
        )
        flash(words, "success")

    return _do(guidance_id, "", do)


@blueprint.post(f"{_HERE}/<int:guidance_id>/call-off")
@signed_in(*WORKING_ROLES)
def call_answers_off(guidance_id: int) -> ResponseReturnValue:
    def do() -> None:
        kept = guidance_tickets.call_off(g.session, guidance_id, viewer=g.viewer, actor=g.actor, now=g.now)
        words = ngettext(
            "Called off: %(num)d answer does not leave. What has left stays sent.",
            "Called off: %(num)d answers do not leave. What has left stays sent.",
            kept,
        )
        flash(words, "info")

    return _do(guidance_id, "", do)


def _problem_asked() -> int | None:
    return typed_number(request.args.get("problem", ""))


def _answers_problem(one: Guidance, number: int | None) -> None:
    """Drafted for a problem, it answers that problem's tickets once it is in force."""
    if number is None:
        return
    problem = problem_named(g.session, number, g.viewer)
    tickets = evidence(g.session, g.viewer, problem.id, limit=guidance_tickets.MOST_ANSWERED_AT_ONCE)
    unfinished = [ticket.id for ticket in tickets if ticket.status in UNFINISHED]
    guidance_tickets.link(g.session, one, unfinished, actor=g.actor, now=g.now)
    problems.note_guidance(g.session, problem, one.id, actor=g.actor, now=g.now)


def _do(guidance_id: int, done: str, do: Callable[[], object]) -> ResponseReturnValue:
    """A step, then the page; refused, the page comes back with what was typed."""
    try:
        with g.session.begin_nested():
            do()
    except InvalidInput as wrong:
        one = guidance_named(g.session, guidance_id)
        return _page(one, errors={wrong.field: fault_words(wrong)}, status=422)
    if done:
        flash(done, "success")
    return redirect(f"{_HERE}/{guidance_id}", code=303)


def _page(one: Guidance, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    works = g.viewer.holds(*WORKING_ROLES)
    people = {i: g.session.get_one(Staff, i).name for i in (one.drafted_by_id, one.issued_by_id) if i is not None}
    page = render_template(
        "supervisor/guidance_one.html",
        one=one,
        steps=_steps_of(one),
        counts=counts_of(g.session, [one.id])[one.id],
        about=_about(one),
        people=people,
        against=_against(one),
        rule=next((rule for rule in rules().guidance if rule.id == one.id), None),
        works=works,
        tickets=guidance_tickets.tickets_of(g.session, one, g.viewer) if works else None,
        linked=linked_tickets(g.session, one.id, g.viewer, limit=_MOST_TICKETS) if works else (),
        unit_of=lambda unit_id: unit_name(rules().routing.units[unit_id]) if unit_id in rules().routing.units else "",
        typed=request.form if errors else {},
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")


def _form(
    typed: TypedGuidance,
    *,
    one: Guidance | None = None,
    problem_id: int | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    page = render_template(
        "supervisor/guidance_form.html",
        typed=typed,
        one=one,
        form=typed_form(DraftForm.CHANGED_GUIDANCE, one.id) if one else typed_form(DraftForm.GUIDANCE, problem_id or 0),
        problem_id=problem_id,
        errors=errors or {},
        categories=category_options(),
        procedures=procedure_options(),
        limits=guidance,
    )
    return Response(page, status, mimetype="text/html")


def _steps_of(one: Guidance) -> set[str]:
    """What this person may do with it now."""
    steers, decides = may_steer(g.viewer, one.unit_ids), may_decide(g.viewer, one.unit_ids)
    offered = {
        GuidanceState.DRAFTED: {"change", "submit", "withdraw"} if steers else set(),
        GuidanceState.SUBMITTED: {"withdraw"} if steers else set(),
        GuidanceState.APPROVED: {"issue", "withdraw"} if steers else set(),
        GuidanceState.ISSUED: {"withdraw"} if steers else set(),
        GuidanceState.WITHDRAWN: set(),
    }[one.state]
    is_own = g.viewer.staff_id in (one.drafted_by_id, one.submitted_by_id)
    if one.state is GuidanceState.SUBMITTED and decides:
        offered = offered | ({"return"} if is_own else {"return", "approve"})
    return offered


def _against(one: Guidance) -> list[GuidanceRule]:
    """Others in force that speak of the same."""
    return [a if b.id == one.id else b for a, b in contradictions(rules().guidance) if one.id in (a.id, b.id)]


def _about(one: Guidance) -> str:
    routing = rules().routing
    category = routing.categories.get(one.category_id or 0)
    procedure = routing.procedures.get(one.procedure_id or 0)
    said = [
        in_locale(category.name, category.name_en) if category else "",
        procedure.name if procedure else "",
        ", ".join(f"“{line}”" for line in one.words.splitlines()),
        ", ".join(area_words(one.unit_ids, routing, chosen_locale())) or _("Whole city"),
    ]
    return " · ".join(words for words in said if words)
