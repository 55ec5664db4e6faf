"""A promise that has climbed to a level, and what the people there were sent."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.escalation.scene import full_house, level_at, ticket, ward
from tickets.schema import PlannedStep, Staff, StepRecipient, Ticket
from tickets.states import Priority

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def raised(session: Session, level: int = 2, **wanted: object) -> tuple[Ticket, dict[int, Staff], datetime]:
    """An urgent ticket that has climbed to this level, the people of its chain, and when."""
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, **{"priority": Priority.URGENT, **wanted})
    at = level_at(session, matter, level)
    tick(session, now=at)
    return matter, people, at


def code_at(session: Session, of: Ticket, level: int) -> str:
    wanted = PlannedStep.ticket_id == of.id, PlannedStep.rank == level
    codes = select(StepRecipient.reply_code).join(PlannedStep, PlannedStep.id == StepRecipient.step_id).where(*wanted)
    return session.scalars(codes).one()
