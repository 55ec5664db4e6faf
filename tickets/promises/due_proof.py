"""Whether the dates of promises follow from what they are counted by: reckoned again from the intervals (A6).

A date that was moved past the product is told by the audit trail. This finds what the trail cannot: an interval, a
target or a working calendar that was changed under a date that stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from tickets.promises.calendar import WorkingCalendar, add, between
from tickets.promises.calendar_files import calendar_from
from tickets.schema import Calendar, CalendarVersion, Clock, ClockInterval, Ticket

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class DueDiffers:
    """A promise due at another instant than its intervals say; `later_by` open seconds, negative for earlier."""

    clock_id: int
    reference: str
    kind: str
    due_at: datetime
    computed_at: datetime
    later_by: int


def dues_that_differ(session: Session, *, after: int = 0) -> Iterator[DueDiffers]:
    """Every promise that was never broken and has a date; what was broken keeps the date of its breach (A1).

    `after` is the highest id of a clock that is known to be right.

    Two instants with no open time between them are one: a date set by hand may lie on a Sunday.
    """
    calendars = _calendars(session)
    while clocks := _clocks(session, after=after):
        after = clocks[-1].id
        for clock in clocks:
            calendar = calendars[clock.calendar_version_id]
            computed_at = _computed(clock, calendar)
            if later_by := _apart(calendar, computed_at, clock.due_at):
                yield DueDiffers(clock.id, clock.reference, clock.kind.value, clock.due_at, computed_at, later_by)


def _calendars(session: Session) -> dict[int, WorkingCalendar]:
    """As they stand now, not as this process knew them: a version never changes, so one that was, is told."""
    rows = session.execute(
        select(CalendarVersion.id, CalendarVersion.spec, Calendar.key).join(
            Calendar, Calendar.id == CalendarVersion.calendar_id
        )
    )
    return {version_id: calendar_from(key, spec) for version_id, spec, key in rows}


def _clocks(session: Session, *, after: int) -> Sequence[Row[Any]]:
    """The next promises by id, each with its intervals in order; one without any is none that ever ran."""
    begun, ended = (func.array_agg(aggregate_order_by(at, ClockInterval.id)) for at in _INTERVAL)
    intervals = (
        select(begun.label("begun"), ended.label("ended"))
        .where(ClockInterval.clock_id == Clock.id)
        .lateral("intervals")
    )
    return session.execute(
        select(
            Clock.id, Clock.kind, Clock.due_at, Clock.calendar_version_id, Ticket.reference,
            (Clock.target_seconds + Clock.granted_seconds).label("allowance"), intervals.c.begun, intervals.c.ended,
        )
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .join(intervals, intervals.c.begun.is_not(None))
        .where(Clock.id > after, Clock.due_at.is_not(None), Clock.first_breach_at.is_(None), Clock.breach_cause == "")
        .order_by(Clock.id)
        .limit(_AT_ONCE)
    ).all()  # fmt: skip


_INTERVAL = (ClockInterval.from_at, ClockInterval.to_at)


def _computed(clock: Row[Any], calendar: WorkingCalendar) -> datetime:
    """The date that follows from the intervals.

    Counted from the last interval on as if it ran to its end: that is how it was promised when that interval began.
    """
    closed = zip(clock.begun[:-1], clock.ended[:-1], strict=True)
    used = sum(between(calendar, begun, ended) for begun, ended in closed)
    return add(calendar, clock.begun[-1], max(0, clock.allowance - used))


def _apart(calendar: WorkingCalendar, computed_at: datetime, due_at: datetime) -> int:
    if due_at >= computed_at:
        return between(calendar, computed_at, due_at)
    return -between(calendar, due_at, computed_at)
