"""The catalogue of procedures as a duty: how far each has come, what is late, what nobody used, and the shares."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.office.blueprint import LOOKING_ON, RELEASING, blueprint
from app.wording.catalogue_words import online_word, stage_word
from tickets.directory import catalogue_steps
from tickets.directory.catalogue_months import Shares, months_kept
from tickets.directory.catalogue_steps import LONGEST_DOCUMENT_NO, LONGEST_REASON_TO_TAKE_OUT, STAGES
from tickets.directory.catalogue_years import counts_of
from tickets.directory.procedures import procedure_named
from tickets.errors import InvalidInput, NotFound
from tickets.folding import fold
from tickets.queries.catalogue_duty import CataloguedProcedure, catalogued, departments
from tickets.schema import Procedure
from tickets.states import CatalogueStage, Role
from tickets.typed_text import clean_text, typed_day, typed_number

_HERE = "/office/catalogue"
# A department's supervisors enter what is theirs; the City Office and administrators see all.
KEEPING = (*LOOKING_ON, Role.SUPERVISOR)
_ENTERING_ALL = (Role.CITY_OFFICE, Role.ADMINISTRATOR)
_LISTED_AT_MOST = 100


@blueprint.get(_HERE)
@in_menu(_l("Catalogue of procedures"), order=7, icon="document", only=RELEASING)
@signed_in(*KEEPING)
def catalogue_duty() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "")[:200].replace("\0", "") for name in ("q", "show", "department")}
    own = _own()
    rows = catalogued(g.session, department_ids=own, now=g.now)
    found = departments(g.session, rows)
    shown = _asked_for(rows, asked)
    return render_template(
        "office/catalogue.html",
        rows=shown[:_LISTED_AT_MOST],
        count=len(shown),
        departments=found,
        whole=sum((one.shares for one in found), Shares()),
        late=sum(row.is_late for row in rows),
        unused=sum(row.is_unused for row in rows),
        months=months_kept(g.session, unit_ids=own),
        asked=asked,
        stage_word=stage_word,
        last_stage=_last_stage,
    )


@blueprint.get(f"{_HERE}/<int:number>")
@signed_in(*KEEPING)
def catalogue_entry(number: int) -> ResponseReturnValue:
    return _entry_page(_own_procedure(number))


@blueprint.post(f"{_HERE}/<int:number>/step")
@signed_in(*KEEPING)
def enter_stage(number: int) -> ResponseReturnValue:
    """A stage was reached on a day, with the number of its document."""
    procedure = _own_procedure(number)
    try:
        stage, day = _stage(), typed_day(request.form.get("on_day", "")[:20])
        if day is None:
            raise InvalidInput("on_day", "not_a_date")
        catalogue_steps.enter_step(
            g.session,
            procedure.id,
            stage,
            on_day=day,
            document_no=request.form.get("document_no", "").replace("\0", ""),
            actor=g.actor,
            now=g.now,
        )
    except InvalidInput as wrong:
        return _entry_page(procedure, errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("Entered: %(stage)s.", stage=stage_word(stage)), "success")
    return redirect(f"{_HERE}/{number}", code=303)


@blueprint.post(f"{_HERE}/<int:number>/take-out")
@signed_in(*KEEPING)
def take_stage_out(number: int) -> ResponseReturnValue:
    """The last stage was entered by mistake; the reason is kept."""
    procedure = _own_procedure(number)
    try:
        reason = request.form.get("reason", "").replace("\0", "")
        catalogue_steps.take_step_out(g.session, procedure.id, _stage(), reason=reason, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _entry_page(procedure, errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("Taken out."), "success")
    return redirect(f"{_HERE}/{number}", code=303)


def _own() -> tuple[int, ...] | None:
    """The departments whose procedures this person keeps; None: all."""
    return None if g.viewer.holds(*_ENTERING_ALL) else g.viewer.unit_ids(Role.SUPERVISOR)


def _own_procedure(number: int) -> Procedure:
    """Raises NotFound, also for one that is another department's."""
    procedure, own = procedure_named(g.session, number), _own()
    if own is not None and procedure.department_id not in own:
        raise NotFound("procedure", number)
    return procedure


def _stage() -> CatalogueStage:
    typed = request.form.get("stage", "")
    if typed not in STAGES:
        raise InvalidInput("stage", "no_such_stage")
    return CatalogueStage(typed)


def _asked_for(rows: list[CataloguedProcedure], asked: Mapping[str, str]) -> list[CataloguedProcedure]:
    words = fold(clean_text(asked["q"], 200, field="q")).split()
    department = typed_number(asked["department"])
    return [
        row
        for row in rows
        if (not words or all(word in f"{fold(row.procedure.name)} {row.procedure.code or ''}" for word in words))
        and (department is None or row.procedure.department_id == department)
        and (asked["show"] != "late" or row.is_late)
        and (asked["show"] != "unused" or row.is_unused)
        and (asked["show"] != "begun" or row.steps)
    ]


def _last_stage(row: CataloguedProcedure) -> str:
    reached = [stage for stage in STAGES if stage in row.steps]
    return stage_word(reached[-1]) if reached else ""


def _entry_page(procedure: Procedure, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    steps = catalogue_steps.steps_of(g.session, [procedure.id]).get(procedure.id, {})
    reached = [stage for stage in STAGES if stage in steps]
    to_come = catalogue_steps.owed(steps)
    page = render_template(
        "office/catalogue_entry.html",
        procedure=procedure,
        stages=[(stage, steps.get(stage)) for stage in STAGES],
        owed=to_come,
        is_late=to_come is not None and to_come.due_on < today(),
        last=reached[-1] if reached else None,
        following=STAGES[len(reached)] if len(reached) < len(STAGES) else None,
        years=counts_of(g.session, procedure.id),
        typed=request.form,
        errors=errors or {},
        today=today(),
        longest=(LONGEST_DOCUMENT_NO, LONGEST_REASON_TO_TAKE_OUT),
        stage_word=stage_word,
        online_word=online_word,
    )
    return Response(page, status, mimetype="text/html")
