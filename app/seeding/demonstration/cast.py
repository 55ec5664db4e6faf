"""Who acts in the demonstration: the people of each desk by unit and role, and the citizens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.demonstration.words import invented_name
from tickets.directory.units import city_office, city_operations
from tickets.schema import RoleAssignment, Staff
from tickets.states import Role

CITIZENS = 190


@dataclass(frozen=True, slots=True)
class InventedCitizen:
    """An invented citizen with an invented number."""

    name: str
    phone: str
    email: str | None


@dataclass(frozen=True)
class Cast:
    agents: Mapping[int, Sequence[int]]
    operations_id: int
    office_id: int
    citizens: Sequence[InventedCitizen]

    def agent_for(self, unit_id: int, rng: Random) -> int:
        """Somebody who works tickets of this unit; the city's desk for those that have nobody."""
        return rng.choice(self.agents.get(unit_id) or self.agents[self.operations_id])


def assemble(session: Session, rng: Random, *, now: datetime) -> Cast:
    held = session.execute(
        select(RoleAssignment.unit_id, RoleAssignment.staff_id)
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .where(Staff.is_demo, RoleAssignment.role.in_([Role.AGENT, Role.CITY_OFFICE]), RoleAssignment.valid_from <= now)
        .order_by(RoleAssignment.id)
    )
    agents: dict[int, list[int]] = {}
    for unit_id, staff_id in held:
        agents.setdefault(unit_id, []).append(staff_id)
    return Cast(
        agents=agents,
        operations_id=city_operations(session).id,
        office_id=city_office(session).id,
        citizens=tuple(_citizen(number, rng) for number in range(CITIZENS)),
    )


def _citizen(number: int, rng: Random) -> InventedCitizen:
    email = f"congdan{number:03d}@example.vn" if number % 5 == 0 else None
    return InventedCitizen(invented_name(rng), f"+84900{200_000 + number * 37:06d}", email)
