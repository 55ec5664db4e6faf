"""What leaders are told of a problem: how many report what and where, and what is usual; no word of any report."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets.outbox.posting import post_all
from tickets.outbox.rota_news import news_to
from tickets.schema import ArisingProblem, RoleAssignment, Staff, Unit
from tickets.states import Role, UnitKind

PROBLEM_TEMPLATE = "problem_reported"


def tell_leaders(session: Session, one: ArisingProblem, params: Mapping[str, Any], *, now: datetime) -> int:
    """The leaders of the city, and of the unit whose it is; how many. Each is told once of each report."""
    told = {"problem_id": one.id, **params, "usual": round(one.usual, 1), "from_at": one.since.isoformat()}
    key = f"{PROBLEM_TEMPLATE}:{one.id}:{now.isoformat()}"
    leaders = _leaders(session, one, now=now)
    messages = [
        message
        for staff_id in leaders
        for message in news_to(session, staff_id, PROBLEM_TEMPLATE, told, key=key, now=now)
    ]
    post_all(session, messages, now=now)
    return len(leaders)


def _leaders(session: Session, one: ArisingProblem, *, now: datetime) -> list[int]:
    of_the_city = Unit.kind.in_((UnitKind.CITY, UnitKind.OFFICE))
    rows = session.scalars(
        select(RoleAssignment.staff_id)
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(
            Staff.disabled_at.is_(None),
            RoleAssignment.role == Role.LEADER,
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
            of_the_city if one.unit_id is None else or_(of_the_city, Unit.id == one.unit_id),
        )
        .order_by(RoleAssignment.staff_id)
    )
    return list(dict.fromkeys(rows))
