"""How many tickets wait, kept as changes that add up; the database writes them.

A trigger stands behind tickets, so that whoever opens, moves, takes, ends or hides one cannot forget the count.
`tickets/promises/waiting_counts.py` reads it, gathers many changes into few, and proves it every night.
"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import TicketStatus


class WaitingChange(Base):
    """So many more, or fewer, unfinished tickets like this. Added, never counted up, so that nobody waits.

    `due_hour`: the beginning of the hour of their next due date; of hours that are over, gathered ones say any.
    """

    __tablename__ = "waiting_change"

    id: Mapped[Id]
    unit_id: Mapped[int]
    status: Mapped[TicketStatus] = mapped_column(coded(TicketStatus))
    is_taken: Mapped[bool]
    is_restricted: Mapped[bool]
    due_hour: Mapped[datetime | None]
    change: Mapped[int]


_COLUMNS = "unit_id, status, is_taken, is_restricted, due_hour, change"
# Canaries wait for nobody.
COUNTS = f"{{row}}.{IS_UNFINISHED} and not {{row}}.is_canary"
COUNTED_BY = (
    "{row}.unit_id, {row}.status, {row}.assignee_id is not null, {row}.is_restricted,"
    " date_trunc('hour', {row}.next_due_at, 'UTC')"
)
_NEW, _OLD = ((COUNTS.format(row=row), COUNTED_BY.format(row=row)) for row in ("new", "old"))
_OF_NEW = f"""
begin
    insert into waiting_change ({_COLUMNS}) values ({_NEW[1]}, 1);
    return null;
end
"""  # noqa: S608  (our own names)
_OF_TICKET = f"""
begin
    if {_OLD[0]} then
        insert into waiting_change ({_COLUMNS}) values ({_OLD[1]}, -1);
    end if;
    if {_NEW[0]} then
        insert into waiting_change ({_COLUMNS}) values ({_NEW[1]}, 1);
    end if;
    return null;
end
"""  # noqa: S608  (our own names)
# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
COUNTS_WAITING = {
    "waiting_of_new_ticket": (_OF_NEW, "ticket", f"after insert on ticket for each row when ({_NEW[0]})"),
    "waiting_of_ticket": (
        _OF_TICKET,
        "ticket",
        "after update on ticket for each row when ("
        f"(({_OLD[0]}) or ({_NEW[0]})) and ({_OLD[1]}, old.is_canary) is distinct from ({_NEW[1]}, new.is_canary))",
    ),
}
