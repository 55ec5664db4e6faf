"""Proof that it is kept where each ticket is now that went elsewhere after a level had fired or its lead was warned.

Levels of a unit (`queries/newest_levels.py`) and what is about to be late there (`supervision.py`) are read from where
they fired and from what a trigger keeps of moves: a ticket missing there is missing from its unit's list.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.schema.promise import WARNED_LEAD

# A warning is asked for until what it warned of is late.
_ASKED_FOR = f"(kind = 'level' and fired_at is not null or {WARNED_LEAD} and due_at >= :now)"
# Of a ticket `t`. Back where they fired, what is kept of it is needed no more and still true.
_FIRED_ELSEWHERE = f"""
    exists (select from planned_step s where s.ticket_id = t.id and {_ASKED_FOR}
            and s.unit_id is distinct from t.unit_id)
"""  # noqa: S608  (our own names)
# Our own words, nothing anybody typed. Each half begins with the smaller side: levels, and what is kept.
_DIFFERENT = text(
    f"""
    select t.id from (select distinct ticket_id, unit_id from planned_step where {_ASKED_FOR}) fired
    join ticket t on t.id = fired.ticket_id and t.unit_id is distinct from fired.unit_id
    left join moved_since_level m on m.ticket_id = t.id
    where m.unit_id is distinct from t.unit_id
    union
    select m.ticket_id from moved_since_level m join ticket t on t.id = m.ticket_id where m.unit_id <> t.unit_id
    order by 1
    """  # noqa: S608
)
# Whoever holds a ticket meanwhile writes it down themselves; the next night looks at it again.
_CORRECT = text(
    f"""
    with held as (
        select id, unit_id from ticket where id = any(:ticket_ids) order by id for share skip locked
    )
    insert into moved_since_level as m (ticket_id, unit_id)
    select t.id, t.unit_id from held t
    where {_FIRED_ELSEWHERE} or exists (select from moved_since_level k where k.ticket_id = t.id)
    on conflict (ticket_id) do update set unit_id = excluded.unit_id where m.unit_id <> excluded.unit_id
    returning ticket_id
    """  # noqa: S608
).bindparams(bindparam("ticket_ids", type_=ARRAY(BigInteger)))


def tickets_whose_move_differs(session: Session, *, now: datetime) -> list[int]:
    """Of which tickets another unit is kept than they are at, or none; it reads every level that has fired."""
    return list(session.scalars(_DIFFERENT, {"now": now}))


def correct_moves(session: Session, ticket_ids: Collection[int], *, now: datetime) -> list[int]:
    """Write down where those of these are of which it is still wrong."""
    if not ticket_ids:
        return []
    return sorted(session.scalars(_CORRECT, {"ticket_ids": sorted(ticket_ids), "now": now}))
