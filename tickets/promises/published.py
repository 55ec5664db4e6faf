"""Promises kept as they are published: of whole days, written down once these have been counted, read by everybody.

A page that anybody may ask for reads a few rows a body, however many promises there are.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tickets import done_days
from tickets.city import day_of
from tickets.promises import day_totals
from tickets.promises.figures import Kept, promises_kept, with_names
from tickets.promises.outcomes import Tally
from tickets.schema import PublishedPromise
from tickets.states import ClockKind

PUBLISHED_DAYS = 30
PUBLISHED_KINDS = (ClockKind.FIRST, ClockKind.RESOLVE)


def publish(session: Session, *, now: datetime) -> bool:
    """Write down the figures until the last day that is counted; False: they stand, and no day of them has changed."""
    last = day_totals.last_settled(now)
    if not done_days.take(session, day_totals.FIGURES_PUBLISHED, on_day=last, now=now):
        return False
    session.execute(delete(PublishedPromise))
    session.add_all(
        PublishedPromise(unit_id=one.unit_id, kind=one.kind, met=one.met, missed=one.missed, overdue=one.overdue)
        for one in _count(session, last, now=now)
    )
    done_days.note(session, day_totals.FIGURES_TO_READ, on_day=last, now=now)
    return True


def published(session: Session, *, now: datetime) -> tuple[date, Sequence[Kept]]:
    """The last day of the figures, and they: of yesterday, or of the day before until yesterday has been counted.

    Where neither is written down, as on the first day, yesterday's are counted now.
    """
    yesterday = day_of(now) - timedelta(days=1)
    written = done_days.done_between(session, day_totals.FIGURES_TO_READ, yesterday - timedelta(days=1), yesterday)
    if not written:
        return yesterday, _count(session, yesterday, now=now)
    rows = session.scalars(select(PublishedPromise))
    return max(written), with_names(
        session, {(row.unit_id, row.kind): Tally(row.met, row.missed, row.overdue) for row in rows}
    )


def first_day(last: date) -> date:
    return last - timedelta(days=PUBLISHED_DAYS - 1)


def _count(session: Session, last: date, *, now: datetime) -> list[Kept]:
    (from_at, _), (_, to_at) = day_totals.bounds(first_day(last)), day_totals.bounds(last)
    return promises_kept(session, from_at=from_at, to_at=to_at, now=now, kinds=PUBLISHED_KINDS, with_cancelled=False)
