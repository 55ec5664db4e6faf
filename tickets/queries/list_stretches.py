"""Where the tickets of a list stand: a stretch of an index for each unit, one for what is named to me, or one for all.

A list takes its first lines from each stretch and merges them: it costs the same however many tickets there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Select,
    Subquery,
    and_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from tickets.people.roles import SEEING, WORKING_ROLES, Viewer, visible_tickets
from tickets.queries.named_tickets import named_elsewhere
from tickets.schema import Clock, Ticket, TicketAccess
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import PENDING, TicketStatus

FINISHED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
DUE_SOON = timedelta(hours=2)
# Written out as in the partial indexes, which the planner then recognises.
OPEN_TO_ALL_THERE: ColumnElement[bool] = literal_column(
    f"ticket.{IS_UNFINISHED} and not ticket.is_restricted and not ticket.is_canary", Boolean()
)
# Looking up so many costs less than walking past what one may not see.
_FEW_NAMED = 200


class ListView(StrEnum):
    """Which of the tickets I may see."""

    MINE = "mine"
    QUEUES = "queues"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    AT_RISK = "at_risk"
    ON_HOLD = "on_hold"
    DISPUTED = "disputed"
    PRAISE = "praise"
    ALL = "all"
    ANSWERED = "answered"


# What stands at the units where I work; the other views look at all I may see.
_OF_MY_UNITS = (ListView.QUEUES, ListView.UNASSIGNED)
# Asked for a finished status, these show what was answered; the others can show unfinished tickets only.
_EITHER_WAY = (ListView.MINE, ListView.QUEUES, ListView.ALL)


@dataclass(frozen=True, slots=True)
class WantedList:
    """What a list is to show: a view, perhaps of one queue or one status only."""

    view: ListView
    queue_id: int | None = None
    status: TicketStatus | None = None

    @property
    def is_finished(self) -> bool:
        """Finished tickets are sorted by when they were opened, the newest first; others by what is due first."""
        return self.view is ListView.ANSWERED or (self.view in _EITHER_WAY and self.status in FINISHED)

    @property
    def is_impossible(self) -> bool:
        """Whether no ticket can be both: overdue and closed, answered and new."""
        return self.status is not None and (self.status in FINISHED) is not self.is_finished


def first_ids(
    viewer: Viewer, wanted: WantedList, *more: ColumnElement[bool], limit: int | BindParameter[int], now: datetime
) -> Subquery:
    """The ids (column `id`) of the first `limit` tickets that are wanted and also meet `more`."""
    conditions = [visible_tickets(viewer, row_by_row=True), *_conditions(viewer, wanted, now), *more]
    stretches = _stretches(viewer, wanted)
    parts = [stretch.first(conditions, wanted, limit) for stretch in stretches]
    if len(parts) == 1:
        return parts[0].subquery("first_ones")
    every = union_all(*(select(part.subquery()) for part in parts)).subquery("stretches")
    order = (every.c.key.desc(), every.c.id.desc()) if wanted.is_finished else (every.c.key, every.c.id)
    return select(every.c.id).order_by(*order).limit(limit).subquery("first_ones")


def order_of(wanted: WantedList) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if wanted.is_finished:
        return Ticket.opened_at.desc(), Ticket.id.desc()
    return Ticket.next_due_at.asc(), Ticket.id.asc()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Tickets that an index holds together and in order; `units`: one such stretch for each of them."""

    where: tuple[ColumnElement[bool], ...] = ()
    column: Any = None
    units: tuple[int, ...] = ()

    def first(
        self, conditions: Sequence[ColumnElement[bool]], wanted: WantedList, limit: int | BindParameter[int]
    ) -> Select[*tuple[Any, ...]]:
        key = Ticket.opened_at if wanted.is_finished else Ticket.next_due_at
        lines = select(Ticket.id, key.label("key")).where(*self.where, *conditions)
        lines = lines.order_by(*order_of(wanted)).limit(limit)
        if self.column is None:
            return lines
        units = cast(array(self.units, type_=BigInteger), ARRAY(BigInteger))
        unit = func.unnest(units).table_valued("id", name="my_unit")
        unit = unit.render_derived()
        each = lines.where(self.column == unit.c.id).lateral("of_unit")
        return select(each.c.id, each.c.key).select_from(unit).join(each, true())


def _stretches(viewer: Viewer, wanted: WantedList) -> list[_Stretch]:
    if wanted.view is ListView.MINE or wanted.queue_id is not None:
        return [_Stretch((Ticket.assignee_id == viewer.staff_id,) if wanted.view is ListView.MINE else ())]
    if wanted.view in _OF_MY_UNITS:
        return _of_units(viewer.unit_ids(*WORKING_ROLES))
    if not viewer.covers_city(*SEEING):
        units = viewer.unit_ids(*SEEING)
        if wanted.is_finished:
            return [*_of_units(units), _Stretch((_named_to(viewer), ~_at(units)))]
        return [*_of_units(units), *(_Stretch((named,)) for named in named_elsewhere(viewer, units))]
    if wanted.view is ListView.ON_HOLD:
        return [_Stretch((Ticket.status == status,)) for status in PENDING]
    return [_Stretch(where) for where in ([()] if wanted.is_finished else city_stretches(viewer))]


def city_stretches(viewer: Viewer) -> list[tuple[ColumnElement[bool], ...]]:
    """The unfinished tickets of the city in parts of which no two hold one; each also asks for what is visible.

    Restricted tickets that nobody works on stand at the head of what is due first, the more the longer: who may see few
    of them looks these up and walks past none. Whoever may see many meets theirs on the way.
    """
    names = select(literal(1)).where(TicketAccess.staff_id == viewer.staff_id).limit(_FEW_NAMED + 1).subquery()
    are_few = select(func.count() <= _FEW_NAMED).select_from(names).scalar_subquery()
    return [(~are_few,), (are_few, OPEN_TO_ALL_THERE), (are_few, Ticket.is_restricted.is_(True), _named_to(viewer))]


def _of_units(units: tuple[int, ...]) -> list[_Stretch]:
    """Of a ticket that stands at one of the units and is coordinated by another, only the first place counts."""
    return [
        _Stretch(column=Ticket.unit_id, units=units),
        _Stretch((Ticket.unit_id.not_in(units),), Ticket.coordinating_unit_id, units),
    ]


def _at(units: tuple[int, ...]) -> ColumnElement[bool]:
    return or_(Ticket.unit_id.in_(units), func.coalesce(Ticket.coordinating_unit_id.in_(units), False))


def _named_to(viewer: Viewer) -> ColumnElement[bool]:
    return Ticket.id.in_(select(TicketAccess.ticket_id).where(TicketAccess.staff_id == viewer.staff_id))


def _conditions(viewer: Viewer, wanted: WantedList, now: datetime) -> list[ColumnElement[bool]]:
    conditions = [_finished() if wanted.is_finished else waiting(), *_of_view(wanted.view, now)]
    if wanted.queue_id is not None:
        conditions.append(Ticket.queue_id == wanted.queue_id)
        if wanted.view in _OF_MY_UNITS:
            conditions.append(_at(viewer.unit_ids(*WORKING_ROLES)))
    if wanted.status is not None:
        conditions.append(Ticket.status == wanted.status)
    return conditions


def _of_view(view: ListView, now: datetime) -> list[ColumnElement[bool]]:
    asked: dict[ListView, list[ColumnElement[bool]]] = {
        ListView.UNASSIGNED: [Ticket.assignee_id.is_(None)],
        ListView.OVERDUE: [Ticket.next_due_at < now],
        ListView.AT_RISK: [Ticket.next_due_at >= now, Ticket.next_due_at < now + DUE_SOON],
        ListView.ON_HOLD: [Ticket.wake_at.is_not(None)],
        ListView.DISPUTED: [Ticket.id.in_(select(Clock.ticket_id).where(_IN_DISPUTE))],
        ListView.PRAISE: [_IS_PRAISE],
    }
    return asked.get(view, [])


# As in their partial indexes.
_IS_PRAISE = literal_column("ticket.is_praise", Boolean())
_IN_DISPUTE = literal_column("clock.kind = 'dispute' and clock.status = 'running'", Boolean())


# Written out as in the partial indexes, which the planner then recognises whatever the parameters are.
def unfinished() -> ColumnElement[bool]:
    return literal_column("ticket.status in ('new', 'open', 'pending_citizen', 'pending_third_party')", Boolean())


def waiting() -> ColumnElement[bool]:
    """Unfinished, and for somebody to work on: a duplicate waits with its master, unless its citizen wrote again."""
    return and_(unfinished(), or_(Ticket.master_id.is_(None), Ticket.next_due_at.is_not(None)))


def _finished() -> ColumnElement[bool]:
    return literal_column("ticket.status in ('resolved', 'closed')", Boolean())
