"""Connections to Redis that wait for nobody for ever: every one of ours is opened here."""

import socket
from typing import Any

from redis import Redis
from redis.sentinel import Sentinel

from app.server_addresses import SentinelAddress, sentinel_address

# A peer that answers no probe for 19 s is lost; see `app/storage/bounded_connection.py`.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 3, socket.TCP_KEEPCNT: 3}
# A connection that rested for so long is asked before it is used.
_ASK_AFTER_SECONDS = 10
# A sentinel that is away is passed over for the next, which one of these waits for.
_SENTINEL_PATIENCE_SECONDS = 0.5
_PROOF, _PROOF_SECONDS = "hotline:kept", 60


def bounded_redis(url: str, *, patience_seconds: float) -> Redis:
    """A client whose connecting and whose every answer takes `patience_seconds` at most.

    Where sentinels are named, every new connection is to the Redis they call the master then.
    """
    limits = redis_limits(url, patience_seconds=patience_seconds)
    watched = sentinel_address(url)
    if watched is None:
        return Redis.from_url(url, **limits)
    sentinels = Sentinel(list(watched.sentinels), **limits)
    client: Redis = sentinels.master_for(watched.service)
    return client


def prove_it_keeps(client: Redis) -> None:
    """Raises RedisError where it answers every question and refuses every write: a replica, or full."""
    client.set(_PROOF, "1", ex=_PROOF_SECONDS)


def redis_limits(url: str, *, patience_seconds: float) -> dict[str, Any]:
    """The same as parameters, for libraries that open their own."""
    limits: dict[str, Any] = {
        "socket_timeout": patience_seconds,
        "socket_connect_timeout": patience_seconds,
        "health_check_interval": _ASK_AFTER_SECONDS,
    }
    if not url.startswith(("unix://", "redis+unix://")):
        limits |= {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    watched = sentinel_address(url)
    return limits if watched is None else {**limits, **_whom_to_ask(watched, limits)}


def _whom_to_ask(watched: SentinelAddress, limits: dict[str, Any]) -> dict[str, Any]:
    encrypted = {"ssl": True} if watched.is_encrypted else {}
    patience = min(limits["socket_timeout"], _SENTINEL_PATIENCE_SECONDS)
    asked = {"socket_timeout": patience, "socket_connect_timeout": patience}
    who = {"username": watched.username} if watched.username else {}
    return {
        "sentinel_kwargs": {**limits, **asked, **encrypted, "username": None, "password": watched.sentinel_password},
        "db": watched.database,
        "password": watched.password,
        **who,
        **encrypted,
    }
