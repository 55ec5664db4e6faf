"""Finding the unit: by old or new name, on the map, in the list; with address, hours, hotline and procedures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import public
from app.web.frame.current import places, rules, today
from app.web.pieces.dot_map import dot_map
from app.web.public.advice import ReadingGroup, UnitChoice, each_once, name_of
from app.wording.locale import chosen_locale
from app.wording.place_words import option_text, question_text, why_text
from tickets.directory.going_live import not_live
from tickets.directory.places import Resolution, resolve
from tickets.directory.procedures import procedures
from tickets.directory.public_entries import public_entry
from tickets.directory.releases import hidden_procedures
from tickets.directory.units import AREA_KINDS, current_units, predecessors, unit_named
from tickets.errors import NotFound
from tickets.folding import fold
from tickets.people.roles import CITY_LEVEL
from tickets.schema import Unit
from tickets.states import Level, UnitKind
from tickets.typed_text import clean_text

blueprint = Blueprint("directory", __name__)

_MOST_PROCEDURES = 40
_MOST_BY_PART = 40
_BODIES = (UnitKind.OFFICE, UnitKind.ONE_STOP_CENTRE, UnitKind.DEPARTMENT)


@dataclass(frozen=True)
class DirectoryAnswer:
    """What the words of a search mean: one unit with why, or a question with its answers."""

    said: str
    outcome: str
    unit: UnitChoice | None
    why: str
    question: str
    groups: tuple[ReadingGroup, ...]


@blueprint.get("/directory")
@public
def search() -> ResponseReturnValue:
    said = clean_text(request.args.get("q", "")[:300], 300, field="q")
    locale = chosen_locale()
    areas = current_units(g.session, kinds=AREA_KINDS, on=today())
    bodies = current_units(g.session, kinds=_BODIES, on=today())
    found = _found(said, resolve(places(), said, on=today()), locale) if said else None
    if found and not found.unit:
        found = _by_part_of_name(found, [*areas, *bodies], locale)
    return render_template(
        "public/directory.html",
        said=said,
        found=found,
        kinds=[(kind, [unit for unit in areas if unit.kind is kind]) for kind in AREA_KINDS],
        bodies=bodies,
        map=dot_map(areas, locale=locale),
        here_codes={found.unit.code} if found and found.unit else _codes(found),
    )


@blueprint.get("/directory/<code>")
@public
def unit(code: str) -> ResponseReturnValue:
    """One body of today; `code` is that of its present bearer."""
    if not code.isalnum() or len(code) > 40:
        raise NotFound("unit", code)
    body = unit_named(g.session, code, on=today())
    wanted = clean_text(request.args.get("p", "")[:200], 200, field="p")
    level = Level.WARD if body.kind in AREA_KINDS else Level.CITY
    hidden = hidden_procedures(g.session)
    known = procedures(g.session, text=wanted, level=level, but=hidden, limit=500)
    found = [p for p in known if _is_of(p.department_id, body)]
    entry = public_entry(g.session, body.id, on=today())
    return render_template(
        "public/unit.html",
        unit=body,
        is_area=body.kind in AREA_KINDS,
        is_waiting=body.kind not in CITY_LEVEL and body.id in not_live(g.session, on=today()),
        offices=entry.offices,
        lines=entry.lines,
        entry=entry,
        before=predecessors(g.session, body.id),
        wanted=wanted,
        procedures=found[:_MOST_PROCEDURES],
        procedure_count=len(found),
        map=dot_map(current_units(g.session, kinds=AREA_KINDS, on=today()), locale=chosen_locale()),
        here_codes={body.code},
    )


def _is_of(department_id: int | None, body: Unit) -> bool:
    return body.kind in AREA_KINDS or department_id == body.id


def _found(said: str, resolution: Resolution, locale: str) -> DirectoryAnswer:
    question = resolution.question or (resolution.hint.question if resolution.hint else None)
    groups = []
    if question is not None and resolution.outcome != "unique":
        groups = [(option_text(option, locale), _choices(option.unit_ids, locale)) for option in question.options]
    only = resolution.candidates[0] if resolution.outcome == "unique" else None
    return DirectoryAnswer(
        said=said,
        outcome=resolution.outcome,
        unit=next(iter(_choices((only.unit_id,), locale)), None) if only else None,
        why=why_text(only.why, locale) if only else "",
        question=question_text(question, locale) if question is not None and groups else "",
        groups=each_once(groups),
    )


def _by_part_of_name(found: DirectoryAnswer, units: Sequence[Unit], locale: str) -> DirectoryAnswer:
    """Who searches "phuoc" remembers half a name: the bodies that have these words in theirs are offered.

    Words that nearly every name has ("phường") single nothing out.
    """
    words = f" {fold(found.said)} "
    named = [unit for unit in units if words.strip() and words in f" {fold(unit.name)} "]
    if not 0 < len(named) <= _MOST_BY_PART:
        return found
    offered = _codes(found)
    choices = tuple(one for one in _choices(tuple(unit.id for unit in named), locale) if one.code not in offered)
    words_for_them = _("These have “%(said)s” in their name:", said=found.said)
    if not found.groups:
        return replace(found, question=words_for_them, groups=(("", choices),))
    more = ((words_for_them if len(choices) > 1 else "", choices),) if choices else ()
    return replace(found, groups=(*found.groups, *more))


def _choices(unit_ids: tuple[int, ...], locale: str) -> tuple[UnitChoice, ...]:
    units = (rules().routing.units.get(unit_id) for unit_id in unit_ids)
    return tuple(UnitChoice(known.code, name_of(known, locale)) for known in units if known and known.code)


def _codes(found: DirectoryAnswer | None) -> set[str]:
    return {choice.code for _, choices in found.groups for choice in choices} if found else set()
