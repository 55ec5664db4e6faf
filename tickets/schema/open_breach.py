"""How many promises are broken and still open, kept as changes that add up; the database writes them.

Triggers stand behind clocks and tickets, so that whoever breaks, ends, holds or hides one cannot forget the count.
`tickets/promises/open_breaches.py` reads it, gathers many changes into few, and proves it every night.
"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded
from tickets.states import ClockKind


class OpenBreachChange(Base):
    """So many more, or fewer, of this unit and kind, broken then. Added, never counted up, so that nobody waits.

    Gathered ones stand at the midnight before they were broken, and at the beginning of time when that is long ago.
    """

    __tablename__ = "open_breach_change"

    id: Mapped[Id]
    unit_id: Mapped[int]
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind))
    broken_at: Mapped[datetime]
    change: Mapped[int]


# Neither canaries nor restricted tickets count; a clock that does neither before nor after changes nothing.
_OF_CLOCK = """
declare
    was boolean := false;
    stands boolean := new.first_breach_at is not null and new.status in ('running', 'paused')
        and new.due_unit_id is not null;
begin
    if tg_op = 'UPDATE' then
        was := old.first_breach_at is not null and old.status in ('running', 'paused') and old.due_unit_id is not null;
        if was and stands and old.due_unit_id = new.due_unit_id and old.kind = new.kind then
            return null;
        end if;
    end if;
    if not (was or stands)
        or exists (select from ticket where id = new.ticket_id and (is_canary or is_restricted)) then
        return null;
    end if;
    if was then
        insert into open_breach_change (unit_id, kind, broken_at, change)
        values (old.due_unit_id, old.kind, old.first_breach_at, -1);
    end if;
    if stands then
        insert into open_breach_change (unit_id, kind, broken_at, change)
        values (new.due_unit_id, new.kind, new.first_breach_at, 1);
    end if;
    return null;
end
"""
_OF_TICKET = """
begin
    insert into open_breach_change (unit_id, kind, broken_at, change)
    select due_unit_id, kind, first_breach_at, case when new.is_canary or new.is_restricted then -1 else 1 end
    from clock
    where ticket_id = new.id and first_breach_at is not null and status in ('running', 'paused')
        and due_unit_id is not null;
    return null;
end
"""
# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
COUNTS_OPEN_BREACHES = {
    "open_breach_of_ticket": (
        _OF_TICKET,
        "ticket",
        "after update on ticket for each row"
        " when ((old.is_canary or old.is_restricted) <> (new.is_canary or new.is_restricted))",
    ),
    "open_breach_of_clock": (
        _OF_CLOCK,
        "clock",
        "after insert or update on clock for each row when (new.first_breach_at is not null)",
    ),
}
