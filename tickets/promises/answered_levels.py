"""Proof that each level is marked as answered that somebody answered for, and no other.

A trigger of answers marks them (`tickets/schema/standing.py`): lists of answered levels, and of
the others, are read by it.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

_DIFFERENT = text(
    """
    select s.ticket_id from acknowledgement a join planned_step s on s.id = a.step_id where not s.is_answered
    union
    select s.ticket_id from planned_step s
    where s.is_answered and not exists (select from acknowledgement a where a.step_id = s.id)
    order by 1
    """
)
# Whoever holds a ticket meanwhile may be answering; the next night looks at it again.
_CORRECT = text(
    """
    with held as (
        select id from ticket where id = any(:ticket_ids) order by id for no key update skip locked
    ), wrong as (
        update planned_step s set is_answered = not s.is_answered from held t
        where s.ticket_id = t.id
          and s.is_answered <> exists (select from acknowledgement a where a.step_id = s.id)
        returning s.ticket_id
    )
    select distinct ticket_id from wrong order by 1
    """
).bindparams(bindparam("ticket_ids", type_=ARRAY(BigInteger)))


def tickets_whose_answers_differ(session: Session, *, now: datetime) -> list[int]:
    """Tickets with a level that is marked otherwise than it was answered; it reads every answer."""
    return list(session.scalars(_DIFFERENT))


def correct_answers(session: Session, ticket_ids: Collection[int], *, now: datetime) -> list[int]:
    """Mark the levels of these anew of which it is still wrong."""
    return list(session.scalars(_CORRECT, {"ticket_ids": sorted(ticket_ids)})) if ticket_ids else []
