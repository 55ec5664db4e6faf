"""The level a ticket has reached, raised for many at once and on time by escalation; nobody else changes it upwards."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, func, update
from sqlalchemy.orm import Session

from tickets.schema import Ticket


def raise_levels(session: Session, levels: Mapping[int, int], *, now: datetime) -> None:
    """Each ticket stands at least at its level afterwards; the caller holds the tickets' locks."""
    if not levels:
        return
    statement = (
        update(Ticket.__table__)
        .where(Ticket.id == bindparam("for_ticket"))
        .values(escalation_level=func.greatest(Ticket.escalation_level, bindparam("reached_level")), updated_at=now)
    )
    rows = [{"for_ticket": ticket, "reached_level": level} for ticket, level in levels.items()]
    session.connection().execute(statement, rows)


def let_city_coordinate(session: Session, unit_by_ticket: Mapping[int, int], *, now: datetime) -> None:
    """The city takes over contact with the citizen; the competence to decide stays with the unit (R12, L3)."""
    if not unit_by_ticket:
        return
    statement = (
        update(Ticket.__table__)
        .where(Ticket.id == bindparam("for_ticket"), Ticket.coordinating_unit_id.is_(None))
        .values(coordinating_unit_id=bindparam("by_unit"), updated_at=now)
    )
    rows = [{"for_ticket": ticket, "by_unit": unit} for ticket, unit in unit_by_ticket.items()]
    session.connection().execute(statement, rows)
