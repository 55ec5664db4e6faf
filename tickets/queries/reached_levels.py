"""Which levels of a ticket reached somebody: all that citizens and outside programs hear of its chain (A3).

A level that fired is a fact of the house; it is told only once an attempt to tell a person of it came to its end: the
message was delivered, or read, or that person has answered. Handed over is not enough.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, ColumnElement, bindparam, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

# Whoever was told on a lower level of the same promise has had its message.
_REACHED = text(
    """
    select distinct s.ticket_id, s.id as step_id, s.rank as level
    from planned_step s
    join step_recipient r on r.step_id = s.id
    where s.ticket_id = any(:ticket_ids) and s.kind = 'level' and s.result in ('notified', 'merged')
      and exists (
        select from planned_step told join escalation_attempt a on a.step_id = told.id
        where a.staff_id = r.staff_id and a.state in ('delivered', 'read', 'acknowledged')
          and (told.id = s.id
            or s.result = 'merged' and told.ticket_id = s.ticket_id and told.clock_id = s.clock_id
              and told.rank <= s.rank))
    """
).bindparams(bindparam("ticket_ids", type_=ARRAY(BigInteger)))
_ARRIVED = text(
    """
    select distinct step_id from escalation_attempt
    where step_id = any(:step_ids) and state in ('delivered', 'read', 'acknowledged')
    """
).bindparams(bindparam("step_ids", type_=ARRAY(BigInteger)))


@dataclass(frozen=True, slots=True)
class ReachedLevels:
    """Of one ticket: the highest level that reached somebody (0: none), and the steps that did."""

    level: int = 0
    step_ids: frozenset[int] = field(default_factory=frozenset)


NONE_REACHED = ReachedLevels()


def reached_levels(session: Session, ticket_ids: Collection[int]) -> Mapping[int, ReachedLevels]:
    """By ticket, in one statement; a ticket of which nobody heard is not in the answer."""
    if not ticket_ids:
        return {}
    found: dict[int, ReachedLevels] = {}
    for ticket_id, step_id, level in session.execute(_REACHED, {"ticket_ids": sorted(ticket_ids)}):
        known = found.get(ticket_id, NONE_REACHED)
        found[ticket_id] = ReachedLevels(max(known.level, level), known.step_ids | {step_id})
    return found


def delivered_steps(session: Session, step_ids: Collection[int]) -> set[int]:
    """Those of the fired steps that are known to have reached somebody, in one statement."""
    return set(session.scalars(_ARRIVED, {"step_ids": sorted(step_ids)})) if step_ids else set()


def reached_level(session: Session, ticket_id: int) -> int:
    return reached_levels(session, [ticket_id]).get(ticket_id, NONE_REACHED).level


# Of a `planned_step` in a statement: it fired, every attempt that leaves the house has failed for good, and nobody has
# seen it on a screen or answered either. Whom it names as told know nothing of it.
LEVEL_NOBODY_GOT: ColumnElement[bool] = literal_column(
    """
    (planned_step.kind = 'level' and planned_step.result in ('notified', 'merged') and (
        select coalesce(bool_and(last.state = 'failed'), false)
        from (
            select distinct on (a.outbound_id) a.state, a.method
            from planned_step told join escalation_attempt a on a.step_id = told.id
            where exists (select from step_recipient r where r.step_id = planned_step.id and r.staff_id = a.staff_id)
              and (told.id = planned_step.id
                or planned_step.result = 'merged' and told.ticket_id = planned_step.ticket_id
                  and told.clock_id = planned_step.clock_id and told.rank <= planned_step.rank)
            order by a.outbound_id, a.id desc
        ) last
        where last.state not in ('suppressed', 'withdrawn')
          and (last.method <> 'screen' or last.state in ('delivered', 'read', 'acknowledged'))))
    """
)
