"""How often work that runs by itself failed, by job and day: the rows of `job_fault`."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import JobFault


def count(session: Session, times: Mapping[str, int], *, now: datetime) -> None:
    """Add to each job's number of today (UTC)."""
    if not times:
        return
    day = now.astimezone(UTC).date()
    # In one order, so that two processes that count at once do not wait for each other in a circle.
    rows = [{"job": job, "on_day": day, "times": number, "last_at": now} for job, number in sorted(times.items())]
    statement = insert(JobFault).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["job", "on_day"],
            set_={"times": JobFault.times + statement.excluded.times, "last_at": now},
        )
    )


def by_job(session: Session) -> dict[str, int]:
    """How often each job has ever failed."""
    counted = session.execute(select(JobFault.job, func.sum(JobFault.times)).group_by(JobFault.job))
    return {job: int(times) for job, times in counted}
