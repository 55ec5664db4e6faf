"""To whom a supervisor may give tickets: the people of their own units and of the units the tickets stand at."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.web.pieces.unit_choices import unit_options
from app.web.supervisor.blueprint import STEERING
from tickets.directory.staff import people_at
from tickets.people.roles import Viewer
from tickets.queries.lists import Listed
from tickets.states import Role

ASSIGNABLE_ROLES = (Role.AGENT, Role.SUPERVISOR)
PeopleByUnit = list[tuple[str, list[tuple[int, str]]]]


def assignee_options(session: Session, viewer: Viewer, rows: Sequence[Listed], *, now: datetime) -> PeopleByUnit:
    """(unit, [(person, name)]), for a select with groups. One statement."""
    wanted = {*viewer.unit_ids(*STEERING), *(row.unit_id for row in rows)}
    groups: dict[int, dict[int, str]] = {}
    for one in people_at(session, sorted(wanted), roles=ASSIGNABLE_ROLES, now=now):
        groups.setdefault(one.unit_id, {})[one.staff.id] = one.staff.name
    return [(name, list(groups[unit_id].items())) for unit_id, name in unit_options() if unit_id in groups]
