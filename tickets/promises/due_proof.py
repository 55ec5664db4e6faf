"""Whether the dates of promises follow from what they are counted by: reckoned again from the intervals (A6).

A date that was moved past the product is told by the audit trail. This finds what the trail cannot: an interval, a
target or a working calendar that was changed under a date that stands.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from tickets.promises.calendar import WorkingCalendar, add, between
from tickets.promises.calendar_files import calendar_from
from tickets.schema import Calendar, CalendarVersion, Clock, ClockInterval, Ticket
from tickets.states import ClockKind

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


def dues_that_differ(session: Session) -> Iterator[DueDiffers]:
    """Every promise that was never broken and has a date; what was broken keeps the date of its breach (A1).

    Two instants with no open time between them are one: a date set by hand may lie on a Sunday.
    """
    calendars = calendars_of(session)
    after = 0
    while clocks := session.execute(_dated().where(Clock.id > after).limit(_AT_ONCE)).all():
        after = clocks[-1].id
        for clock in map(_as_dated, clocks):
            calendar = calendars[clock.calendar_version_id]
            if seconds := later_by(calendar, clock):
                computed_at = _computed(calendar, clock, timedelta(0))
                yield DueDiffers(clock.id, clock.reference, clock.kind.value, clock.due_at, computed_at, seconds)


@dataclass(frozen=True, slots=True)
class Dated:
    """A promise and what its date is counted by: `spans` from begin to end, the last of which may still run."""

    id: int
    ticket_id: int
    reference: str
    kind: ClockKind
    due_at: datetime
    calendar_version_id: int
    allowance: int
    spans: Sequence[tuple[datetime, datetime | None]]


def dated_clocks(session: Session, *, of_tickets: Collection[int]) -> list[Dated]:
    """Those that the proof looks at, of these tickets."""
    return [_as_dated(row) for row in session.execute(_dated().where(Clock.ticket_id.in_(of_tickets)))]


def calendars_of(session: Session) -> dict[int, WorkingCalendar]:
    """As they stand now, not as this process knew them: a version never changes, so one that was, is told."""
    rows = session.execute(
        select(CalendarVersion.id, CalendarVersion.spec, Calendar.key).join(
            Calendar, Calendar.id == CalendarVersion.calendar_id
        )
    )
    return {version_id: calendar_from(key, spec) for version_id, spec, key in rows}


def later_by(calendar: WorkingCalendar, clock: Dated, *, moved: timedelta = timedelta(0)) -> int:
    """By how many open seconds the date is later than it follows, of the promise or of one moved by so much."""
    computed_at, due_at = _computed(calendar, clock, moved), clock.due_at + moved
    if due_at >= computed_at:
        return between(calendar, computed_at, due_at)
    return -between(calendar, due_at, computed_at)


def _dated() -> Select[Any]:
    """Promises by id, each with its intervals in order; one without any is none that ever ran."""
    begun, ended = (func.array_agg(aggregate_order_by(at, ClockInterval.id)) for at in _INTERVAL)
    intervals = (
        select(begun.label("begun"), ended.label("ended"))
        .where(ClockInterval.clock_id == Clock.id)
        .lateral("intervals")
    )
    return (
        select(
            Clock.id, Clock.ticket_id, Clock.kind, Clock.due_at, Clock.calendar_version_id, Ticket.reference,
            (Clock.target_seconds + Clock.granted_seconds).label("allowance"), intervals.c.begun, intervals.c.ended,
        )
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .join(intervals, intervals.c.begun.is_not(None))
        .where(Clock.due_at.is_not(None), Clock.first_breach_at.is_(None), Clock.breach_cause == "")
        .order_by(Clock.id)
    )  # fmt: skip


_INTERVAL = (ClockInterval.from_at, ClockInterval.to_at)


def _as_dated(row: Row[Any]) -> Dated:
    spans = tuple(zip(row.begun, row.ended, strict=True))
    return Dated(
        row.id, row.ticket_id, row.reference, row.kind, row.due_at, row.calendar_version_id, row.allowance, spans
    )


def _computed(calendar: WorkingCalendar, clock: Dated, moved: timedelta) -> datetime:
    """The date that follows from the intervals.

    Counted from the last interval on as if it ran to its end: that is how it was promised when that interval began.
    """
    closed = ((begun, ended) for begun, ended in clock.spans[:-1] if ended is not None)
    used = sum(between(calendar, begun + moved, ended + moved) for begun, ended in closed)
    return add(calendar, clock.spans[-1][0] + moved, max(0, clock.allowance - used))
