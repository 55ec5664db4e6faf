"""What was reported in the last weeks, as waves are looked for in it; restricted tickets are none of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, case, cast, func, select
from sqlalchemy.orm import Session

from tickets.people.roles import shared_tickets
from tickets.problems.waves import HISTORY, LONG_WINDOW, Reported
from tickets.schema import Category, Ticket

# A text beyond this is read no further: copied letters are alike from their first line on.
_READ = 2_000


def reported_lately(session: Session, *, now: datetime) -> Sequence[Reported]:
    """Everything since the longest window began to have a history; words only of what is compared by words."""
    since = now - HISTORY - LONG_WINDOW
    said = case((Ticket.opened_at > now - LONG_WINDOW, func.left(Ticket.body, _READ)), else_="")
    citizen = func.coalesce(cast(Ticket.citizen_id, String), Ticket.reply_phone, Ticket.reference)
    rows = session.execute(
        select(
            Ticket.id, Ticket.opened_at, func.coalesce(Ticket.place_unit_id, Ticket.unit_id), Ticket.category_id,
            Ticket.procedure_id, citizen, said,
        )
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.opened_at > since, Ticket.opened_at <= now, shared_tickets(None))
        # About people of the city: they are looked at one by one, by those who are named.
        .where(func.coalesce(Category.conduct, "") == "")
    )  # fmt: skip
    return [Reported(*row) for row in rows]
