"""The levels of a ticket's escalation chains: whom each told, or who would be told if it were reached now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from tickets.directory.standing import Concern, Reachable
from tickets.directory.standing_rows import STANDING, standing_of, standing_parameters
from tickets.promises import plan
from tickets.promises.policy_file import step_from
from tickets.schema import Ticket
from tickets.states import Priority, StepResult

# The posts that the levels to come of this ticket name.
_ASKED = """
    cast((select array_agg(codes.code) from planned_step s join chain_step cs on cs.id = s.chain_step_id
          cross join unnest(string_to_array(concat_ws('|', cs.post, cs.spec ->> 'procedure_post'), '|')) as codes(code)
          where s.ticket_id = :ticket_id and s.fired_at is null) as text[])
"""
# Who stands on them, read within the statement of the levels: a page is slower by every statement of its own.
_STANDING_HERE = STANDING.replace(":unit_ids", "array[cast(:unit_id as bigint)]").replace(":codes", _ASKED)
# One row a level, with whom it told; the name of its post is that of the first code the unit has, else of any.
_STEPS = text(
    """
    select s.id, c.id as clock_id, c.kind as clock, s.rank as level, s.planned_at, s.fired_at, s.result,
           a.at as acknowledged_at, a.instruction, a.new_due_at, answered.name as acknowledged_by, told.names as told,
           told.post as told_post, coalesce(told.is_read, false) as is_read,
           named.name as post, named.name_en as post_en,
           cs.post as codes, cs.spec, (select field from category where id = :category_id) as field,
           case when row_number() over (order by s.id) = 1
                then (select json_agg(who) from (:standing_here) who) end as standing
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
        select p.name, p.name_en from post p where p.code = any(string_to_array(cs.post, '|'))
        order by p.unit_id = :unit_id desc, array_position(string_to_array(cs.post, '|'), p.code), p.id limit 1
    ) named on true
    where s.ticket_id = :ticket_id and s.kind = 'level' and s.result is distinct from 'void'
    order by c.kind, c.cycle, s.plan, s.rank, s.id
    """.replace(":standing_here", _STANDING_HERE)
)


@dataclass(frozen=True, slots=True)
class LevelOfTicket:
    """A level of an escalation chain of this ticket: to come, fired, or answered.

    `post` and `holder` are of whoever would be told now, which may be somebody of a level above (R19).
    """

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


def chain_steps(session: Session, ticket: Ticket, *, now: datetime) -> list[LevelOfTicket]:
    """Every level of the ticket's chains in its order, for the staircase beside it."""
    named = {"ticket_id": ticket.id, "unit_id": ticket.unit_id, "category_id": ticket.category_id}
    rows = session.execute(_STEPS, named | standing_parameters(now)).mappings().all()
    standing = _would_be_told(ticket, [row for row in rows if row["spec"] is not None])
    return [_step(row, standing.get(row["id"])) for row in rows]


def _would_be_told(ticket: Ticket, rows: Sequence[RowMapping]) -> dict[int, Reachable]:
    """For each level to come whom firing would tell now."""
    ahead = [row for row in rows if row["fired_at"] is None]
    if not ahead:
        return {}
    levels = defaultdict[int, list[plan.ChainLevel]](list)
    for row in ahead:
        levels[row["clock_id"]].append(step_from({"level": row["level"], "post": row["codes"], **row["spec"]}))
    standing = standing_of(next((row["standing"] for row in rows if row["standing"]), []))
    is_emergency = ticket.priority is Priority.EMERGENCY
    concern = Concern(ticket.unit_id, ahead[0]["field"] or "", ticket.procedure_id, is_emergency)
    found = {row["id"]: standing.first_from(levels[row["clock_id"]], row["level"], concern)[0] for row in ahead}
    return {step_id: who for step_id, who in found.items() if who is not None}


def _step(row: RowMapping, standing: Reachable | None) -> LevelOfTicket:
    kept: dict[str, Any] = {name: row[name] for name in LevelOfTicket.__dataclass_fields__ if name in row}
    kept["result"] = row["result"] and StepResult(row["result"])
    kept["instruction"] = row["instruction"] or ""
    if standing is not None and standing.post:
        kept["post"], kept["post_en"] = standing.post, standing.post_en
    return LevelOfTicket(**kept, holder=standing.person.name if standing else None)
