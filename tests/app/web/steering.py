"""A city with a broken promise, as the pages of those who steer see it: people at posts and levels that fired."""

from dataclasses import dataclass
from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.escalation.scene import full_house, level_at, step, ticket, ward
from tests.factories import give_role
from tests.signing_in import sign_in
from tickets.schema import PlannedStep, Staff, Ticket, Unit
from tickets.states import Priority, Role

_ROLES = {
    1: (Role.SUPERVISOR, "26740"),
    2: (Role.LEADER, "26740"),
    3: (Role.CITY_OFFICE, "VPUB"),
    4: (Role.LEADER, "79"),
    5: (Role.LEADER, "79"),
}
# The page that asks the database least of all that have a form; everybody may open it. Its token is good for any form.
LIGHT = "/track"


@dataclass(frozen=True)
class Climb:
    """A ticket whose chain has climbed, and who stands on its levels."""

    ticket: Ticket
    unit: Unit
    people: dict[int, Staff]
    at: datetime

    def step(self, session: Session, level: int) -> PlannedStep:
        return step(session, self.ticket, level)


def climb(session: Session, *, opened_at: datetime, level: int = 4, is_restricted: bool = False) -> Climb:
    """An urgent ticket (its promises run day and night) whose chain has just reached this level."""
    unit = ward(session)
    people = full_house(session, unit, now=opened_at)
    for number, (role, code) in _ROLES.items():
        give_role(session, people[number], role=role, at=code)
    matter = ticket(session, unit, arrived_at=opened_at, priority=Priority.URGENT, is_restricted=is_restricted)
    at = opened_at
    for number in range(1, level + 1):
        at = level_at(session, matter, number)
        tick(session, now=at)
    return Climb(matter, unit, people, at)


def csrf_of(client: FlaskClient, page: str) -> str:
    html = client.get(page).get_data(as_text=True)
    return html.split('name="csrf_token" value="')[1].split('"')[0]


def enter(client: FlaskClient, session: Session, staff: Staff, *, now: datetime) -> Staff:
    return sign_in(client, session, staff=staff, now=now)
