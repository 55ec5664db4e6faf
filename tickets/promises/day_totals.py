"""Totals of the promises that ended on a day of the city, kept as rows and proved against the clocks every night.

Days that are over are counted once; today is counted every hour, until an hour ago.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.orm import Session

from tickets import done_days
from tickets.city import day_of, zone
from tickets.each_alone import PutAside, each_alone
from tickets.promises.outcomes import OfUnit, Tally, ended_in, tallies
from tickets.schema import Clock, DoneDay, PromiseDay
from tickets.states import ClockKind

# The days that have been counted, among the works of once a day.
_COUNTED = "count promises"
# The day until which figures have been published, to be done again when a day of them changes; and the day until
# which those reach that can be read.
FIGURES_PUBLISHED = "publish promises"
FIGURES_TO_READ = "published promises"
# Whoever began before midnight is done by then: what ended on a day no longer changes without our being told.
SETTLED_AFTER = timedelta(hours=1)
# Today's, until an instant that has settled by then: noted as when it was done. A page of the day reads from the clocks
# what ended since; so often the instant moves on.
_SO_FAR = "count promises so far"
_MOVES_ON_AFTER = timedelta(hours=1)
# As far back as pages look and a while more; older days are counted from the clocks.
KEPT_DAYS = 92
# Whoever changes a counted day and whoever counts one do not pass each other.
_LOCK = "hashtext('promise_day')::bigint"
# Noted in `session.info`.
_AT_THE_END = "days_forgotten_at_the_end"


def bounds(day: date) -> tuple[datetime, datetime]:
    """From the midnight that begins it to the one that ends it, in the city."""
    return tuple(datetime.combine(d, time(), tzinfo=zone()) for d in (day, day + timedelta(days=1)))  # type: ignore[return-value]


def last_settled(now: datetime) -> date:
    """The youngest day of which all that ended on it has been written down."""
    return day_of(now - SETTLED_AFTER) - timedelta(days=1)


def count_next_day(
    session: Session, *, leave_out: Collection[str] = (), put_aside: PutAside | None = None, now: datetime
) -> int:
    """Count the youngest day that is over and not counted; 0 when there is none left.

    `leave_out` are days as `put_aside` is told them.
    """
    last = last_settled(now)
    first = last - timedelta(days=KEPT_DAYS - 1)
    counted = done_days.done_between(session, _COUNTED, first, last)
    days = (last - timedelta(days=ago) for ago in range(KEPT_DAYS))
    missing = next((day for day in days if day not in counted and day.isoformat() not in leave_out), None)
    if missing is None:
        return 0
    each_alone(session, [missing], lambda day: _count(session, day, now=now), named=date.isoformat, put_aside=put_aside)
    return 1


def count_so_far(session: Session, *, now: datetime) -> bool:
    """Count what has ended today and settled; False where little more has than was counted last."""
    today, until = day_of(now), now - SETTLED_AFTER
    last = done_days.done_at(session, _SO_FAR, on_day=today)
    if until <= bounds(today)[0] or (last is not None and until - last < _MOVES_ON_AFTER):
        return False
    _write(session, today, until, now=now)
    # Of days that are over nobody asks.
    done_days.undo_all(session, _SO_FAR)
    done_days.note(session, _SO_FAR, on_day=today, now=until)
    return True


def _count(session: Session, day: date, *, now: datetime) -> None:
    _write(session, day, bounds(day)[1], now=now)
    done_days.undo(session, _SO_FAR, {day})
    done_days.take(session, _COUNTED, on_day=day, now=now)


def _write(session: Session, day: date, until: datetime, *, now: datetime) -> None:
    session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    session.execute(delete(PromiseDay).where(PromiseDay.on_day == day))
    session.add_all(
        PromiseDay(
            on_day=day, unit_id=unit_id, kind=kind, met=tally.met, missed=tally.missed, cancelled=tally.cancelled
        )
        for (unit_id, kind), tally in _from_clocks(session, day, until, now=now).items()
    )


def _from_clocks(session: Session, day: date, until: datetime, *, now: datetime) -> dict[OfUnit, Tally]:
    return tallies(session, ended_in(bounds(day)[0], until), now=now)


def forget(session: Session, instants: Collection[datetime | None], *, now: datetime) -> None:
    """A promise that ended then has another end, or none, now: those days are counted anew."""
    if session.info.get(_AT_THE_END):
        return
    ended, today = [at for at in instants if at is not None], day_of(now)
    days = {day_of(at) for at in ended} - {today}
    of_today = [at for at in ended if day_of(at) == today]
    if ended:
        session.execute(text(f"select pg_advisory_xact_lock_shared({_LOCK})"))
    if of_today:
        done_days.undo_after(session, _SO_FAR, min(of_today), on_day=today)
    if days:
        done_days.undo(session, _COUNTED, days)
        done_days.undo_all(session, FIGURES_PUBLISHED)


def forget_ticket(session: Session, ticket_id: int, *, now: datetime) -> None:
    """Its promises count now, or no longer: it is restricted or open to all, which it was not before."""
    ended = select(Clock.stopped_at).where(Clock.ticket_id == ticket_id, Clock.stopped_at.is_not(None))
    forget(session, session.scalars(ended).all(), now=now)


def forget_at_the_end(session: Session) -> None:
    """For one long transaction that writes of many days: it keeps nobody from counting until `forget_all`, its last."""
    session.info[_AT_THE_END] = True


def forget_all(session: Session) -> None:
    """Promises were added to any of the days at once, by whoever writes rows without their stories."""
    session.info.pop(_AT_THE_END, None)
    session.execute(text(f"select pg_advisory_xact_lock_shared({_LOCK})"))
    for work in (_COUNTED, _SO_FAR, FIGURES_PUBLISHED, FIGURES_TO_READ):
        done_days.undo_all(session, work)


def counted_days(session: Session, from_at: datetime, to_at: datetime) -> list[date]:
    """The days within these instants, from midnight to midnight, whose totals stand."""
    if day_of(from_at) == day_of(to_at):
        return []
    found = done_days.done_between(session, _COUNTED, day_of(from_at), day_of(to_at))
    return sorted(day for day in found if from_at <= bounds(day)[0] and bounds(day)[1] <= to_at)


def so_far(
    session: Session,
    from_at: datetime,
    to_at: datetime,
    *,
    now: datetime,
    kinds: Sequence[ClockKind],
    unit_ids: Sequence[int] | None = None,
) -> tuple[datetime | None, dict[OfUnit, Tally]]:
    """Until when today's are counted, and the totals until then; None where they are not, or that is not within.

    One statement: of an instant and totals that are read one after the other, either may be of another counting.
    """
    begin, row = bounds(day_of(now))[0], PromiseDay
    if not from_at <= begin < to_at:
        return None, {}
    wanted = [row.on_day == DoneDay.on_day, row.kind.in_(kinds)]
    if unit_ids is not None:
        wanted.append(row.unit_id.in_(unit_ids))
    rows = session.execute(
        select(DoneDay.done_at, row.unit_id, row.kind, row.met, row.missed, row.cancelled)
        .select_from(DoneDay)
        .outerjoin(row, and_(*wanted))
        .where(DoneDay.work == _SO_FAR, DoneDay.on_day == day_of(now), DoneDay.done_at <= to_at)
    ).all()
    # Counted, but nothing ended: one row without a unit.
    found = {
        (unit_id, kind): Tally(met, missed, 0, cancelled)
        for _, unit_id, kind, met, missed, cancelled in rows
        if unit_id is not None
    }
    return (rows[0].done_at if rows else None), found


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
    until = _counted_until(session, last - timedelta(days=KEPT_DAYS + 1), last, now=now)
    return [day for day in sorted(until) if _differs(session, day, until[day], now=now)]


def recount_if_wrong(session: Session, days: Collection[date], *, now: datetime) -> list[date]:
    """Those of these days that differ also while nobody can change them; they are counted again."""
    if not days:
        return []
    session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    until = _counted_until(session, min(days), max(days), now=now)
    wrong = [day for day in sorted(days) if day in until and _differs(session, day, until[day], now=now)]
    for day in wrong:
        _write(session, day, until[day], now=now)
    if wrong:
        done_days.undo_all(session, FIGURES_PUBLISHED)
    return wrong


def _counted_until(session: Session, first: date, last: date, *, now: datetime) -> dict[date, datetime]:
    """The days whose totals stand, each with the instant until which; today's with what is counted so far."""
    until = {day: bounds(day)[1] for day in done_days.done_between(session, _COUNTED, first, last)}
    today = day_of(now)
    counted = done_days.done_at(session, _SO_FAR, on_day=today) if first <= today <= last else None
    return until if counted is None else until | {today: counted}


def _differs(session: Session, day: date, until: datetime, *, now: datetime) -> bool:
    return totals_of(session, [day], kinds=tuple(ClockKind)) != _from_clocks(session, day, until, now=now)
