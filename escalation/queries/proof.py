"""Whether what an auditor relies on still is what the audit trail says was written (A6): the chain seals the entries.

Facts of breaches, levels that fired, who was told of them, attempts to reach them and answers stand in tables of their
own; each was written with an entry of the trail in one transaction. What differs from its entry, or has none, was
changed afterwards.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that is not what its entry says: `kind` is breach, level, recipients, attempt or answer.

    `id` names its clock or step.
    """

    kind: str
    id: int


# Entries of what was deleted with its ticket prove nothing any more; what a later release writes may be more.
_CHANGED = text(
    """
    with broken as (
        select distinct on (subject_id) subject_id, params from audit_entry
        where action = 'promise.broken' order by subject_id, id
    ), fired as (
        select distinct on (subject_id) subject_id, at, params from audit_entry
        where action = 'escalation.fired' order by subject_id, id
    ), named as (
        select e.subject_id, who.value::bigint as staff_id
        from audit_entry e cross join jsonb_array_elements_text(e.params -> 'told') who
        where e.action in ('escalation.fired', 'escalation.pursued', 'escalation.inherited')
    ), attempted as (
        select distinct on (subject_id) subject_id, at, params from audit_entry
        where action = 'escalation.attempted' order by subject_id, id
    ), answered as (
        select distinct on (subject_id) subject_id, staff_id, at, params from audit_entry
        where action = 'escalation.acknowledged' order by subject_id, id
    )
    select 'breach' as kind, coalesce(b.clock_id, e.subject_id) as id
    from promise_breach b full join broken e on e.subject_id = b.clock_id
    where (b.clock_id is not null or exists (select from clock c where c.id = e.subject_id))
      and (b.cycle, b.due_at, b.breached_at, b.unit_id, b.staff_id, b.cause) is distinct from (
        (e.params ->> 'cycle')::bigint, (e.params ->> 'due_at')::timestamptz,
        (e.params ->> 'breached_at')::timestamptz, (e.params ->> 'unit_id')::bigint,
        (e.params ->> 'staff_id')::bigint, e.params ->> 'cause')
    union all
    select 'breach', c.id from clock c join promise_breach b on b.clock_id = c.id
    where c.first_breach_at is distinct from b.breached_at
    union all
    select distinct 'attempt', coalesce(a.step_id, (e.params ->> 'step_id')::bigint)
    from escalation_attempt a full join attempted e on e.subject_id = a.id
    where (a.id is not null or exists (select from planned_step s where s.id = (e.params ->> 'step_id')::bigint))
      and (a.step_id, a.staff_id, a.method, a.state, a.why, a.at) is distinct from (
        (e.params ->> 'step_id')::bigint, (e.params ->> 'staff_id')::bigint, e.params ->> 'channel',
        e.params ->> 'attempt', e.params ->> 'reason', coalesce((e.params ->> 'at')::timestamptz, e.at))
    union all
    select 'level', s.id from planned_step s left join fired e on e.subject_id = s.id
    where s.kind = 'level' and s.fired_at is not null
      and (s.fired_at < e.at or (s.rank, s.result, s.planned_at) is distinct from (
        (e.params ->> 'rank')::bigint, e.params ->> 'result', (e.params ->> 'planned_at')::timestamptz))
    union all
    select 'level', e.subject_id from fired e join planned_step s on s.id = e.subject_id where s.fired_at is null
    union all
    select distinct 'recipients', coalesce(r.step_id, n.subject_id)
    from step_recipient r full join named n on n.subject_id = r.step_id and n.staff_id = r.staff_id
    where r.step_id is null and exists (
            select from planned_step s where s.id = n.subject_id and s.kind = 'level' and s.result <> 'void')
       or n.subject_id is null
    union all
    select 'answer', coalesce(a.step_id, e.subject_id)
    from acknowledgement a full join answered e on e.subject_id = a.step_id
    where (a.step_id is not null or exists (select from planned_step s where s.id = e.subject_id))
      and (a.at < e.at or (a.staff_id, a.via, a.new_due_at) is distinct from (
        e.staff_id, e.params ->> 'via', (e.params ->> 'new_due_at')::timestamptz))
    order by 1, 2
    """
)


def changed_since_written(session: Session) -> list[Changed]:
    """Every row that differs from its entry, in one statement."""
    return [Changed(kind, subject_id) for kind, subject_id in session.execute(_CHANGED)]
