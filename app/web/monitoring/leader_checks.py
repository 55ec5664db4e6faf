"""Whether somebody leads the schedulers, and whether every job that only the leader does gets done."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tickets import leader_jobs, leadership

# A lease lasts 15 s and is taken over in as many: what is older is no change of leaders.
_LEADERLESS_AFTER = timedelta(seconds=30)


def leader_check(session: Session, *, now: datetime) -> dict[str, str]:
    """`ok`, or since when nobody has led."""
    held = leadership.lease(session)
    if held is None:
        return {"leader": "has never run"}
    led_at = leadership.last_led_at(held)
    is_led = now - _LEADERLESS_AFTER <= led_at <= now + leader_jobs.WRONG_CLOCK_AHEAD
    return {"leader": "ok" if is_led else f"silent since {led_at.isoformat()}"}


def job_check(session: Session, *, now: datetime) -> dict[str, str]:
    """`ok`, or the names of the jobs that are overdue, each with its last success."""
    late = [job for job in leader_jobs.all_jobs(session) if leader_jobs.is_overdue(job, now=now)]
    said = (
        f"{job.name} (last success {job.succeeded_at.isoformat() if job.succeeded_at else 'never'})" for job in late
    )
    return {"jobs": "overdue: " + ", ".join(said) if late else "ok"}
