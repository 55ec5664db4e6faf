"""The catalogue of procedures for everybody, and who serves one now: by place, procedure and day of filing."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import public
from app.web.frame.current import city_phone, places, rules, today
from app.web.pieces.names import in_locale
from app.web.public.advice import name_of
from app.wording.locale import chosen_locale
from tickets.directory.places import resolve
from tickets.directory.procedures import procedure_named, procedures
from tickets.directory.releases import hidden_procedures
from tickets.directory.units import predecessors
from tickets.errors import NotFound
from tickets.folding import fold
from tickets.routing.rule_rows import UnitRule
from tickets.schema import Procedure, Unit
from tickets.states import Level
from tickets.typed_text import clean_text, typed_day, typed_number

blueprint = Blueprint("procedures", __name__)

_PROCEDURES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves a matter: today, and where it was filed before; `question`: nobody can tell yet, and why."""

    now: str = ""
    now_code: str = ""
    filed_at: str = ""
    question: str = ""


@blueprint.get("/procedures")
@public
def catalogue() -> ResponseReturnValue:
    said = clean_text(request.args.get("q", "")[:200], 200, field="q")
    hidden = hidden_procedures(g.session)
    found = procedures(g.session, text=said, after=_after(), but=hidden, limit=_PROCEDURES_SHOWN + 1)
    shown = found[:_PROCEDURES_SHOWN]
    last = shown[-1] if len(found) > _PROCEDURES_SHOWN else None
    return render_template(
        "public/procedures.html",
        said=said,
        procedures=[(one, _keeper(one)) for one in shown],
        after=f"{last.id}~{last.sort_key}" if last else "",
    )


@blueprint.get("/procedures/<int:number>")
@public
def one_procedure(number: int) -> ResponseReturnValue:
    """One procedure, and who serves it: where it is typed in, for the day on which the dossier was handed in."""
    procedure = procedure_named(g.session, number)
    if procedure.id in hidden_procedures(g.session):
        raise NotFound("procedure", number)
    place = clean_text(request.args.get("place", "")[:300], 300, field="place")
    typed = request.args.get("filed", "")[:20]
    filed = typed_day(typed) if typed.strip() else today()
    wrong = "" if filed is not None else _("This is not a date.")
    is_asked = bool(place) or procedure.level is Level.CITY
    served = _served(procedure, place, filed) if filed is not None and is_asked else None
    return render_template(
        "public/procedure.html",
        procedure=procedure,
        keeper=_keeper(procedure),
        place=place,
        filed=typed,
        served=served,
        wrong=wrong,
    )


def _served(procedure: Procedure, place: str, filed: date) -> Served:
    if procedure.level is Level.CITY:
        unit = _department(procedure)
        return Served(_name(unit), unit.code or "") if unit else Served(question=_whom_to_ask())
    today_ = resolve(places(), place, on=today())
    if today_.outcome != "unique":
        return Served(question=_("We cannot tell yet which ward that is: please add the district or the street."))
    now = rules().routing.units.get(today_.candidates[0].unit_id)
    if now is None:
        return Served(question=_whom_to_ask())
    return Served(_name(now), now.code or "", _filed_at(place, filed, now.id))


def _whom_to_ask() -> str:
    return _("Please call the city's hotline.") if city_phone() else _("Please ask by the form.")


def _filed_at(place: str, filed: date, unit_id: int) -> str:
    """Which body had it before the one of today began: by its name in the words, else all that became a part of it."""
    unit = g.session.get_one(Unit, unit_id)
    if unit.valid_from is None or filed >= unit.valid_from:
        return ""
    before = [edge.unit for edge in predecessors(g.session, unit_id)]
    said = f" {fold(place)} "
    named = [one for one in before if f" {fold(one.name)} " in said] or before
    return ", ".join(in_locale(one.name, one.name_en) for one in named)


def _department(procedure: Procedure) -> UnitRule | None:
    return rules().routing.units.get(procedure.department_id or 0)


def _keeper(procedure: Procedure) -> str:
    """Where it is received: at the wards, or at the section of a department."""
    if procedure.level is Level.WARD:
        return _("at every ward, commune and special zone")
    unit = _department(procedure)
    return _name(unit) if unit else _("at the city")


def _name(unit: UnitRule) -> str:
    return name_of(unit, chosen_locale()) or in_locale(unit.name, unit.name_en)


def _after() -> tuple[str, int] | None:
    number, _tilde, key = request.args.get("after", "")[:300].replace("\0", "").partition("~")
    found = typed_number(number)
    return (clean_text(key, 300, field="after"), found) if found is not None else None
