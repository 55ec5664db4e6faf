"""Who may see a restricted ticket, by name: the rows of `ticket_access`."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import TicketAccess

# Whoever heads the unit now, and the City Office's desk: the named people of a restricted matter.
_NAME_HEADS = text(
    """
    insert into ticket_access (ticket_id, staff_id, reason, created_at)
    select distinct :ticket_id, h.staff_id, 'routing', cast(:now as timestamptz)
    from post p join post_holding h on h.post_id = p.id
    where h.valid_from <= :now and coalesce(h.valid_to, 'infinity') > :now
      and ((p.unit_id = :head_of and p.code in ('ward_chair', 'department_director', 'body_head'))
        or (p.unit_id = :office_id and p.code in ('city_office_duty', 'unit_lead')))
    on conflict do nothing
    """
)


def name_heads(session: Session, ticket_id: int, *, unit_id: int | None, office_id: int | None, now: datetime) -> None:
    """Whoever heads this unit (nobody, if none is named), and the desk of the City Office."""
    params = {"ticket_id": ticket_id, "head_of": unit_id, "office_id": office_id, "now": now}
    session.execute(_NAME_HEADS, params)


def name_people(session: Session, named: Collection[tuple[int, int]], *, reason: str, now: datetime) -> None:
    """(ticket, person), for the same reason; who is named already stays so for theirs."""
    rows = [{"ticket_id": ticket, "staff_id": staff, "reason": reason, "created_at": now} for ticket, staff in named]
    if rows:
        session.execute(insert(TicketAccess).values(rows).on_conflict_do_nothing())
