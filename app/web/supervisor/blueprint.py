"""The one blueprint of the supervisor's pages, the roles that open them, and which units those roles cover."""

from flask import Blueprint

from app.wording.raised_words import delivery_state
from tickets.people.roles import Viewer
from tickets.states import Role

blueprint = Blueprint("supervisor", __name__)
blueprint.record_once(lambda state: state.app.jinja_env.globals.update(delivery_state=delivery_state))

STEERING = (Role.SUPERVISOR, Role.CITY_OFFICE)
# Leaders look at what climbs; they steer nobody's shift.
WATCHING = (*STEERING, Role.LEADER)


def supervised_units(viewer: Viewer) -> tuple[int, ...] | None:
    """The units whose shift this person steers; None: the whole city."""
    return None if viewer.covers_city(*STEERING) else viewer.unit_ids(*STEERING)
