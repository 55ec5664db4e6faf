"""Units and lines as they stand, to read and to take away as files."""

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.seeding.imports import take_out
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.frame.menu import in_menu
from tickets.directory.lines import DialledLine, published_lines
from tickets.directory.units import current_units
from tickets.errors import NotFound
from tickets.folding import fold

_FILES = ("units", "procedures", "lines", "holidays")


@blueprint.get("/administration/directory")
@in_menu(_l("Units and lines"), order=6, under="administration")
@signed_in(*ADMINISTERING)
def directory() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()[:80]
    wanted = fold(text)
    lines: dict[int, list[DialledLine]] = {}
    for line in published_lines(g.session, on=today()):
        lines.setdefault(line.unit_id, []).append(line)
    units = [
        unit
        for unit in current_units(g.session, on=today())
        if not wanted or wanted in fold(f"{unit.name} {unit.name_en} {unit.code or ''}")
    ]
    return render_template("administration/directory.html", units=units, lines=lines, text=text, files=_FILES)


@blueprint.get("/administration/directory/<kind>.csv")
@signed_in(*ADMINISTERING)
def directory_file(kind: str) -> Response:
    """In the form the import reads, so not guarded for spreadsheets: our own reference data, no one's free words."""
    if kind not in _FILES:
        raise NotFound("file", kind)
    response = Response(take_out(g.session, kind), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return response
