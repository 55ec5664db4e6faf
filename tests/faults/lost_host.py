"""A line to PostgreSQL whose far end can be lost without a word, as when a host goes dark: nothing passes any more."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import make_url


@dataclass
class DarkLine:
    """Passes bytes on until `is_dark`; then it keeps every connection, and new ones, and passes nothing."""

    port: int
    target: str
    is_dark: bool = False
    ends: list[socket.socket] = field(default_factory=list)

    def leading_over(self, url: str) -> str:
        """The database's address, over this line."""
        return make_url(url).set(host="127.0.0.1", port=self.port, query={}).render_as_string(hide_password=False)

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while told := source.recv(65536):
                if not self.is_dark:
                    sink.sendall(told)
        if not self.is_dark:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def dark_line(url: str) -> Iterator[DarkLine]:
    """A line to the Unix socket of this address, on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    line = DarkLine(int(listening.getsockname()[1]), f"{make_url(url).query['host']}/.s.PGSQL.5432")
    threading.Thread(target=_accept, args=(listening, line), daemon=True).start()
    try:
        yield line
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        for end in (listening, *line.ends):
            end.close()


def _accept(listening: socket.socket, line: DarkLine) -> None:
    with suppress(OSError):
        while True:
            near, _ = listening.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(line.target)
            line.ends += [near, far]
            for ends in ((near, far), (far, near)):
                threading.Thread(target=line.pump, args=ends, daemon=True).start()
