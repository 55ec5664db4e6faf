"""Reference data by screen: every kind of file row by row, judged, written, kept and undone as a file is."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.seeding.entries import EntryRefused, enter_row
from app.seeding.file_kinds import TABLE_KINDS
from app.web.administration.blueprint import ADMINISTERING, ROWS_OF_A_PAGE, blueprint
from app.web.administration.entered_words import EntryField, cell_words, entry_fields, heading_words
from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.wording.file_words import title_of
from app.wording.language import language
from app.wording.table_faults import table_fault
from tickets.directory.exchange import history
from tickets.directory.exchange.kind import FileKind, TextRow
from tickets.directory.exchange.long_kind import COUNTED_ROWS
from tickets.errors import NotFound
from tickets.people.actor import SYSTEM

_HERE = "/administration/data"
# Where each kind is looked at and changed; the others have a screen made for them.
OWN_SCREENS: Mapping[str, str] = {
    "people": "/administration/people",
    "posts": "/administration/posts",
    "rota": "/rota",
    "leave": "/rota",
    "responsibilities": "/administration/responsibilities",
    "calendars": "/administration/calendars",
    "holidays": "/administration/days-off",
    "policies": "/administration/promises",
    "emergency-words": "/administration/words",
    "matter-words": "/administration/words",
}
BY_ROW = tuple(kind for kind in TABLE_KINDS if kind not in OWN_SCREENS)
_COLUMNS_SHOWN = 5


def screen_of(kind: str) -> str:
    return OWN_SCREENS.get(kind) or f"{_HERE}/{kind}"


@blueprint.get(_HERE)
@in_menu(_l("Reference data"), order=6, under="administration")
@signed_in(*ADMINISTERING)
def reference_data() -> ResponseReturnValue:
    spoken = language()
    kinds = [(title_of(kind, spoken), screen_of(kind), kind) for kind in TABLE_KINDS]
    return render_template("administration/reference_data.html", kinds=kinds)


@blueprint.get("/administration/answers")
@in_menu(_l("Prepared answers"), order=6, under="administration")
@signed_in(*ADMINISTERING)
def prepared_answers() -> ResponseReturnValue:
    return _list("answers")


@blueprint.get(f"{_HERE}/<kind>")
@signed_in(*ADMINISTERING)
def entered_rows(kind: str) -> ResponseReturnValue:
    return _list(kind)


@blueprint.get(f"{_HERE}/<kind>/row")
@signed_in(*ADMINISTERING)
def entered_row(kind: str) -> ResponseReturnValue:
    """One row to change, by its key; a new one without."""
    of_kind = _kind(kind)
    key = request.args.get("key", "")[:1000]
    row = of_kind.finder(1)(key) if key else None
    if key and row is None:
        raise NotFound(kind, key)
    return _form(of_kind, row, row or {})


@blueprint.post(f"{_HERE}/<kind>/row")
@signed_in(*ADMINISTERING)
def enter_one_row(kind: str) -> ResponseReturnValue:
    of_kind = _kind(kind)
    typed = {column.key: request.form.get(column.key, "").strip() for column in of_kind.columns}
    key = request.form.get("key", "")[:1000]
    row = of_kind.finder(1)(key) if key else None
    fixed = {name: row[name] for name in of_kind.key} if row is not None else {}
    try:
        change = enter_row(g.session, kind, {**typed, **fixed}, actor=g.actor, now=g.now)
    except EntryRefused as refused:
        errors = {one.column: table_fault(one, kind) for one in refused.errors}
        return _form(of_kind, row, {**typed, **fixed}, errors=errors, status=400)
    if change is None:
        flash(_("It says this already: nothing was changed."), "info")
    else:
        flash(_("Kept: %(name)s.", name=change.name), "success")
    return redirect(f"{screen_of(kind)}", code=303)


def _kind(kind: str) -> FileKind:
    if kind not in BY_ROW:
        raise NotFound("kind", kind)
    return TABLE_KINDS[kind](g.session, actor=g.get("actor") or SYSTEM, now=g.now)


def _list(kind: str) -> Response:
    of_kind = _kind(kind)
    text = request.args.get("q", "").strip()[:80]
    after = request.args.get("after", "")[:1000]
    listed = of_kind.listed(text, after=after, most=ROWS_OF_A_PAGE + 1)
    shown = [(of_kind.key_of(row), row) for row in listed.rows]
    columns = of_kind.columns[:_COLUMNS_SHOWN]
    page = render_template(
        "administration/entered_rows.html",
        kind=kind,
        title=title_of(kind, language()),
        headings=heading_words(kind, columns),
        rows=[(key, cell_words(of_kind, row, columns)) for key, row in shown[:ROWS_OF_A_PAGE]],
        count=listed.count,
        most_counted=COUNTED_ROWS,
        following=shown[ROWS_OF_A_PAGE - 1][0] if len(shown) > ROWS_OF_A_PAGE else "",
        is_first=not after,
        text=text,
        here=f"{_HERE}/{kind}",
        list_url=request.path,
    )
    return Response(page, mimetype="text/html")


def _form(
    of_kind: FileKind,
    row: TextRow | None,
    typed: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    kind, name = of_kind.name, of_kind.name_of(row) if row is not None else ""
    fields: list[EntryField] = entry_fields(of_kind, typed, errors or {}, is_new=row is None)
    page = render_template(
        "administration/entered_row.html",
        kind=kind,
        title=title_of(kind, language()),
        name=name,
        key=of_kind.key_of(row) if row is not None else "",
        fields=fields,
        errors=errors or {},
        past=history.changes_of(g.session, kind, name) if name else [],
        labels={column.key: heading_words(kind, (column,))[0] for column in of_kind.columns},
        here=f"{_HERE}/{kind}",
        list_url=screen_of(kind),
    )
    return Response(page, status, mimetype="text/html")
