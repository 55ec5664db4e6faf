"""The worker process: delivers the outbox, computes what pages wait for; woken through Redis, or by itself without."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.delivery import wake_up
from app.delivery.apart import PLACES, deliver_apart
from app.delivery.deliver import AT_ONCE, Delivery, deliver_due
from app.processes.file_imports import do_next_file
from app.processes.previews import count_next_preview
from app.processes.signs_of_life import beat, database_now, process_name, say_goodbye
from app.processes.start import run_until_signalled
from app.processes.verifications import verify_next
from app.recurring.jobs import RecurringJobs
from app.settings import Settings
from app.storage.carried_time import CarriedTime
from app.storage.database import make_engine, session_factory, transaction
from app.storage.redis_connection import bounded_redis
from app.wording.messages import message_app
from tickets.states import OutboundChannel

log = structlog.get_logger()

WORKER_KIND = "worker"
# A slow mail server must not hold up SMS, nor a slow carrier the notices on screens (G13): each has a lane of its own.
LANES: tuple[tuple[OutboundChannel, ...], ...] = (
    (OutboundChannel.SCREEN,),
    (OutboundChannel.SMS, OutboundChannel.VOICE),
    (OutboundChannel.EMAIL,),
)
POLL_SECONDS = 3.0
BEAT_SECONDS = 5.0
# Two turns of sends, each with every time limit of its provider's, or one mail of four minutes; then a lane hangs.
_DELIVERY_LIMIT_SECONDS = 300.0
_BEAT_LIMIT_SECONDS = 120.0
_COUNTING_LIMIT_SECONDS = 600.0
# A hundred thousand rows, judged and written.
_FILES_LIMIT_SECONDS = 1200.0
# The whole trail of years; between its parts it says that it lives.
_VERIFYING_LIMIT_SECONDS = 7200.0
_REDIS_PAUSE_SECONDS = 2.0
# RQ waits for work 15 s less than this, and for any answer 5 s less.
_WORKER_TTL_SECONDS = 25
_LAST_SENDS_SECONDS = 4.0


class ThreadedRqWorker(SimpleWorker):
    """RQ's worker in a thread of ours: signals are the main thread's, and a job does nothing but wake the lanes."""

    death_penalty_class = TimerDeathPenalty

    def _install_signal_handlers(self) -> None:
        return

    def subscribe(self) -> None:
        """Nobody commands it. RQ's listener for commands outlives a worker that could not say goodbye: at each trouble
        of Redis a thread and a connection more."""


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    return run_until_signalled(WORKER_KIND, partial(run, jobs=RecurringJobs.guarded()))


def run(settings: Settings, stop: threading.Event, *, jobs: RecurringJobs | None = None) -> None:
    """Deliver until `stop` is set; what is being sent then is still recorded, if it takes no longer than seconds."""
    engine = make_engine(settings.database_url)
    factory = session_factory(engine)
    lanes = [_lane(settings, factory, channels, stop) for channels in LANES]
    wakes = [threading.Event() for _ in (*LANES, "previews", "files", "verifications")]
    jobs, parts = jobs or RecurringJobs(), partial(transaction, factory)
    threads = [
        *(_thread(f"lane-{n}", _keep_delivering, jobs, lane, channels, wake, stop) for n, (lane, channels, wake) in
            enumerate(zip(lanes, LANES, wakes, strict=False))),
        _thread("previews", _keep_computing, jobs, "count what drafts would do", partial(count_next_preview, parts),
            _COUNTING_LIMIT_SECONDS, wakes[-3], stop),
        _thread("files", _keep_computing, jobs, "bring files in", partial(do_next_file, parts), _FILES_LIMIT_SECONDS,
            wakes[-2], stop),
        _thread("verifications", _keep_computing, jobs, "verify the audit trail", partial(verify_next, parts),
            _VERIFYING_LIMIT_SECONDS, wakes[-1], stop),
        _thread("waking", _pass_wake_ups_on, wakes, stop),
        _thread("redis", _listen_to_redis, jobs, settings, stop),
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    _beat_until(stop, factory, jobs)
    jobs.watchdog.rest()
    for wake in wakes:
        wake.set()
    for thread in threads[: len(LANES)]:
        thread.join(_LAST_SENDS_SECONDS / len(LANES))
    _leave(engine, factory)


def _lane(
    settings: Settings, factory: sessionmaker[Session], channels: Sequence[OutboundChannel], stop: threading.Event
) -> Delivery:
    at_once = PLACES if OutboundChannel.EMAIL in channels else AT_ONCE
    pool = ThreadPoolExecutor(at_once, thread_name_prefix=f"send-{channels[0].value}")
    return Delivery(settings, factory, message_app(settings), process_name(WORKER_KIND), CarriedTime().read, pool)


def _keep_delivering(
    jobs: RecurringJobs,
    lane: Delivery,
    channels: Sequence[OutboundChannel],
    wake: threading.Event,
    stop: threading.Event,
) -> None:
    job, claimed = "deliver " + " and ".join(channels), [0]
    deliver_next: Callable[[], int] = partial(deliver_due, lane, channels)
    if OutboundChannel.EMAIL in channels:
        watching = partial(jobs.watchdog.watching, job, limit_seconds=_DELIVERY_LIMIT_SECONDS)
        deliver_next = partial(deliver_apart, lane, channels, freed=wake.set, watching=watching)

    def deliver() -> None:
        claimed[0] = 0
        claimed[0] = deliver_next()

    while not stop.is_set():
        wake.clear()
        failed = jobs.run(job, deliver, limit_seconds=_DELIVERY_LIMIT_SECONDS)
        if failed or not claimed[0]:
            wake.wait(POLL_SECONDS)
    # Whoever ends the process waits for this thread, though not for long.
    wait([one.future for one in lane.going.values()])


def _keep_computing(
    jobs: RecurringJobs,
    job: str,
    compute_next: Callable[[], bool],
    limit_seconds: float,
    wake: threading.Event,
    stop: threading.Event,
) -> None:
    """What somebody waits for on a page, one after the other."""
    computed = [False]

    def compute() -> None:
        computed[0] = False
        computed[0] = compute_next()

    while not stop.is_set():
        wake.clear()
        failed = jobs.run(job, compute, limit_seconds=limit_seconds)
        if failed or not computed[0]:
            wake.wait(POLL_SECONDS)


def _pass_wake_ups_on(wakes: Sequence[threading.Event], stop: threading.Event) -> None:
    while not stop.is_set():
        if wake_up.awake.wait(0.5):
            wake_up.awake.clear()
            for wake in wakes:
                wake.set()


def _listen_to_redis(jobs: RecurringJobs, settings: Settings, stop: threading.Event) -> None:
    """Take wake-ups from RQ for as long as Redis answers; without it the lanes poll."""
    while settings.redis_url and not stop.is_set():
        try:
            connection = bounded_redis(settings.redis_url, patience_seconds=_WORKER_TTL_SECONDS - 5)
            queue = Queue(wake_up.QUEUE, connection=connection, serializer=JSONSerializer)
            waker = ThreadedRqWorker(
                [queue], connection=connection, serializer=JSONSerializer, worker_ttl=_WORKER_TTL_SECONDS,
                default_result_ttl=0,
            )  # fmt: skip
            waker.work(logging_level="WARNING", with_scheduler=False)
        except Exception as trouble:  # whatever it was, only wake-ups are lost, and nobody else listens
            jobs.troubles.failed("listen to redis", trouble)
        stop.wait(_REDIS_PAUSE_SECONDS)


def _beat_until(stop: threading.Event, factory: sessionmaker[Session], jobs: RecurringJobs) -> None:
    def give_sign() -> None:
        with transaction(factory) as session:
            beat(session, kind=WORKER_KIND, now=database_now(session))
        jobs.write_troubles(factory)

    while True:
        jobs.run("sign of life", give_sign, limit_seconds=_BEAT_LIMIT_SECONDS)
        if stop.wait(BEAT_SECONDS):
            return


def _leave(engine: Engine, factory: sessionmaker[Session]) -> None:
    try:
        with transaction(factory) as session:
            say_goodbye(session, kind=WORKER_KIND)
    except SQLAlchemyError:
        log.warning("database.unreachable")
    engine.dispose()


def _thread(name: str, target: Callable[..., Any], *arguments: object) -> threading.Thread:
    # Daemons: a send that hangs must not keep the process from ending; its lease brings the message back.
    return threading.Thread(target=target, args=arguments, name=name, daemon=True)


if __name__ == "__main__":
    import os

    code = main()
    sys.stderr.flush()
    # Threads of the pools may still wait for a provider: leave without them.
    os._exit(code)
