"""How many unfinished tickets there are, by unit and status, and how many of them are late: kept beside the tickets,
and proved against them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select, text
from sqlalchemy.orm import Session

from tickets.promises.kept_numbers import MOST_CHANGES, units_of
from tickets.schema import WaitingChange
from tickets.schema.waiting import COUNTED_BY, COUNTS
from tickets.states import TicketStatus

_SUM: ColumnElement[int] = cast(func.sum(WaitingChange.change), BigInteger)


def begin_of_hour(now: datetime) -> datetime:
    """What was due before is known by its hour; what has become late since is looked for among the tickets."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def by_unit(unit_ids: Sequence[int] | None, *, now: datetime) -> Select[*tuple[Any, ...]]:
    """A row a unit: what waits there and is not restricted, what of it nobody has taken, and what was due before
    `begin_of_hour`."""
    row = WaitingChange
    late = cast(func.coalesce(func.sum(row.change).filter(row.due_hour < begin_of_hour(now)), 0), BigInteger)
    untaken = cast(func.coalesce(func.sum(row.change).filter(row.is_taken.is_(False)), 0), BigInteger)
    counted = select(row.unit_id, _SUM.label("waiting"), untaken.label("unassigned"), late.label("overdue"))
    counted = counted.where(row.is_restricted.is_(False)).group_by(row.unit_id)
    return counted if unit_ids is None else counted.where(row.unit_id.in_(unit_ids))


def by_status(session: Session) -> Mapping[TicketStatus, int]:
    """All that is unfinished, restricted ones too."""
    rows = session.execute(select(WaitingChange.status, _SUM).group_by(WaitingChange.status))
    return {status: number for status, number in rows}


def due_before_this_hour(session: Session, *, now: datetime) -> int:
    """All that is unfinished and was due before `begin_of_hour`."""
    return session.scalar(select(_SUM).where(WaitingChange.due_hour < begin_of_hour(now))) or 0


def gather(session: Session, *, now: datetime) -> bool:
    """Many changes become one number for each kind; whether there were many."""
    rows, numbers = session.execute(_ROWS, {"this_hour": begin_of_hour(now)}).one()
    if rows <= 2 * numbers + MOST_CHANGES:
        return False
    session.execute(_GATHER, {"this_hour": begin_of_hour(now)})
    return True


def units_that_differ(session: Session, *, now: datetime) -> list[int]:
    """Whose numbers are not what the tickets say; it reads every unfinished ticket."""
    return units_of(session, _MISSING, {"this_hour": begin_of_hour(now)})


def recount(session: Session, *, now: datetime) -> list[int]:
    """Bring the numbers to what tickets say, in one statement, so that nothing changes in between; whose changed."""
    return sorted(set(session.scalars(_ADD_WHAT_IS_MISSING, {"this_hour": begin_of_hour(now)})))


# Our own words, nothing anybody typed. Of hours that are over it does not matter which.
_KIND = "unit_id, status, is_taken, is_restricted, due_hour"
_SINCE = "case when due_hour < :this_hour then cast('epoch' as timestamptz) else due_hour end"
_GATHERED = f"unit_id, status, is_taken, is_restricted, {_SINCE}"
_ROWS = text(f"select count(*), count(distinct ({_GATHERED})) from waiting_change")  # noqa: S608
_GATHER = text(
    f"""
    with gathered as (delete from waiting_change returning {_KIND}, change)
    insert into waiting_change ({_KIND}, change)
    select {_GATHERED}, sum(change) from gathered group by {_GATHERED} having sum(change) <> 0
    """  # noqa: S608
)
# By how much what is kept is too small.
_MISSING = f"""
    select {_GATHERED} as due_hour, sum(change) as change
    from (
        select {COUNTED_BY.format(row="t")}, 1 from ticket t where {COUNTS.format(row="t")}
        union all select {_KIND}, -change from waiting_change
    ) one ({_KIND}, change) group by {_GATHERED} having sum(change) <> 0
"""  # noqa: S608
_ADD_WHAT_IS_MISSING: Any = text(f"insert into waiting_change ({_KIND}, change) {_MISSING} returning unit_id")
