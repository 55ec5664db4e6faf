"""Requests whose answer begins in time: the body has its own limit (`limited_answer`), what comes before it this one.

A limit on each read alone would let a server hold us with a letter of a header now and then, for hours.
"""

import socket
import threading
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Timely:
    """Mixed into both of urllib3's connections, whose methods mypy cannot know here."""

    head_seconds: float
    sock: socket.socket | None

    def getresponse(self) -> Any:
        end = threading.Timer(self.head_seconds, self._cut)
        end.daemon = True
        end.start()
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            end.cancel()

    def _cut(self) -> None:
        if (sock := self.sock) is not None:
            with suppress(OSError):
                # Not by the method of a TLS connection: whoever reads from it is to find an end, not a closed object.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _TimelyAdapter(HTTPAdapter):
    def __init__(self, head_seconds: float) -> None:
        self._pools = _pools(head_seconds)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **parameters: Any) -> None:
        super().init_poolmanager(*arguments, **parameters)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *arguments: Any, **parameters: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **parameters)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(head_seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    limit = {"head_seconds": head_seconds}
    plain = type("TimelyConnection", (_Timely, HTTPConnection), limit)
    secure = type("TimelySecureConnection", (_Timely, HTTPSConnection), limit)
    return {
        "http": type("TimelyPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TimelySecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


def timely_session(head_seconds: float) -> requests.Session:
    """A session whose requests fail as of a lost connection where the answer's beginning takes longer than that."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _TimelyAdapter(head_seconds))
    return session
