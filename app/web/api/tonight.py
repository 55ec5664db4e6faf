"""Who would be told tonight of a unit's late matter, for programs that watch whether chains hold."""

from typing import Any

from flask import g
from pydantic import BaseModel, ConfigDict

from app.web.api.blueprint import blueprint
from app.web.api.bodies import TonightOut
from app.web.api.describing import takes_query
from app.web.api.instants import Instant, iso
from app.web.api.reading import read_query
from app.web.frame.access import bearer
from app.web.frame.current import today
from escalation.queries.tonight import LevelTonight, WouldBeTold, levels_tonight
from tickets.directory.units import unit_named
from tickets.errors import NotFound
from tickets.people.roles import SEEING, Viewer
from tickets.routing.rule_rows import WARD_KINDS
from tickets.schema import Unit
from tickets.states import Level, Priority


class TonightQuery(BaseModel):
    """`at` is the instant at which the promise breaks (default now); whether a matter is restricted changes nothing."""

    model_config = ConfigDict(extra="ignore")

    at: Instant | None = None
    restricted: bool = False
    priority: Priority = Priority.NORMAL


@blueprint.get("/units/<code>/tonight")
@takes_query(TonightQuery)
@blueprint.output(TonightOut)
@blueprint.doc(summary="Who would be told, level by level, of a matter of this unit that is late at an instant")
@bearer("tickets:read")
def unit_tonight(code: str) -> dict[str, Any]:
    query = read_query(TonightQuery)
    unit = unit_named(g.session, code[:20], on=today())
    if not _may_read(g.viewer, unit):
        raise NotFound("unit", code)
    level = Level.WARD if unit.kind in WARD_KINDS else Level.CITY
    found = levels_tonight(g.session, unit.id, level, priority=query.priority, at=query.at or g.now)
    return {"levels": [_level(one) for one in found]}


def _may_read(viewer: Viewer, unit: Unit) -> bool:
    """A unit's program reads of its own unit, the city's of all."""
    return viewer.covers_city(*SEEING) or unit.id in viewer.unit_ids(*SEEING)


def _level(one: LevelTonight) -> dict[str, Any]:
    return {
        "chain": one.chain,
        "level": one.level,
        "at": iso(one.at),
        "told_at": iso(one.told_at),
        "people": [_person(person) for person in one.people],
        "reached": one.is_reached,
        "why": one.why,
    }


def _person(one: WouldBeTold) -> dict[str, Any]:
    return {
        "name": one.name,
        "post": one.post,
        "method": one.way.kind.value if one.way is not None else None,
        "verified": one.way is not None and one.way.is_verified,
    }
