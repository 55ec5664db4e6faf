"""How many connections a web process has in use: whoever finds none free waits, and then is refused."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, QueuePool, event

from app.web.frame.node_counts import NodeCounts

IN_USE = ("hotline_pool_in_use", "Connections in use now, in the web process that uses most")


def watch_pools(counts: NodeCounts, pools: Mapping[str, Engine]) -> None:
    """Tell of each pool, by name, how much of it is in use, whenever that changes."""
    for name, engine in pools.items():
        _watch(counts, name, engine)


def most_connections(engine: Engine) -> int:
    """How many one process opens on this engine at the very most, 0 where nothing limits them."""
    pool = engine.pool
    return pool.size() + max(0, pool._max_overflow) if isinstance(pool, QueuePool) else 0


def _watch(counts: NodeCounts, name: str, engine: Engine) -> None:
    """Counted here: the pool has a connection again only after it has told of it, and two that come back at once would
    each be told as if the other were still away, until somebody next takes one."""
    in_use: set[int] = set()
    lock = threading.Lock()

    def tell(change: Callable[[int], None], record: Any) -> None:
        if isinstance(engine.pool, QueuePool):
            with lock:
                change(id(record))
                counts.set_highest(*IN_USE, {"pool": name}, len(in_use))

    def handed_out(_connection: Any, record: Any, _proxy: Any) -> None:
        tell(in_use.add, record)

    def giving_back(_connection: Any, record: Any) -> None:
        tell(in_use.discard, record)

    event.listen(engine, "checkout", handed_out)
    event.listen(engine, "checkin", giving_back)
