"""The unfinished restricted tickets a person may know of, found together and not each by itself.

What was named to the person and what is restricted are each read once, from an index that holds all that is asked of
them: thousands stand on some dozen pages, where looking them up one by one takes several pages each.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Boolean, ColumnElement, Select, Subquery, and_, any_, false, func, literal_column, select

from tickets.people.roles import Viewer, tickets_named_to
from tickets.schema import Ticket, TicketAccess
from tickets.schema.ticket import IS_UNFINISHED

# Written out as in its partial index, whose columns these are.
_RESTRICTED: ColumnElement[bool] = literal_column(f"ticket.is_restricted and ticket.{IS_UNFINISHED}", Boolean())
_COLUMNS = (
    Ticket.id, Ticket.unit_id, Ticket.coordinating_unit_id, Ticket.assignee_id, Ticket.next_due_at, Ticket.opened_at,
)  # fmt: skip


def named_and_open(viewer: Viewer, unit_ids: Sequence[int] | None = None) -> Subquery:
    """By the rule of `visible_tickets`; of the whole city, or at these units."""
    restricted = select(*_COLUMNS).where(_RESTRICTED, Ticket.is_canary.is_(False))
    if unit_ids is not None:
        restricted = restricted.where(Ticket.unit_id.in_(unit_ids))
    there, named = _read_once(restricted), _read_once(tickets_named_to(viewer))
    return select(there).where(there.c.id.in_(select(named.c.ticket_id))).subquery("named_and_open")


def named_elsewhere(viewer: Viewer, units: Sequence[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Conditions on `Ticket` for the unfinished ones named to this person that are neither at these units nor
    coordinated by them, of which no two hold one: restricted ones, and the few that are restricted no longer.

    Found beforehand, in the order of indexes: hundreds were named to somebody, and most of them is at their own unit.
    """
    named = named_and_open(viewer).c
    coordinated = func.coalesce(named.coordinating_unit_id.in_(units), false())
    restricted = select(named.id).where(named.unit_id.not_in(units), ~coordinated)
    is_restricted: ColumnElement[bool] = literal_column("ticket.is_restricted", Boolean())
    still = select(Ticket.id).where(is_restricted, Ticket.id == TicketAccess.ticket_id)
    open_again = select(TicketAccess.ticket_id).where(TicketAccess.staff_id == viewer.staff_id, ~still.exists())
    elsewhere = and_(Ticket.unit_id.not_in(units), ~func.coalesce(Ticket.coordinating_unit_id.in_(units), false()))
    return _one_of(restricted), and_(_one_of(open_again), elsewhere)


def _one_of(ids: Select[int]) -> ColumnElement[bool]:
    return Ticket.id == any_(func.array(ids.scalar_subquery()))


def _read_once(rows: Select[*tuple[Any, ...]]) -> CTE:
    # Without a name: a statement may ask for several lists.
    return rows.cte().prefix_with("materialized", dialect="postgresql")
