"""Connections to Redis that wait for nobody for ever: every one of ours is opened here."""

import socket
from typing import Any

from redis import Redis

# A peer that answers no probe for 19 s is lost; see `app/storage/bounded_connection.py`.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 3, socket.TCP_KEEPCNT: 3}
# A connection that rested for so long is asked before it is used.
_ASK_AFTER_SECONDS = 10


def bounded_redis(url: str, *, patience_seconds: float) -> Redis:
    """A client whose connecting and whose every answer takes `patience_seconds` at most."""
    return Redis.from_url(url, **redis_limits(url, patience_seconds=patience_seconds))


def redis_limits(url: str, *, patience_seconds: float) -> dict[str, Any]:
    """The same as parameters, for libraries that open their own."""
    limits = {
        "socket_timeout": patience_seconds,
        "socket_connect_timeout": patience_seconds,
        "health_check_interval": _ASK_AFTER_SECONDS,
    }
    if url.startswith(("unix://", "redis+unix://")):
        return limits
    return {**limits, "socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
