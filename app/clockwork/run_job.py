"""One run of one job: who may do it, what becomes of a failure, and that it succeeded, in a row."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.clockwork.kept_figures import KeptFiguresHeld
from app.clockwork.node import Node
from app.clockwork.one_leader import LeadershipLost
from app.clockwork.schedule import Scheduled
from app.recurring.aside import SomeHeld
from app.storage.believed_clock import ClockHeld
from app.storage.database import transaction
from app.storage.database_faults import DatabaseFault, fault_of
from tickets import leader_jobs

log = structlog.get_logger()

_CLOCK_HELD = "clock_held"
_PASSING = {
    _CLOCK_HELD, KeptFiguresHeld.__name__, SomeHeld.__name__, *map(str, set(DatabaseFault) - {DatabaseFault.REFUSED}),
}  # fmt: skip


def run_job(node: Node, job: Scheduled) -> None:
    """A job that fails is logged and comes again, soon where the fault passes: nothing depends on a single run."""
    node.progress.begins(job.name)
    try:
        if job.on_every_node:
            _attempt(node, job)
        elif (epoch := node.leadership.epoch) is not None:
            _attempt_as_leader(node.as_leader(epoch), job)
    finally:
        node.progress.ends(job.name)
        # Also when the thread that begins the jobs has ended: no job hangs then, and none comes again.
        node.jobs.watchdog.expect(f"{job.name}, again", again_within_seconds=3 * job.seconds + job.limit_seconds)


def _attempt_as_leader(leading: Node, job: Scheduled) -> None:
    try:
        failure = _attempt(leading, job)
        if failure in _PASSING:
            leading.begin_again(job.name)
        with transaction(leading.factory) as session:
            now = leading.ticker.clock.on_record(session)
            if failure is None:
                leader_jobs.note_success(session, job.name, now=now)
            else:
                leader_jobs.note_failure(session, job.name, failure=failure, now=now)
    except LeadershipLost:
        leading.leadership.lost()
    except SQLAlchemyError as trouble:
        log.warning("schedule.not_noted", job=job.name, reason=fault_of(trouble))


def _attempt(node: Node, job: Scheduled) -> str | None:
    """What it failed with, None where it succeeded. Raises LeadershipLost only."""
    through = (LeadershipLost, ClockHeld)
    try:
        failure = node.jobs.run(job.name, lambda: job.act(node), limit_seconds=job.limit_seconds, lets_through=through)
    except ClockHeld:
        # The clock says so itself, once.
        return _CLOCK_HELD
    return None if failure is None else str(fault_of(failure) or type(failure).__name__)
