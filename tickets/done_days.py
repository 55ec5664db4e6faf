"""Work of once a day: whether today's is done, so that nobody does it again every minute, and when it last was."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.each_alone import PutAside
from tickets.schema import DoneDay

# A backup that was taken, by us or by another program.
BACKUP = "backup"
# Between a work and the name of what of it was not done.
_LEFT = " without "


def is_done(session: Session, work: str, *, on_day: date) -> bool:
    return done_at(session, work, on_day=on_day) is not None


def done_at(session: Session, work: str, *, on_day: date) -> datetime | None:
    return session.scalar(select(DoneDay.done_at).where(DoneDay.work == work, DoneDay.on_day == on_day))


def take(session: Session, work: str, *, on_day: date, now: datetime) -> bool:
    """True for the one transaction that may do today's; another waits for it to end, and takes over if it failed."""
    taken = insert(DoneDay).values(work=work, on_day=on_day, done_at=now).on_conflict_do_nothing()
    return session.execute(taken.returning(DoneDay.work)).one_or_none() is not None


@contextmanager
def unless_put_aside(
    session: Session, work: str, put_aside: PutAside | None, *, on_day: date
) -> Iterator[PutAside | None]:
    """The rest of today's; where some of it is put aside the day is not done, and a later round does what is left."""
    aside: list[int | str] = []

    def put(item: int | str, trouble: Exception) -> None:
        if put_aside is not None:
            put_aside(item, trouble)
            aside.append(item)

    yield put if put_aside is not None else None
    forget_left(session, work, on_day=on_day)
    if aside:
        undo(session, work, [on_day])
        rows = [{"work": f"{work}{_LEFT}{item}", "on_day": on_day, "done_at": func.now()} for item in set(aside)]
        session.execute(insert(DoneDay).values(rows))


def left(session: Session, work: str, *, on_day: date) -> frozenset[str]:
    """What rounds of this day could not do, as it was named to them; nothing before the first."""
    those = DoneDay.work.startswith(f"{work}{_LEFT}", autoescape=True), DoneDay.on_day == on_day
    return frozenset(
        name.removeprefix(f"{work}{_LEFT}") for name in session.scalars(select(DoneDay.work).where(*those))
    )


def forget_left(session: Session, work: str, *, on_day: date) -> None:
    """Of this day, and of those before: their time is over."""
    those = DoneDay.work.startswith(f"{work}{_LEFT}", autoescape=True), DoneDay.on_day <= on_day
    session.execute(delete(DoneDay).where(*those))


def note(session: Session, work: str, *, on_day: date, now: datetime) -> None:
    """It was done now, however often it was before."""
    done = insert(DoneDay).values(work=work, on_day=on_day, done_at=now)
    session.execute(done.on_conflict_do_update(index_elements=["work", "on_day"], set_={"done_at": now}))


def last_done(session: Session, work: str) -> datetime | None:
    return session.scalar(select(func.max(DoneDay.done_at)).where(DoneDay.work == work))


def done_between(session: Session, work: str, first: date, last: date) -> frozenset[date]:
    """The days from the first to the last, both included, for which it is done."""
    done = select(DoneDay.on_day).where(DoneDay.work == work, DoneDay.on_day.between(first, last))
    return frozenset(session.scalars(done))


def undo(session: Session, work: str, days: Collection[date]) -> None:
    """It is to be done again for these days."""
    session.execute(delete(DoneDay).where(DoneDay.work == work, DoneDay.on_day.in_(days)))


def undo_after(session: Session, work: str, at: datetime, *, on_day: date) -> None:
    """It is to be done again for this day if it was done after this instant."""
    session.execute(delete(DoneDay).where(DoneDay.work == work, DoneDay.on_day == on_day, DoneDay.done_at > at))


def undo_all(session: Session, work: str) -> None:
    """It is to be done again for every day."""
    session.execute(delete(DoneDay).where(DoneDay.work == work))
