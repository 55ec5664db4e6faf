"""Files brought in by hand: looked at first, then confirmed; templates, exports, history, and the way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.paper.workbook import XLSX_TYPE
from app.seeding.file_kinds import TABLE_KINDS
from app.seeding.files_out import annotated_file, export_file, template_file
from app.seeding.imports import ACCEPTABLE
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.entered_words import ChangedCell, changed_words, row_words
from app.web.administration.file_words import STATE_WORDS, CountWord, count_words, row_faults
from app.web.frame.access import signed_in
from app.web.frame.limits import takes_tables
from app.web.frame.menu import in_menu
from app.wording.file_words import title_of
from app.wording.language import language
from tickets.directory.exchange import history
from tickets.errors import InvalidInput, NotFound
from tickets.promises.rule_versions import post_names
from tickets.schema import FileImport
from tickets.sheets.grid import LARGEST_FILE

_HERE = "/administration/import"
_SHOWN_ROWS = 50


@blueprint.get(_HERE)
@in_menu(_l("Import and export"), order=6, under="administration")
@signed_in(*ADMINISTERING)
def file_imports() -> ResponseReturnValue:
    return _page()


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
@takes_tables
def hand_in_file() -> ResponseReturnValue:
    """Kept and judged by the worker; nothing changes before it is confirmed."""
    kind = request.form.get("kind", "")
    file = request.files.get("file")
    raw = file.read(LARGEST_FILE + 1) if file and file.filename else request.form.get("rows", "").encode()
    errors = {}
    if kind not in TABLE_KINDS:
        errors["kind"] = _("Say what the file holds.")
    if not raw or len(raw) > LARGEST_FILE:
        errors["file"] = _("Choose a file (CSV or XLSX) of at most %(num)s MB.", num=LARGEST_FILE // 1_000_000)
    if errors:
        return _page(errors=errors, status=400)
    name = ((file.filename if file else "") or "").replace("\0", "")[:200]
    import_id = history.hand_in(g.session, kind, name, raw, actor=g.actor, now=g.now)
    return redirect(f"{_HERE}/{import_id}", code=303)


@blueprint.get(f"{_HERE}/<int:import_id>")
@signed_in(*ADMINISTERING)
def one_file_import(import_id: int) -> ResponseReturnValue:
    return _one(import_id)


@blueprint.post(f"{_HERE}/<int:import_id>/confirm")
@signed_in(*ADMINISTERING)
def confirm_file(import_id: int) -> ResponseReturnValue:
    accepted = [one for one in ACCEPTABLE if one in request.form]
    left = {one.code for one in history.faults_of(history.one_import(g.session, import_id))} - set(accepted)
    if left:
        return _one(import_id, error=_("Say that you have seen what is told above."), status=400)
    return _done(import_id, lambda: history.confirm(g.session, import_id, accepted=accepted, actor=g.actor, now=g.now))


@blueprint.post(f"{_HERE}/<int:import_id>/drop")
@signed_in(*ADMINISTERING)
def drop_file(import_id: int) -> ResponseReturnValue:
    answer = _done(import_id, lambda: history.drop(g.session, import_id, actor=g.actor, now=g.now))
    flash(_("The file is put away. Nothing was changed."), "info")
    return answer


@blueprint.post(f"{_HERE}/<int:import_id>/undo")
@signed_in(*ADMINISTERING)
def undo_file(import_id: int) -> ResponseReturnValue:
    return _done(import_id, lambda: history.ask_to_undo(g.session, import_id, actor=g.actor, now=g.now))


@blueprint.get(f"{_HERE}/<int:import_id>/marked.xlsx")
@signed_in(*ADMINISTERING)
def marked_file(import_id: int) -> ResponseReturnValue:
    """The file as it came, with what is wrong beside each row."""
    row, content = history.one_import(g.session, import_id), history.content_of(g.session, import_id)
    if not content:
        raise NotFound("file_import", import_id)
    marked = annotated_file(g.session, row.kind, content, locale=language(), now=g.now)
    if marked is None:
        raise NotFound("file_import", import_id)
    return _download(marked, f"{row.kind}-{import_id}.xlsx")


@blueprint.get(f"{_HERE}/template/<kind>.<form>")
@signed_in(*ADMINISTERING)
def file_template(kind: str, form: str) -> ResponseReturnValue:
    _known(kind, form)
    return _download(template_file(g.session, kind, form=form, locale=language(), now=g.now), f"{kind}.{form}")


@blueprint.get(f"{_HERE}/export/<kind>.<form>")
@signed_in(*ADMINISTERING)
def file_export(kind: str, form: str) -> ResponseReturnValue:
    _known(kind, form)
    return _download(export_file(g.session, kind, form=form, locale=language(), now=g.now), f"{kind}.{form}")


def _known(kind: str, form: str) -> None:
    if kind not in TABLE_KINDS or form not in ("csv", "xlsx"):
        raise NotFound("file", f"{kind}.{form}")


def _download(content: bytes, name: str) -> Response:
    response = Response(content, mimetype=XLSX_TYPE if name.endswith(".xlsx") else "text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _done(import_id: int, deed: Callable[[], None]) -> ResponseReturnValue:
    try:
        deed()
    except InvalidInput:
        return _one(import_id, error=_("This file has gone on meanwhile: look at what it is now."), status=409)
    return redirect(f"{_HERE}/{import_id}", code=303)


def _one(import_id: int, *, error: str = "", status: int = 200) -> Response:
    row = history.one_import(g.session, import_id)
    faults = history.faults_of(row)
    page = render_template(
        "administration/file_import.html",
        one=row,
        here=f"{_HERE}/{import_id}",
        title=title_of(row.kind, language()),
        state=str(STATE_WORDS[row.state]),
        is_working=row.state in history.IN_WORK,
        counts=_counts(row),
        faults=row_faults(row.kind, faults),
        acceptable=bool(faults) and row.state == "judged",
        more_faults=max(int(row.counts.get("faults", 0)) - len(faults), 0),
        rows=_shown_rows(row),
        shown=_SHOWN_ROWS,
        has_content=row.state in ("judged", "refused") and bool(row.read_as.get("encoding")),
        error=error,
    )
    return Response(page, status, mimetype="text/html")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """What the file does to one row; `changes` is empty for a new one."""

    number: int
    name: str
    changes: Sequence[ChangedCell]


def _shown_rows(row: FileImport) -> list[ShownRow]:
    """None while the worker is at it: the page asks every second."""
    if row.state in history.IN_WORK:
        return []
    of_kind, posts = TABLE_KINDS[row.kind](g.session, actor=g.actor, now=g.now), post_names(g.session)
    return [
        ShownRow(
            one.number,
            row_words(of_kind, one.after, one.name, posts),
            changed_words(of_kind, one.before, one.after) if one.before is not None else (),
        )
        for one in history.kept_changes(g.session, row.id, limit=_SHOWN_ROWS)
    ]


def _counts(row: FileImport) -> list[CountWord]:
    return count_words(row.counts)


def _page(*, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    spoken = language()
    page = render_template(
        "administration/file_imports.html",
        kinds=[(kind, title_of(kind, spoken)) for kind in TABLE_KINDS],
        imports=[
            (row, title_of(row.kind, spoken), str(STATE_WORDS[row.state]), _counts(row), who, undoer)
            for row, who, undoer in history.last_imports(g.session, limit=50)
        ],
        # The guide leads here with the kind chosen.
        typed=request.form or request.args,
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")
