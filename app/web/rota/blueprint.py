"""The one blueprint of the rota, who looks at it and who plans it, and for which units."""

from flask import Blueprint, g

from app.web.pieces.unit_choices import unit_options
from tickets.directory.units import with_units_below
from tickets.errors import NotFound
from tickets.people.roles import Viewer
from tickets.states import Role

blueprint = Blueprint("rota", __name__)

PLANNING = (Role.SUPERVISOR, Role.ADMINISTRATOR)
# Whoever works at a unit may know who is on duty there.
ON_THE_ROTA = (*PLANNING, Role.AGENT, Role.CITY_OFFICE, Role.LEADER)


def units_to_see() -> list[tuple[int, str]]:
    """(id, name) of the units whose rota this person may look at, by name."""
    return unit_options(unit_ids=_units(g.viewer, ON_THE_ROTA))


def may_see(viewer: Viewer, unit_id: int) -> bool:
    """Whether somebody may know who is on duty at the unit."""
    seen = _units(viewer, ON_THE_ROTA)
    return seen is None or unit_id in seen


def may_plan(unit_id: int) -> bool:
    """Whether this person plans who is on duty at the unit: their own ones, those below them, or all."""
    planned = _units(g.viewer, PLANNING)
    return planned is None or unit_id in planned


def require_planning(unit_id: int) -> None:
    """Raises NotFound: a unit that is not theirs looks like none."""
    if not may_plan(unit_id):
        raise NotFound("unit", unit_id)


def _units(viewer: Viewer, roles: tuple[Role, ...]) -> tuple[int, ...] | None:
    """The units at which, or above which, one of the roles is held; None: the whole city's."""
    if viewer.covers_city(*roles) or viewer.holds(Role.ADMINISTRATOR):
        return None
    return with_units_below(g.session, viewer.unit_ids(*roles))
