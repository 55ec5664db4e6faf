"""The scheduler process: it only ticks. Any number may run; one leads, and claims in SQL make the others harmless."""

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from app.clockwork.node import SCHEDULER_KIND, Node, make_node
from app.clockwork.run_job import run_job
from app.clockwork.schedule import RHYTHMS, SCHEDULE
from app.processes.signs_of_life import say_goodbye
from app.processes.start import run_until_signalled
from app.recurring.jobs import RecurringJobs
from app.settings import Settings
from app.storage.database import make_engine, transaction

log = structlog.get_logger()

_LOOK_SECONDS = 1.0
_JUMP_SECONDS = 5.0
# A database that was away for a moment must not cost what is done once an hour or a day its turn.
AGAIN_SECONDS = 30.0


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    return run_until_signalled(SCHEDULER_KIND, partial(run, jobs=RecurringJobs.guarded()))


def run(settings: Settings, stop: threading.Event, *, jobs: RecurringJobs | None = None) -> None:
    """Tick until `stop` is set."""
    engine = make_engine(settings.database_url)
    node = make_node(settings, engine)
    node.jobs = jobs or node.jobs
    # The jobs are static and known to every process: no store that several processes would share and double.
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(len(SCHEDULE))})
    for number, job in enumerate(SCHEDULE):
        scheduler.add_job(
            run_job,
            "interval",
            args=(node, job),
            seconds=job.seconds,
            id=job.name,
            next_run_time=datetime.now(UTC) + timedelta(milliseconds=200 * number),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    node.begin_all = lambda: _begin_all(scheduler)
    node.begin_again = partial(_begin_again, scheduler)
    if threading.current_thread() is threading.main_thread():
        # At once: waiting for a job that hangs is what this ends.
        node.end_process = lambda: os._exit(os.EX_SOFTWARE)
    scheduler.start()
    _watch_the_clock(scheduler, stop)
    node.jobs.watchdog.rest()
    scheduler.shutdown(wait=True)
    _leave(node)
    engine.dispose()


def _watch_the_clock(scheduler: BackgroundScheduler, stop: threading.Event) -> None:
    """Until stopped: a machine's clock that is set back would leave every job waiting for the hours it lost (G11)."""
    ahead = time.time() - time.monotonic()
    while not stop.wait(_LOOK_SECONDS):
        now_ahead = time.time() - time.monotonic()
        if abs(now_ahead - ahead) > _JUMP_SECONDS:
            log.warning("clock.jumped", seconds=round(now_ahead - ahead))
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        ahead = now_ahead


def _begin_all(scheduler: BackgroundScheduler) -> None:
    """What only the leader does, now: the next rhythm might be an hour away."""
    for name in RHYTHMS:
        if (job := scheduler.get_job(name)) is not None:
            job.modify(next_run_time=datetime.now(UTC))


def _begin_again(scheduler: BackgroundScheduler, name: str) -> None:
    """Soon, where its rhythm is slower."""
    soon, job = datetime.now(UTC) + timedelta(seconds=AGAIN_SECONDS), scheduler.get_job(name)
    if job is not None and job.next_run_time > soon:
        job.modify(next_run_time=soon)


def _leave(node: Node) -> None:
    """Let another lead at once, and be missed by nobody."""
    try:
        node.leadership.give_up()
        with transaction(node.factory) as session:
            say_goodbye(session, kind=SCHEDULER_KIND)
    except SQLAlchemyError:
        log.warning("database.unreachable")


if __name__ == "__main__":
    sys.exit(main())
