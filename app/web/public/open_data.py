"""The directory as open data: what was released of every unit, as a table and as JSON, made anew each day."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, g, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.web.frame.access import public
from app.web.frame.current import today
from app.web.frame.limits import limiter
from app.web.pieces.csv_answer import csv_answer
from tickets.city import day_of
from tickets.directory.going_live import bodies
from tickets.directory.public_entries import PublicEntry, public_entries
from tickets.people.phones import readable_phone
from tickets.queries.night_figures import night_months
from tickets.schema import Unit

blueprint = Blueprint("open_data", __name__)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """One office of a unit; a unit without any has one row with its name alone."""

    code: str
    unit: str
    unit_en: str
    office: str
    address: str
    hours: str
    lines: tuple[str, ...]
    released_on: str


@blueprint.get("/open-data")
@public
def overview() -> ResponseReturnValue:
    return render_template("public/open_data.html", today=today(), months=night_months(g.session))


@blueprint.get("/open-data/directory.csv")
@public
@limiter.limit("60 per minute")
def directory_table() -> ResponseReturnValue:
    headings = (
        _("Unit code"), _("Unit"), _("Unit in English"), _("Office"), _("Address"), _("Opening hours"), _("Hotline"),
        _("Released on"),
    )  # fmt: skip
    rows = (
        (
            one.code, one.unit, one.unit_en, one.office, one.address, one.hours,
            ", ".join(readable_phone(line) for line in one.lines), one.released_on,
        )
        for one in _rows()
    )  # fmt: skip
    return csv_answer(f"directory-{today():%Y-%m-%d}.csv", headings, rows)


@blueprint.get("/open-data/directory.json")
@public
@limiter.limit("60 per minute")
def directory_json() -> Response:
    """Field names are English and stay; phones are E.164."""
    items = [
        {
            "code": one.code,
            "name": one.unit,
            "name_en": one.unit_en,
            "office": one.office,
            "address": one.address,
            "opening_hours": one.hours,
            "hotlines": list(one.lines),
            "released_on": one.released_on or None,
        }
        for one in _rows()
    ]
    return jsonify({"day": today().isoformat(), "items": items})


def _rows() -> Iterator[OpenRow]:
    ids = bodies(g.session, on=today())
    entries = public_entries(g.session, ids, on=today())
    for unit in g.session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.sort_key, Unit.id)):
        yield from _of(unit, entries[unit.id])


def _of(unit: Unit, entry: PublicEntry) -> Iterator[OpenRow]:
    released = day_of(entry.released_at).isoformat() if entry.released_at is not None else ""
    named = (unit.code or "", unit.name, unit.name_en)
    for office in entry.offices:
        lines = tuple(line.phone for line in entry.lines if line.office_id == office.id)
        yield OpenRow(*named, office.name, office.address, office.opening_hours, lines, released)
    if not entry.offices:
        yield OpenRow(*named, "", "", "", (), released)
