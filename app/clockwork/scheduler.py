"""The scheduler process: it only ticks. Any number may run; one leads, and claims in SQL make the others harmless."""

import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from app.clockwork.node import Node, make_node
from app.clockwork.schedule import SCHEDULE, SCHEDULER_KIND, Scheduled
from app.processes.signs_of_life import say_goodbye
from app.processes.start import run_until_signalled
from app.settings import Settings
from app.storage.database import make_engine, transaction
from app.storage.database_faults import fault_of

log = structlog.get_logger()

_LOOK_SECONDS = 1.0
_JUMP_SECONDS = 5.0


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    return run_until_signalled(SCHEDULER_KIND, run)


def run(settings: Settings, stop: threading.Event) -> None:
    """Tick until `stop` is set."""
    engine = make_engine(settings.database_url)
    node = make_node(settings, engine)
    # The jobs are static and known to every process: no store that several processes would share and double.
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(len(SCHEDULE))})
    for number, job in enumerate(SCHEDULE):
        scheduler.add_job(
            _run_job,
            "interval",
            args=(node, job),
            seconds=job.seconds,
            id=job.name,
            next_run_time=datetime.now(UTC) + timedelta(milliseconds=200 * number),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    _watch_the_clock(scheduler, stop)
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


def _run_job(node: Node, job: Scheduled) -> None:
    """A job that fails is logged and comes again at its next time: nothing here depends on a single run."""
    try:
        if job.on_every_node or node.leadership.leads:
            job.act(node)
    except SQLAlchemyError as trouble:
        log.warning("schedule.failed", job=job.name, reason=fault_of(trouble), detail=str(trouble)[:300])
    except Exception:
        log.exception("schedule.failed", job=job.name)


def _leave(node: Node) -> None:
    """Let another lead at once, and be missed by nobody."""
    node.leadership.give_up()
    try:
        with transaction(node.factory) as session:
            say_goodbye(session, kind=SCHEDULER_KIND)
    except SQLAlchemyError:
        log.warning("database.unreachable")


if __name__ == "__main__":
    sys.exit(main())
