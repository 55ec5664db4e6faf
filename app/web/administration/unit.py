"""A unit as one page: people, posts, tonight, lines, office, procedures, promises, lacks, who changed what."""

from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app.seeding.file_kinds import TABLE_KINDS
from app.web.administration.blueprint import SEEING_UNITS, blueprint
from app.web.administration.entered_words import heading_of
from app.web.administration.rule_words import target_words
from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.pieces.names import in_locale
from app.web.pieces.readiness_page import ShownUnit, shown_unit
from app.wording.contact_codes import outbound_channel_word
from app.wording.file_words import title_of
from app.wording.language import language
from app.wording.readiness_words import fields_phrase, tonight_word
from escalation.queries.readiness import next_night, units_readiness
from escalation.queries.tonight import LateMatter, levels_tonight, promised_here
from tickets.directory.exchange import history
from tickets.directory.going_live import last_decisions
from tickets.directory.holders import Holding, holdings_of
from tickets.directory.lines import published_lines
from tickets.directory.offices import offices_of
from tickets.directory.on_call import posts_of
from tickets.directory.procedures import procedures_received
from tickets.directory.staff import people_at
from tickets.directory.units import predecessors
from tickets.errors import NotFound
from tickets.routing.rule_rows import WARD_KINDS
from tickets.schema import Unit
from tickets.states import Level, Role

_MOST_PEOPLE, _MOST_PROCEDURES = 40, 20


@blueprint.get("/administration/units/<int:unit_id>")
@signed_in(*SEEING_UNITS)
def unit_page(unit_id: int) -> ResponseReturnValue:
    unit = g.session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("unit", unit_id)
    people = people_at(g.session, [unit.id], now=g.now)
    received = procedures_received(g.session, unit)
    return render_template(
        "administration/unit.html",
        unit=unit,
        name=in_locale(unit.name, unit.name_en),
        shown=_shown(unit),
        row_key=_row_key(unit),
        before=predecessors(g.session, unit.id),
        people=people[:_MOST_PEOPLE],
        people_count=len(people),
        posts=_posts(unit),
        night=next_night(g.now),
        **_promises(unit),
        lines=published_lines(g.session, unit_id=unit.id, on=today()),
        offices=offices_of(g.session, unit.id),
        procedures=received[:_MOST_PROCEDURES],
        procedure_count=len(received),
        past=history.changes_about(g.session, unit.code or "", limit=30),
        kind_title=lambda kind: title_of(kind, language()),
        changed_columns=_changed_columns,
        may_change=g.viewer.holds(Role.ADMINISTRATOR),
        way_word=outbound_channel_word,
        target_words=target_words,
        tonight_word=tonight_word,
        fields_phrase=fields_phrase,
    )


def _changed_columns(one: history.PastChange) -> str:
    """As the template of its kind calls them."""
    return ", ".join(heading_of(TABLE_KINDS[one.kind], column) for column, _before, _after in one.differences)


def _row_key(unit: Unit) -> str:
    """By what its row of reference data is found."""
    since = unit.valid_from.isoformat() if unit.valid_from else ""
    of_kind = TABLE_KINDS["units"](g.session, actor=g.actor, now=g.now)
    return of_kind.key_of({"code": unit.code or "", "valid_from": since})


def _shown(unit: Unit) -> ShownUnit | None:
    """What it lacks; None for a body that receives nobody's matters."""
    found = units_readiness(g.session, unit_ids=[unit.id], now=g.now)
    return shown_unit(found[0], last_decisions(g.session, [unit.id]).get(unit.id), g.viewer) if found else None


def _posts(unit: Unit) -> list[tuple[int, str, list[Holding]]]:
    posts = posts_of(g.session, unit.id)
    held: dict[int, list[Holding]] = {}
    for one in holdings_of(g.session, [post.id for post in posts]):
        if not one.is_over(g.now):
            held.setdefault(one.post_id, []).append(one)
    return [(post.id, in_locale(post.name, post.name_en), held.get(post.id, [])) for post in posts]


def _promises(unit: Unit) -> dict[str, Any]:
    """What is promised of an ordinary matter of it, and whom a late one would ring tonight."""
    level = Level.WARD if unit.kind in WARD_KINDS else Level.CITY
    return {
        "promises": promised_here(g.session, LateMatter(unit.id, level)),
        "tonight": levels_tonight(g.session, unit.id, level, at=next_night(g.now)),
    }
