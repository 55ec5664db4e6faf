"""Which agents the rota has on duty, stretch by stretch."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from tickets.schema import Absence, RoleAssignment, Shift
from tickets.states import Role

# Whose turn it is, from when, until when.
AgentTurn = tuple[int, datetime, datetime]


def agent_turns(
    session: Session, *, unit_ids: Sequence[int] | None, from_at: datetime, to_at: datetime
) -> list[AgentTurn]:
    """Turns that touch the stretch, of people who are agents then and not on leave; `unit_ids` None: of the city."""
    works = and_(
        RoleAssignment.staff_id == Shift.staff_id,
        RoleAssignment.role == Role.AGENT,
        RoleAssignment.valid_from <= Shift.starts_at,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to >= Shift.ends_at),
    )
    if unit_ids is not None:
        works = and_(works, RoleAssignment.unit_id.in_(unit_ids))
    on_leave = exists().where(
        Absence.staff_id == Shift.staff_id, Absence.starts_at < Shift.ends_at, Absence.ends_at > Shift.starts_at
    )
    rows = session.execute(
        select(Shift.staff_id, Shift.starts_at, Shift.ends_at).where(
            Shift.starts_at < to_at, Shift.ends_at > from_at, exists().where(works), ~on_leave
        )
    )
    return [(row.staff_id, row.starts_at, row.ends_at) for row in rows]


def on_duty_at(turns: Sequence[AgentTurn], at: datetime) -> int:
    """How many different people."""
    return len({staff_id for staff_id, starts_at, ends_at in turns if starts_at <= at < ends_at})
