"""Waking the worker through Redis: best effort, after commit; what is lost there, the pollers find in the database."""

from __future__ import annotations

import threading
from functools import cache

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from app.settings import Settings
from app.storage.redis_connection import bounded_redis

log = structlog.get_logger()

QUEUE = "hotline"
# With so many wake-ups waiting, one more changes nothing.
_ENOUGH_WAITING = 20
_PATIENCE_SECONDS = 0.5
_JOB_SECONDS = 60
_KEEP_FAILED_SECONDS = 86_400

# Set by a wake-up job, waited for by the lanes of this process (`app/processes/worker.py`).
awake = threading.Event()


def wake_outbox(settings: Settings) -> None:
    """Tell some worker that messages wait. Never raises and never waits long: callers have committed already."""
    if not settings.redis_url:
        return
    try:
        queue = Queue(QUEUE, connection=_quick_redis(settings.redis_url), serializer=JSONSerializer)
        if queue.count < _ENOUGH_WAITING:
            queue.enqueue(
                "app.delivery.wake_up.wake_lanes",
                job_timeout=_JOB_SECONDS,
                result_ttl=0,
                failure_ttl=_KEEP_FAILED_SECONDS,
                ttl=_JOB_SECONDS,
            )
    except (RedisError, OSError) as trouble:
        log.warning("redis.unreachable", reason=type(trouble).__name__)


def wake_lanes() -> None:
    """The job itself: the worker that took it looks into the outbox at once."""
    awake.set()


@cache
def _quick_redis(url: str) -> Redis:
    """One pool per process, impatient: a slow Redis must not slow down those who only want to wake somebody (G7)."""
    return bounded_redis(url, patience_seconds=_PATIENCE_SECONDS)
