"""The newest tickets a person or a program may see: a stretch of an index for each unit, however many there are."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, func, select, true, union_all

from tickets.people.roles import SEEING, Viewer, visible_tickets
from tickets.schema import Ticket, TicketAccess


def newest_ids(viewer: Viewer, *more: ColumnElement[bool], at: Sequence[int] | None = None, limit: int) -> Select[int]:
    """The ids of the first `limit` that are visible, at these units, and meet `more`; to be looked up with `in_`."""
    visible = visible_tickets(viewer, row_by_row=True)
    if at is not None:
        more = (*more, Ticket.unit_id.in_(at))
    stretches = [
        select(Ticket.id).where(stretch, visible, *more).order_by(Ticket.id.desc()).limit(limit).subquery()
        for stretch in _stretches(viewer, at)
    ]
    every = union_all(*(select(stretch.c.id) for stretch in stretches)).subquery("stretches")
    return select(every.c.id).order_by(every.c.id.desc()).limit(limit)


def _stretches(viewer: Viewer, at: Sequence[int] | None) -> Iterator[ColumnElement[bool]]:
    """No ticket is in two of them: of one unit each, coordinated by one of these units, and named to the person."""
    if viewer.covers_city(*SEEING):
        yield from [Ticket.unit_id == unit_id for unit_id in at] if at else [true()]
        return
    units = viewer.unit_ids(*SEEING)
    elsewhere = Ticket.unit_id.not_in(units)
    coordinated = Ticket.coordinating_unit_id.in_(units)
    for unit_id in units:
        yield Ticket.unit_id == unit_id
    yield elsewhere & Ticket.coordinating_unit_id.is_not(None) & coordinated
    named = Ticket.id.in_(select(TicketAccess.ticket_id).where(TicketAccess.staff_id == viewer.staff_id))
    yield named & elsewhere & ~func.coalesce(coordinated, False)
