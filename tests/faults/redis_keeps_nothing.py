"""A Redis that answers every question and refuses every write."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis


@contextmanager
def full(server: Redis) -> Iterator[None]:
    server.config_set("maxmemory", 1)
    try:
        yield
    finally:
        server.config_set("maxmemory", 0)


@contextmanager
def became_a_replica(server: Redis) -> Iterator[None]:
    """Of a master that is not there, as after half of a failover."""
    server.replicaof("127.0.0.1", 1)
    try:
        yield
    finally:
        server.replicaof("NO", "ONE")
