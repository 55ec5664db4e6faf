"""Arising problems: what suddenly many report, with its evidence, its owner, its map, and what is made of it."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from app.web.frame.access import signed_in
from app.web.frame.current import rules, today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.dot_map import dot_map
from app.web.pieces.names import in_locale, unit_name
from app.web.supervisor.blueprint import WATCHING, blueprint
from app.wording.locale import chosen_locale
from tickets.directory.units import AREA_KINDS, current_units
from tickets.errors import InvalidInput
from tickets.outbox.problem_news import tell_leaders
from tickets.queries.problems import evidence, evidence_by_unit, seen_problem, seen_problems
from tickets.schema import ArisingProblem, Staff
from tickets.states import ProblemState
from tickets.work import problems
from tickets.work.incidents import may_steer
from tickets.work.problems import problem_named

_HERE = "/supervisor/problems"
_MOST_LISTED, _MOST_TICKETS = 60, 50


@blueprint.get(_HERE)
@in_menu(_l("Problems"), order=3, icon="chart")
@signed_in(*WATCHING)
def problem_list() -> ResponseReturnValue:
    found = seen_problems(g.session, g.viewer, limit=_MOST_LISTED)
    owners = {one.problem.owner_id for one in found if one.problem.owner_id is not None}
    names = {row[0]: row[1] for row in g.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(owners)))}
    return render_template("supervisor/problems.html", found=found, what=what_of, where=where_of, owner_of=names.get)


@blueprint.get(f"{_HERE}/<int:problem_id>")
@signed_in(*WATCHING)
def one_problem(problem_id: int) -> ResponseReturnValue:
    return _page(problem_named(g.session, problem_id, g.viewer))


@blueprint.post(f"{_HERE}/<int:problem_id>/take-on")
@signed_in(*WATCHING)
def take_problem_on(problem_id: int) -> ResponseReturnValue:
    return _do(problem_id, _("It is yours now."), lambda: problems.take_on(
        g.session, problem_id, viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:problem_id>/dismiss")
@signed_in(*WATCHING)
def dismiss_problem(problem_id: int) -> ResponseReturnValue:
    said = _("It is no problem; it is not proposed again within a week.")
    return _do(problem_id, said, lambda: problems.dismiss(
        g.session, problem_id, reason=request.form.get("reason", ""), viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:problem_id>/close")
@signed_in(*WATCHING)
def close_problem(problem_id: int) -> ResponseReturnValue:
    return _do(problem_id, _("Closed."), lambda: problems.close(
        g.session, problem_id, reason=request.form.get("reason", ""), viewer=g.viewer, actor=g.actor, now=g.now
    ))  # fmt: skip


@blueprint.post(f"{_HERE}/<int:problem_id>/report")
@signed_in(*WATCHING)
def report_problem(problem_id: int) -> ResponseReturnValue:
    def do() -> None:
        one = problems.standing_problem(g.session, problem_id, g.viewer)
        seen = seen_problem(g.session, None, one)
        params = {"people": seen.people, "category": _kind_names(one), "unit": _unit_names(one)}
        told = tell_leaders(g.session, one, params, now=g.now)
        problems.note_reported(g.session, one, people=told, actor=g.actor, now=g.now)
        flash(ngettext("%(num)d leader is told.", "%(num)d leaders are told.", told), "success")

    return _do(problem_id, "", do)


def what_of(one: ArisingProblem) -> str:
    """The category or procedure, or that words are alike."""
    names = _kind_names(one)
    return in_locale(names["vi"], names["en"]) if names else _("Nearly the same words")


def where_of(one: ArisingProblem) -> str:
    """The unit, or the city."""
    unit = rules().routing.units.get(one.unit_id or 0)
    return unit_name(unit) if unit is not None else _("Whole city")


def _kind_names(one: ArisingProblem) -> dict[str, str]:
    """As a message keeps them; empty where texts alone are alike."""
    category = rules().routing.categories.get(one.category_id or 0)
    procedure = rules().routing.procedures.get(one.procedure_id or 0)
    if category is not None:
        return {"vi": category.name, "en": category.name_en}
    return {"vi": procedure.name, "en": procedure.name} if procedure is not None else {}


def _unit_names(one: ArisingProblem) -> dict[str, str]:
    unit = rules().routing.units.get(one.unit_id or 0)
    return {"vi": unit.name, "en": unit.name_en} if unit is not None else {}


def _do(problem_id: int, done: str, do: Callable[[], object]) -> ResponseReturnValue:
    """A step, then the page; refused, the page comes back with what was typed."""
    try:
        with g.session.begin_nested():
            do()
    except InvalidInput as wrong:
        one = problem_named(g.session, problem_id, g.viewer)
        return _page(one, errors={wrong.field: fault_words(wrong)}, status=422)
    if done:
        flash(done, "success")
    return redirect(f"{_HERE}/{problem_id}", code=303)


def _page(one: ArisingProblem, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    by_unit = evidence_by_unit(g.session, g.viewer, one.id)
    owner = g.session.get(Staff, one.owner_id) if one.owner_id is not None else None
    page = render_template(
        "supervisor/problem.html",
        seen=seen_problem(g.session, g.viewer, one),
        one=one,
        what=what_of(one),
        where=where_of(one),
        owner=owner.name if owner else "",
        is_mine=one.owner_id == g.viewer.staff_id,
        tickets=evidence(g.session, g.viewer, one.id, limit=_MOST_TICKETS),
        stands=one.state in (ProblemState.PROPOSED, ProblemState.OPEN),
        steers=may_steer(g.viewer, one.unit_ids),
        typed=request.form if errors else {},
        errors=errors or {},
        **_map(by_unit),
    )
    return Response(page, status, mimetype="text/html")


def _map(by_unit: dict[int, int]) -> dict[str, Any]:
    """Where its tickets are: as dots, and as a list for those who do not see dots."""
    units = rules().routing.units
    places = [(unit_name(units[i]), number) for i, number in by_unit.items() if i in units]
    drawn = dot_map(current_units(g.session, kinds=AREA_KINDS, on=today()), locale=chosen_locale())
    return {"map": drawn, "by_unit": by_unit, "places": places}
