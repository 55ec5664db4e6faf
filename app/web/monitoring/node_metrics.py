"""What this node tells of itself without any database: its requests, pools, disk, spool, and whether Redis answers."""

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app.phone.spool import Spool
from app.storage.redis_connection import bounded_redis, prove_it_keeps
from app.web.frame.node_counts import NodeCounts
from app.web.monitoring.families import gauge, gauges, seconds_since

_REDIS_PATIENCE_SECONDS = 0.25


class NodeMetrics(Collector):
    """`pools`: the most connections that one process may have in each; `redis_seconds`: None where it was silent."""

    def __init__(
        self,
        data_dir: Path,
        counts: NodeCounts,
        pools: Mapping[str, int],
        *,
        redis_seconds: float | None,
        now: datetime,
    ) -> None:
        self._data_dir, self._counts, self._pools = data_dir, counts, pools
        self._redis_seconds, self._now = redis_seconds, now

    def collect(self) -> Iterator[Metric]:
        yield from self._counts.collect()
        limits = (([pool], most) for pool, most in self._pools.items())
        yield gauges("hotline_pool_limit", "Connections that one web process opens at most", ("pool",), limits)
        answers = self._redis_seconds is not None
        yield gauge("hotline_redis_answers", "Whether Redis answered this scrape and kept what it was given", answers)
        taken = self._redis_seconds if self._redis_seconds is not None else float("nan")
        yield gauge("hotline_redis_answer_seconds", "How long it took", taken)
        yield from self._disk()
        yield from self._spool()

    def _disk(self) -> Iterator[Metric]:
        disk = shutil.disk_usage(self._data_dir)
        yield gauge("hotline_disk_free_bytes", "Room left where this node's data folder lies", disk.free)
        yield gauge("hotline_disk_bytes", "Size of that disk", disk.total)

    def _spool(self) -> Iterator[Metric]:
        spool = Spool.in_data_dir(self._data_dir)
        yield gauge("hotline_spool_events", "Webhook events on disk, waiting for the database", spool.depth())
        oldest = seconds_since(spool.oldest_at(), now=self._now)
        yield gauge("hotline_spool_oldest_seconds", "Since the oldest of them was received", oldest)
        yield gauge("hotline_spool_refused", "Webhook events on disk that were given up", spool.refused_count())


def redis_seconds(url: str) -> float | None:
    """How long Redis takes to keep something, None when it does not: nothing of ours stands still without it."""
    began = time.monotonic()
    client = bounded_redis(url, patience_seconds=_REDIS_PATIENCE_SECONDS)
    try:
        prove_it_keeps(client)
    except (RedisError, OSError):
        return None
    finally:
        client.close()
    return time.monotonic() - began
