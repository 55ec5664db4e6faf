"""The levels of a ticket's escalation chains: whom each told, or who stands on it now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.schema import Ticket
from tickets.states import StepResult

# One row a level, with whom it told, or, while it is to come, who stands on that step tonight.
_STEPS = text(
    """
    select s.id, c.kind as clock, s.rank as level, s.planned_at, s.fired_at, s.result, a.at as acknowledged_at,
           a.instruction, a.new_due_at, answered.name as acknowledged_by, told.names as told, told.post as told_post,
           told.is_read, stands.post, stands.post_en, stands.holder
    from planned_step s
    join clock c on c.id = s.clock_id
    left join chain_step cs on cs.id = s.chain_step_id
    left join acknowledgement a on a.step_id = s.id
    left join staff answered on answered.id = a.staff_id
    left join lateral (
        select string_agg(st.name, ', ' order by r.id) as names, min(p.name) as post,
               bool_or(r.read_at is not null) as is_read
        from step_recipient r join staff st on st.id = r.staff_id left join post p on p.id = r.post_id
        where r.step_id = s.id
    ) told on true
    left join lateral (
        select p.name as post, p.name_en as post_en, holder.name as holder
        from post p join unit u on u.id = p.unit_id
        left join post_holding h on h.post_id = p.id and h.kind = 'holder' and h.valid_from <= :now
             and coalesce(h.valid_to, 'infinity') > :now
        left join staff holder on holder.id = h.staff_id
        where p.code = any(string_to_array(cs.post, '|')) and (p.unit_id = :unit_id or u.kind in ('city', 'office'))
        order by p.unit_id = :unit_id desc, array_position(string_to_array(cs.post, '|'), p.code), h.id limit 1
    ) stands on s.fired_at is null
    where s.ticket_id = :ticket_id and s.kind = 'level' and s.result is distinct from 'void'
    order by c.kind, c.cycle, s.plan, s.rank, s.id
    """
)


@dataclass(frozen=True, slots=True)
class Step:
    """A level of an escalation chain of this ticket: to come, fired, or answered."""

    id: int
    clock: str
    level: int
    planned_at: datetime
    fired_at: datetime | None
    result: StepResult | None
    acknowledged_at: datetime | None
    instruction: str
    new_due_at: datetime | None
    acknowledged_by: str | None
    told: str | None
    told_post: str | None
    is_read: bool
    post: str | None
    post_en: str | None
    holder: str | None


def chain_steps(session: Session, ticket: Ticket, *, now: datetime) -> list[Step]:
    """Every level of the ticket's chains in its order, for the staircase beside it."""
    rows = session.execute(_STEPS, {"ticket_id": ticket.id, "unit_id": ticket.unit_id, "now": now})
    return [
        Step(**{**row, "result": row["result"] and StepResult(row["result"]), "instruction": row["instruction"] or "",
                "is_read": bool(row["is_read"])})
        for row in rows.mappings()
    ]  # fmt: skip
