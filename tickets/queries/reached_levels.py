"""Which levels of a ticket reached somebody: all that citizens and outside programs hear of its chain (A3).

A level that fired is a fact of the house; it is told only once an attempt to tell a person of it came to its end: the
message was delivered, or read, or that person has answered. Handed over is not enough.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, ColumnElement, any_, bindparam, literal_column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.schema import PlannedStep

# Of a `planned_step` in a statement: one of those told of it has it. Whoever was told on a lower level of the same
# promise has had that one's message.
_HAS_REACHED = """
    (planned_step.kind = 'level' and planned_step.result in ('notified', 'merged') and exists (
        select from step_recipient r
        join planned_step told on told.id = planned_step.id
          or planned_step.result = 'merged' and told.ticket_id = planned_step.ticket_id
            and told.clock_id = planned_step.clock_id and told.rank <= planned_step.rank
        join escalation_attempt a on a.step_id = told.id and (told.id = planned_step.id or a.staff_id = r.staff_id)
        where r.step_id = planned_step.id and a.state in ('delivered', 'read', 'acknowledged')))
"""
LEVEL_REACHED: ColumnElement[bool] = literal_column(_HAS_REACHED)
# What the city's desk heard for a unit that is not live reached nobody whom the level is for: "reported to the unit's
# head" would not be true.
_HEARD_BY_ITS_OWN = "planned_step.detail ->> 'received_by_city' is null"
_REACHED = select(PlannedStep.ticket_id, PlannedStep.id, PlannedStep.rank).where(
    PlannedStep.ticket_id == any_(bindparam("ticket_ids", type_=ARRAY(BigInteger))),
    text(_HAS_REACHED),
    text(_HEARD_BY_ITS_OWN),
)
# Whom somebody asked has it in hand once they have seen it, until they give it back or the time they had is over;
# then what they have seen is no word to anybody whose it is. Whoever is asked once more had seen the level long before:
# of them it is told by the notice of that asking.
_ARRIVED = text(
    """
    select a.step_id, array_agg(distinct a.staff_id) as staff_ids,
        bool_or(a.state = 'acknowledged' or coalesce(r.capacity, '') = 'delegate') as is_answered
    from escalation_attempt a left join step_recipient r on r.step_id = a.step_id and r.staff_id = a.staff_id
    where a.step_id = any(:step_ids) and a.state in ('delivered', 'read', 'acknowledged')
      and (a.state = 'acknowledged' or coalesce(r.capacity, '') <> 'delegate' or exists (
        select from delegation d
        where d.step_id = a.step_id and d.to_id = a.staff_id and d.declined_at is null and d.broken_at is null
          and (d.at <= a.at or exists (
            select from outbound_message m
            where m.dedup_key = 'delegated:' || d.id || '\\:screen' and m.read_at is not null))))
    group by a.step_id
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


@dataclass(frozen=True, slots=True)
class HeardBy:
    """Who is known to have had word of a level, and whether it is in hand: answered, or seen by whom somebody asked."""

    staff_ids: frozenset[int]
    is_answered: bool


def heard_by(session: Session, step_ids: Collection[int]) -> dict[int, HeardBy]:
    """By fired step, in one statement; one that reached nobody is not in the answer."""
    rows = session.execute(_ARRIVED, {"step_ids": sorted(step_ids)}) if step_ids else ()
    return {row.step_id: HeardBy(frozenset(row.staff_ids), row.is_answered) for row in rows}


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
