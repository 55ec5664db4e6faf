"""How many promises are broken and open, by unit and kind: kept beside the clocks, and proved against them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, not_, or_, select, text
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.promises.day_totals import bounds
from tickets.promises.kept_numbers import MOST_CHANGES, units_of
from tickets.promises.outcomes import OfUnit, Tally
from tickets.schema import Clock, OpenBreachChange, Ticket
from tickets.states import ClockKind

# Written out as in its partial index.
_BROKEN_OPEN = "clock.first_breach_at is not null and clock.status in ('running', 'paused')"


def broken_open(
    session: Session,
    *,
    before: datetime,
    now: datetime,
    kinds: Sequence[ClockKind] = tuple(ClockKind),
    unit_ids: Sequence[int] | None = None,
) -> dict[OfUnit, Tally]:
    """Broken before `before` and still open, of tickets that count: neither canaries nor restricted ones."""
    row = OpenBreachChange
    statement = select(row.unit_id, row.kind, func.sum(row.change)).where(row.kind.in_(kinds))
    if unit_ids is not None:
        statement = statement.where(row.unit_id.in_(unit_ids))
    is_kept = before >= now or before in _midnights(now).values()
    if is_kept:
        statement = statement.where(row.broken_at < before)
    found = {
        (unit_id, kind): int(number)
        for unit_id, kind, number in session.execute(statement.group_by(row.unit_id, row.kind))
    }
    if not is_kept:
        for key, number in _broken_since(session, before).items():
            if key in found:
                found[key] -= number
    return {key: Tally(overdue=number) for key, number in found.items() if number}


def _broken_since(session: Session, instant: datetime) -> dict[OfUnit, int]:
    """From the clocks: for whoever asks about an instant between the midnights that are kept, or long before."""
    counts = select(not_(or_(Ticket.is_canary, Ticket.is_restricted))).where(Ticket.id == Clock.ticket_id)
    statement = (
        select(Clock.due_unit_id, Clock.kind, func.count())
        .where(text(_BROKEN_OPEN), Clock.first_breach_at >= instant, counts.scalar_subquery())
        .group_by(Clock.due_unit_id, Clock.kind)
    )
    return {(unit_id, kind): number for unit_id, kind, number in session.execute(statement) if unit_id is not None}


def _midnights(now: datetime) -> Mapping[str, datetime]:
    """Up to which what was broken before can be told from what was broken since."""
    today = day_of(now)
    return {"today": bounds(today)[0], "yesterday": bounds(today - timedelta(days=1))[0]}


def gather(session: Session, *, now: datetime) -> bool:
    """Many changes become one number for each unit, kind and midnight; whether there were many."""
    rows, numbers = session.execute(_ROWS).one()
    if rows <= 3 * numbers + MOST_CHANGES:
        return False
    session.execute(_GATHER, _midnights(now))
    return True


def units_that_differ(session: Session, *, now: datetime) -> list[int]:
    """Whose numbers are not what the clocks say; it reads every promise that is broken and open."""
    return units_of(session, _MISSING, _midnights(now))


def recount(session: Session, *, now: datetime) -> list[int]:
    """Bring the numbers to what the clocks say, in one statement, so that nothing changes in between; whose changed."""
    return sorted(set(session.scalars(_ADD_WHAT_IS_MISSING, _midnights(now))))


def _since(at: str) -> str:
    """The youngest of the midnights before this instant; what was broken before both is one number."""
    return (
        f"case when {at} >= :today then cast(:today as timestamptz)"
        f" when {at} >= :yesterday then cast(:yesterday as timestamptz) else cast('epoch' as timestamptz) end"
    )


# Our own words, nothing anybody typed.
_ROWS = text("select count(*), count(distinct (unit_id, kind)) from open_breach_change")
_GATHER = text(
    f"""
    with gathered as (delete from open_breach_change returning unit_id, kind, broken_at, change)
    insert into open_breach_change (unit_id, kind, broken_at, change)
    select unit_id, kind, {_since("broken_at")} as since, sum(change) from gathered
    group by unit_id, kind, since having sum(change) <> 0
    """  # noqa: S608
)
# By how much what is kept is too small.
_MISSING = f"""
    select unit_id, kind, since, sum(change) as change
    from (
        select c.due_unit_id as unit_id, c.kind, {_since("c.first_breach_at")} as since, 1 as change
        from clock c join ticket t on t.id = c.ticket_id
        where c.first_breach_at is not null and c.status in ('running', 'paused') and c.due_unit_id is not null
            and not t.is_canary and not t.is_restricted
        union all select unit_id, kind, {_since("broken_at")}, -change from open_breach_change
    ) one group by unit_id, kind, since having sum(change) <> 0
"""  # noqa: S608
_ADD_WHAT_IS_MISSING: Any = text(
    f"insert into open_breach_change (unit_id, kind, broken_at, change) {_MISSING} returning unit_id"
)
