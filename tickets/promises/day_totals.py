"""Totals of the promises that ended on a day of the city, kept as rows and proved against the clocks every night."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from tickets import done_days
from tickets.city import day_of, zone
from tickets.promises.outcomes import OfUnit, Tally, ended_in, tallies
from tickets.schema import Clock, PromiseDay
from tickets.states import ClockKind

# The days that have been counted, among the works of once a day.
_COUNTED = "count promises"
# The day until which figures have been published, to be done again when a day of them changes; and the day until
# which those reach that can be read.
FIGURES_PUBLISHED = "publish promises"
FIGURES_TO_READ = "published promises"
# Whoever began before midnight is done by then: what ended on a day no longer changes without our being told.
SETTLED_AFTER = timedelta(hours=1)
# As far back as pages look and a while more; older days are counted from the clocks.
KEPT_DAYS = 92
# Whoever changes a counted day and whoever counts one do not pass each other.
_LOCK = "hashtext('promise_day')::bigint"


def bounds(day: date) -> tuple[datetime, datetime]:
    """From the midnight that begins it to the one that ends it, in the city."""
    return tuple(datetime.combine(d, time(), tzinfo=zone()) for d in (day, day + timedelta(days=1)))  # type: ignore[return-value]


def last_settled(now: datetime) -> date:
    """The youngest day of which all that ended on it has been written down."""
    return day_of(now - SETTLED_AFTER) - timedelta(days=1)


def count_next_day(session: Session, *, now: datetime) -> int:
    """Count the youngest day that is over and not counted; 0 when there is none left."""
    last = last_settled(now)
    first = last - timedelta(days=KEPT_DAYS - 1)
    counted = done_days.done_between(session, _COUNTED, first, last)
    missing = [day for ago in range(KEPT_DAYS) if (day := last - timedelta(days=ago)) not in counted]
    if not missing:
        return 0
    _count(session, missing[0], now=now)
    return 1


def _count(session: Session, day: date, *, now: datetime) -> None:
    session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    session.execute(delete(PromiseDay).where(PromiseDay.on_day == day))
    session.add_all(
        PromiseDay(
            on_day=day, unit_id=unit_id, kind=kind, met=tally.met, missed=tally.missed, cancelled=tally.cancelled
        )
        for (unit_id, kind), tally in _from_clocks(session, day, now=now).items()
    )
    done_days.take(session, _COUNTED, on_day=day, now=now)


def _from_clocks(session: Session, day: date, *, now: datetime) -> dict[OfUnit, Tally]:
    return tallies(session, ended_in(*bounds(day)), now=now)


def forget(session: Session, instants: Collection[datetime | None], *, now: datetime) -> None:
    """A promise that ended then has another end, or none, now: those days are counted anew, today's has not been."""
    days = {day_of(at) for at in instants if at is not None} - {day_of(now)}
    if days:
        session.execute(text(f"select pg_advisory_xact_lock_shared({_LOCK})"))
        done_days.undo(session, _COUNTED, days)
        done_days.undo_all(session, FIGURES_PUBLISHED)


def forget_ticket(session: Session, ticket_id: int, *, now: datetime) -> None:
    """Its promises count now, or no longer: it is restricted or open to all, which it was not before."""
    ended = select(Clock.stopped_at).where(Clock.ticket_id == ticket_id, Clock.stopped_at.is_not(None))
    forget(session, session.scalars(ended).all(), now=now)


def forget_all(session: Session) -> None:
    """Promises were added to any of the days at once, by whoever writes rows without their stories."""
    for work in (_COUNTED, FIGURES_PUBLISHED, FIGURES_TO_READ):
        done_days.undo_all(session, work)


def counted_days(session: Session, from_at: datetime, to_at: datetime) -> list[date]:
    """The days within these instants, from midnight to midnight, whose totals stand."""
    found = done_days.done_between(session, _COUNTED, day_of(from_at), day_of(to_at))
    return sorted(day for day in found if from_at <= bounds(day)[0] and bounds(day)[1] <= to_at)


def totals_of(
    session: Session, days: Sequence[date], *, kinds: Sequence[ClockKind], unit_ids: Sequence[int] | None = None
) -> dict[OfUnit, Tally]:
    """The sums of these counted days."""
    if not days:
        return {}
    row = PromiseDay
    sums = (func.sum(row.met), func.sum(row.missed), func.sum(row.cancelled))
    statement = (
        select(row.unit_id, row.kind, *sums)
        .where(row.on_day.in_(days), row.kind.in_(kinds))
        .group_by(row.unit_id, row.kind)
    )
    if unit_ids is not None:
        statement = statement.where(row.unit_id.in_(unit_ids))
    return {
        (unit_id, kind): Tally(int(met), int(missed), 0, int(cancelled))
        for unit_id, kind, met, missed, cancelled in session.execute(statement)
    }


def days_that_differ(session: Session, *, now: datetime) -> list[date]:
    """Which counted days are not what the clocks say; it reads every promise that ended on those days."""
    last = day_of(now)
    days = sorted(done_days.done_between(session, _COUNTED, last - timedelta(days=KEPT_DAYS + 1), last))
    return [day for day in days if _differs(session, day, now=now)]


def recount_if_wrong(session: Session, days: Collection[date], *, now: datetime) -> list[date]:
    """Those of these days that differ also while nobody can change them; they are counted again."""
    if not days:
        return []
    session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    counted = done_days.done_between(session, _COUNTED, min(days), max(days))
    wrong = [day for day in sorted(days) if day in counted and _differs(session, day, now=now)]
    for day in wrong:
        _count(session, day, now=now)
    if wrong:
        done_days.undo_all(session, FIGURES_PUBLISHED)
    return wrong


def _differs(session: Session, day: date, *, now: datetime) -> bool:
    return totals_of(session, [day], kinds=tuple(ClockKind)) != _from_clocks(session, day, now=now)
