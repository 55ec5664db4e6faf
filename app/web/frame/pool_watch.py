"""How many connections a web process has in use: whoever finds none free waits, and then is refused."""

from collections.abc import Mapping
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
    def tell(given_back: int) -> None:
        if isinstance(engine.pool, QueuePool):
            counts.set_highest(*IN_USE, {"pool": name}, max(0, engine.pool.checkedout() - given_back))

    def handed_out(*_of_the_connection: Any) -> None:
        tell(0)

    def giving_back(*_of_the_connection: Any) -> None:
        # Told before the pool has it again.
        tell(1)

    event.listen(engine, "checkout", handed_out)
    event.listen(engine, "checkin", giving_back)
