"""The newest levels that have fired on tickets a person or a program may see: a stretch of an index for each unit."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, true, union_all

from tickets.people.roles import SEEING, Viewer, tickets_named_to, visible_tickets
from tickets.schema import MovedSinceLevel, PlannedStep, Ticket

# Written out as in the partial indexes of a unit's levels.
LEVEL_FIRED = text("planned_step.kind = 'level' and planned_step.fired_at is not null")


def newest_level_ids(viewer: Viewer, *more: ColumnElement[bool], limit: int) -> Select[int]:
    """The ids of the first `limit` that are visible and meet `more`; to be looked up with `in_`."""
    visible = visible_tickets(viewer, row_by_row=True)
    fired = select(PlannedStep.id).join(Ticket, Ticket.id == PlannedStep.ticket_id).where(LEVEL_FIRED, visible, *more)
    stretches = [
        fired.where(stretch).order_by(PlannedStep.id.desc()).limit(limit).subquery()
        for stretch in level_stretches(viewer)
    ]
    every = union_all(*(select(stretch.c.id) for stretch in stretches)).subquery("stretches")
    return select(every.c.id).order_by(every.c.id.desc()).limit(limit)


def level_stretches(viewer: Viewer) -> Iterator[ColumnElement[bool]]:
    """Conditions on levels and their tickets, to be asked beside what is visible, each of which an index answers.

    No level is in two of them: fired at one of these units; on what came there since, on what they coordinate, and
    on what was named to the person, fired elsewhere."""
    if viewer.covers_city(*SEEING):
        yield true()
        return
    units = viewer.unit_ids(*SEEING)
    for unit_id in units:
        yield PlannedStep.unit_id == unit_id
    fired_elsewhere = or_(PlannedStep.unit_id.is_(None), PlannedStep.unit_id.not_in(units))
    moved_here = select(MovedSinceLevel.ticket_id).where(MovedSinceLevel.unit_id.in_(units))
    yield and_(fired_elsewhere, Ticket.unit_id.in_(units), Ticket.id.in_(moved_here))
    yield and_(fired_elsewhere, *_coordinated(units))
    coordinated = func.coalesce(Ticket.coordinating_unit_id.in_(units), false())
    named = Ticket.id.in_(tickets_named_to(viewer))
    yield and_(fired_elsewhere, Ticket.unit_id.not_in(units), ~coordinated, named)


def _coordinated(units: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    here = Ticket.coordinating_unit_id.in_(units)
    return Ticket.unit_id.not_in(units), Ticket.coordinating_unit_id.is_not(None), here, Ticket.escalation_level > 0
