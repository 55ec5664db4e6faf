"""The level a ticket has reached, raised for many at once and on time by escalation; nobody else changes it upwards."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

# Of the batch at once, by two columns of numbers side by side. What stands there already is not written: a ticket is in
# two dozen indexes.
_PAIRS = tuple(bindparam(name, type_=ARRAY(BigInteger)) for name in ("ticket_ids", "numbers"))
_RAISE = text(
    """
    update ticket t set escalation_level = r.number, updated_at = :now
    from unnest(:ticket_ids, :numbers) as r(ticket_id, number)
    where t.id = r.ticket_id and t.escalation_level < r.number
    """
).bindparams(*_PAIRS)
_LET_COORDINATE = text(
    """
    update ticket t set coordinating_unit_id = r.number, updated_at = :now
    from unnest(:ticket_ids, :numbers) as r(ticket_id, number)
    where t.id = r.ticket_id and t.coordinating_unit_id is null
    """
).bindparams(*_PAIRS)


def raise_levels(session: Session, levels: Mapping[int, int], *, now: datetime) -> None:
    """Each ticket stands at least at its level afterwards; the caller holds the tickets' locks."""
    if levels:
        session.execute(_RAISE, {"ticket_ids": [*levels], "numbers": [*levels.values()], "now": now})


def let_city_coordinate(session: Session, unit_by_ticket: Mapping[int, int], *, now: datetime) -> None:
    """The city takes over contact with the citizen; the competence to decide stays with the unit (R12, L3)."""
    if unit_by_ticket:
        given = {"ticket_ids": [*unit_by_ticket], "numbers": [*unit_by_ticket.values()], "now": now}
        session.execute(_LET_COORDINATE, given)
