"""Levels that leaders of the city are told in the next list sent to them, as long as their matter is no emergency."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# Where a level is told that has no message of its own: in the detail of its step.
IN_NEXT_LIST = "next_list"
# Of what stands and nobody has answered, the highest: one matter rings once, on whatever clock, as where levels fire.
_HURRY = text(
    """
    update planned_step set reach_by = :now where id = (
        select s.id from planned_step s join clock c on c.id = s.clock_id
        where s.ticket_id = :ticket_id and s.kind = 'level' and s.fired_at is not null and s.reach_by is null
          and s.detail ->> 'in' = :in_next_list and c.status = 'running' and c.due_at = s.due_at
          and not exists (select from acknowledgement a where a.step_id = s.id)
        order by s.rank desc, s.id desc limit 1)
    """
)


def hurry(session: Session, ticket_id: int, *, now: datetime) -> None:
    """What waits for a list should have reached somebody by now: the next look tells them by their own ways.

    Of a matter that has become an emergency, after its clocks have followed; the caller holds its lock.
    """
    session.flush()
    session.execute(_HURRY, {"ticket_id": ticket_id, "now": now, "in_next_list": IN_NEXT_LIST})
