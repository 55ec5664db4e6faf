"""The unfinished restricted tickets a person may know of, found together and not each by itself.

What was named to the person and what is restricted are each read once, from an index that holds all that is asked of
them: thousands stand on some dozen pages, where looking them up one by one takes several pages each.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Boolean, ColumnElement, Select, Subquery, literal_column, select

from tickets.people.roles import Viewer, tickets_named_to
from tickets.schema import Ticket
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
    there, named = _read_once(restricted, "restricted_there"), _read_once(tickets_named_to(viewer), "named_to_me")
    return select(there).where(there.c.id.in_(select(named.c.ticket_id))).subquery("named_and_open")


def _read_once(rows: Select[*tuple[Any, ...]], name: str) -> CTE:
    return rows.cte(name).prefix_with("materialized", dialect="postgresql")
