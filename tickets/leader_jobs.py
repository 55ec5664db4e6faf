"""The jobs that only the leader does: how often, when each last succeeded, and which of them is overdue."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import LeaderJob

# Beyond its rhythm a job may take so long: time to change the leader, and for a busy machine.
PATIENCE = timedelta(seconds=45)
# A time so far to come was written by a wrong clock.
WRONG_CLOCK_AHEAD = timedelta(seconds=60)


def announce(session: Session, rhythms: Mapping[str, float], *, now: datetime) -> None:
    """Whoever begins to lead says what it will do; jobs of another version go."""
    session.execute(delete(LeaderJob).where(LeaderJob.name.not_in(rhythms)))
    rows = [{"name": name, "every_seconds": round(every), "announced_at": now} for name, every in rhythms.items()]
    statement = insert(LeaderJob).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={
                "every_seconds": statement.excluded.every_seconds,
                "announced_at": statement.excluded.announced_at,
            },
        )
    )


def note_success(session: Session, name: str, *, now: datetime) -> None:
    session.execute(update(LeaderJob).where(LeaderJob.name == name).values(succeeded_at=now, failure=""))


def note_failure(session: Session, name: str, *, failure: str, now: datetime) -> None:
    session.execute(update(LeaderJob).where(LeaderJob.name == name).values(failed_at=now, failure=failure))


def all_jobs(session: Session) -> list[LeaderJob]:
    """By name, as they stand."""
    return list(session.scalars(select(LeaderJob).order_by(LeaderJob.name).execution_options(populate_existing=True)))


def is_overdue(job: LeaderJob, *, now: datetime) -> bool:
    """Whether it should have succeeded by now. A success that is still to come was written by a wrong clock."""
    last = job.succeeded_at or job.announced_at
    return now - last > timedelta(seconds=job.every_seconds) + PATIENCE or last - now > WRONG_CLOCK_AHEAD
