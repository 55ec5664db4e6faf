"""The agents of a unit, and whether each has proved a telephone: who is to be reminded, by name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from tickets.schema import ContactMethod, RoleAssignment, Staff
from tickets.states import OutboundChannel, Role


@dataclass(frozen=True, slots=True)
class AgentReached:
    staff_id: int
    name: str
    has_proved_phone: bool


def agents_reached(session: Session, unit_id: int, *, now: datetime) -> list[AgentReached]:
    """By name."""
    proved = exists().where(
        ContactMethod.staff_id == Staff.id,
        ContactMethod.verified_at.is_not(None),
        ContactMethod.kind.in_((OutboundChannel.SMS, OutboundChannel.VOICE)),
    )
    rows = session.execute(
        select(Staff.id, Staff.name, proved)
        .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
        .where(
            RoleAssignment.unit_id == unit_id,
            RoleAssignment.role == Role.AGENT,
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
            Staff.disabled_at.is_(None),
        )
        .order_by(Staff.sort_key, Staff.id)
    )
    return [AgentReached(*row) for row in rows]
