"""Which levels of a ticket reached somebody: all that citizens and outside programs hear of its chain (A3).

A level that fired is a fact of the house; it is told only once a message about it was handed over to a person who was
told of it, or that person has read or answered it. Notices on a screen count when they are read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, ColumnElement, bindparam, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

# Whoever was told on a lower level of the same promise has had its message; the Chair's levels come in a list (R12).
_REACHED = text(
    """
    select distinct s.ticket_id, s.id as step_id, s.rank as level
    from planned_step s
    join step_recipient r on r.step_id = s.id
    where s.ticket_id = any(:ticket_ids) and s.kind = 'level' and s.result in ('notified', 'merged')
      and (r.read_at is not null
        or exists (select from acknowledgement a where a.step_id = s.id and a.staff_id = r.staff_id)
        or exists (
            select from outbound_message m
            left join outbound_message carrier on carrier.id = m.gathered_into_id
            join planned_step told on told.id = cast(m.params ->> 'step_id' as bigint)
            where m.ticket_id = s.ticket_id and m.staff_id = r.staff_id and m.template = 'escalation_level'
              and told.clock_id = s.clock_id and told.rank <= s.rank
              and (m.read_at is not null
                or m.channel <> 'screen' and coalesce(carrier.state, m.state) in ('sent', 'delivered')))
        or s.detail ->> 'in' = 'daily_list' and exists (
            select from outbound_message m
            where m.staff_id = r.staff_id and m.template = 'daily_list' and m.sent_at >= s.fired_at
              and m.channel <> 'screen' and m.state in ('sent', 'delivered')))
    """
).bindparams(bindparam("ticket_ids", type_=ARRAY(BigInteger)))


# Of fired levels: those of which a message was delivered, read or answered; handed over is not enough to stop (A3).
_DELIVERED = text(
    """
    select r.step_id from step_recipient r join planned_step s on s.id = r.step_id
    where r.step_id = any(:step_ids) and (r.read_at is not null
        or exists (
            select from outbound_message m left join outbound_message carrier on carrier.id = m.gathered_into_id
            where m.ticket_id = s.ticket_id and m.staff_id = r.staff_id and m.template = 'escalation_level'
              and cast(m.params ->> 'step_id' as bigint) = s.id
              and (m.read_at is not null or m.channel <> 'screen' and coalesce(carrier.state, m.state) = 'delivered')))
    union
    select step_id from acknowledgement where step_id = any(:step_ids)
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
    return set(session.scalars(_DELIVERED, {"step_ids": sorted(step_ids)})) if step_ids else set()


def reached_level(session: Session, ticket_id: int) -> int:
    return reached_levels(session, [ticket_id]).get(ticket_id, NONE_REACHED).level


# Of a `planned_step` in a statement: it fired, every message about it that leaves the house has failed for good, and
# nobody has seen it on a screen either. Whom it names as told know nothing of it. Messages are looked for by the
# ticket, lists by the person: all that was ever sent to a leader is a thousand times as much.
LEVEL_NOBODY_GOT: ColumnElement[bool] = literal_column(
    """
    (planned_step.kind = 'level' and planned_step.result in ('notified', 'merged')
      and not exists (select from step_recipient r where r.step_id = planned_step.id and r.read_at is not null)
      and not exists (select from acknowledgement a where a.step_id = planned_step.id)
      and (
        select coalesce(bool_and(m.read_at is null and (m.channel = 'screen' or sent.state = 'failed')), false)
          and count(*) filter (where m.channel <> 'screen') > 0
        from (
            select own.channel, own.state, own.read_at, own.gathered_into_id
            from outbound_message own
            join planned_step told on told.id = cast(own.params ->> 'step_id' as bigint)
            where own.ticket_id = planned_step.ticket_id and own.template = 'escalation_level'
              and told.clock_id = planned_step.clock_id and told.rank <= planned_step.rank
              and exists (select from step_recipient r where r.step_id = planned_step.id and r.staff_id = own.staff_id)
            union all
            select list.channel, list.state, list.read_at, list.gathered_into_id
            from step_recipient r
            join outbound_message list on list.staff_id = r.staff_id and list.template = 'daily_list'
            where r.step_id = planned_step.id and planned_step.detail ->> 'in' = 'daily_list'
              and list.created_at >= planned_step.fired_at
        ) m
        left join outbound_message carrier on carrier.id = m.gathered_into_id
        cross join lateral (select coalesce(carrier.state, m.state) as state) sent
        where sent.state <> 'suppressed'))
    """
)
