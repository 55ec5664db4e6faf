"""What the tests of the rota share: a ward, its people, and when it is."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.escalation.scene import level_at, ticket, told
from tickets.city import wall_clock
from tickets.schema import Post, Shift, Unit
from tickets.states import Priority

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def post_of(session: Session, unit: Unit, code: str = "section_head") -> Post:
    return session.scalars(select(Post).where(Post.unit_id == unit.id, Post.code == code)).one()


def as_typed(at: datetime) -> str:
    return wall_clock(at).replace(tzinfo=None).isoformat(timespec="minutes")


def shifts(session: Session) -> list[Shift]:
    return list(
        session.scalars(select(Shift).order_by(Shift.starts_at, Shift.id).execution_options(populate_existing=True))
    )


def level_one(session: Session, unit: Unit, *, arrived_at: datetime) -> list[int]:
    """Who is told of the first level of an urgent matter of this unit."""
    matter = ticket(session, unit, arrived_at=arrived_at, priority=Priority.URGENT)
    tick(session, now=level_at(session, matter, 1))
    return told(session, matter, 1)
