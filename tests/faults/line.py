"""A line between our processes and an engine that swallows what stands on it, as networks do that say nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import make_url

from app.settings import Settings


@dataclass
class Line:
    """Passes connections on to a socket; `swallow` silences those that stand, with no word to either side."""

    port: int
    target: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    standing: list["_Pair"] = field(default_factory=list)

    def swallow(self) -> int:
        """From now on nothing passes on the connections that stand; new ones do. How many stood."""
        with self.lock:
            living = [pair for pair in self.standing if not pair.is_over]
            for pair in living:
                pair.is_swallowed = True
            return len(living)


@dataclass
class _Pair:
    near: socket.socket
    far: socket.socket
    is_swallowed: bool = False
    is_over: bool = False

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while told := source.recv(65536):
                if not self.is_swallowed:
                    sink.sendall(told)
        if not self.is_swallowed:
            self.end()

    def end(self) -> None:
        self.is_over = True
        for end in (self.near, self.far):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def line_to(target: str) -> Iterator[Line]:
    """A line to a Unix socket, on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    line = Line(int(listening.getsockname()[1]), target)
    threading.Thread(target=_accept, args=(listening, line), daemon=True).start()
    try:
        yield line
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for pair in line.standing:
            pair.end()


def _accept(listening: socket.socket, line: Line) -> None:
    with suppress(OSError):
        while True:
            near, _ = listening.accept()
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(line.target)
            except OSError:
                near.close()
                continue
            pair = _Pair(near, far)
            with line.lock:
                line.standing.append(pair)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=pair.pump, args=ends, daemon=True).start()


def postgres_socket(url: str) -> str:
    folder = make_url(url).query["host"]
    return f"{folder}/.s.PGSQL.5432"


def valkey_socket(url: str) -> str:
    return urlsplit(url).path


def over(line: Line, url: str) -> str:
    """A database address that leads over the line."""
    return make_url(url).set(host="127.0.0.1", port=line.port, query={}).render_as_string(hide_password=False)


def redis_over(line: Line, url: str) -> str:
    parts = urlsplit(url)
    return f"redis://:{parts.password}@127.0.0.1:{line.port}/{parse_qs(parts.query).get('db', ['0'])[0]}"


def settings_over(settings: Settings, *, database: Line, redis: Line) -> Settings:
    """The same node, with both of its engines behind lines."""
    return settings.model_copy(
        update={
            "database_url": over(database, settings.database_url),
            "redis_url": redis_over(redis, settings.redis_url),
        }
    )
