"""A mail server on this machine: takes mail, refuses a recipient, or wants to know who we are."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class MailServer(socketserver.ThreadingTCPServer):
    """What it took, and what it says. `knows_us` is None where it never asks who we are.

    After `silent_after` (a command, or `.` for a whole mail) it says nothing more; `farewell` is what it says to QUIT.
    Before its answer to `slow_after` (`connect`: its greeting) it waits for `goes_on`.
    """

    def __init__(
        self, refusal: str, knows_us: bool | None, silent_after: str, farewell: str, slow_after: str,
        *, offers_tls: bool,
    ) -> None:  # fmt: skip
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[str] = []
        self.heard: list[str] = []
        self.offers_tls = offers_tls
        self.refusal, self.knows_us = refusal, knows_us
        self.silent_after, self.farewell = silent_after, farewell
        self.slow_after, self.is_asked, self.goes_on = slow_after, threading.Event(), threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    """Enough of SMTP to take mail."""

    def handle(self) -> None:
        self._say("220 test", to="connect")
        for raw in self.rfile:
            word = raw.decode("utf-8").rstrip("\r\n").upper().split(" ")[0]
            self.server.heard.append(word)
            self._say(self._answer(word), to=word)
            if word == "QUIT":
                return
            if word == "DATA":
                if (mail := self._mail()) is None:
                    return
                self.server.mails.append(mail)
                self._say("250 taken", to=".")

    def _answer(self, word: str) -> str:
        if word == "EHLO" and self.server.offers_tls:
            return "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"
        if word == "STARTTLS":
            return "454 4.7.0 not now"
        if word == "EHLO" and self.server.knows_us is not None:
            return "250-test\r\n250 AUTH PLAIN"
        if word == "AUTH":
            return "235 welcome" if self.server.knows_us else "535 5.7.8 wrong password"
        if word == "RCPT" and self.server.refusal:
            return self.server.refusal
        return {"DATA": "354 go on", "QUIT": self.server.farewell}.get(word, "250 ok")

    def _mail(self) -> str | None:
        """None where it broke off."""
        lines: list[str] = []
        for raw in self.rfile:
            line = raw.decode("utf-8").rstrip("\r\n")
            if line == ".":
                return "\n".join(lines)
            lines.append(line)
        return None

    def _say(self, line: str, *, to: str = "") -> None:
        if to and to == self.server.slow_after:
            self.server.is_asked.set()
            self.server.goes_on.wait(60)
        if not to or to != self.server.silent_after:
            self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def mail_server(
    refusal: str = "",
    *,
    knows_us: bool | None = None,
    silent_after: str = "",
    farewell: str = "221 bye",
    slow_after: str = "",
    offers_tls: bool = False,
) -> Iterator[MailServer]:
    server = MailServer(refusal, knows_us, silent_after, farewell, slow_after, offers_tls=offers_tls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.goes_on.set()
        server.shutdown()
        server.server_close()


class _Dripping(socketserver.StreamRequestHandler):
    """Begins to greet and never comes to an end: a word every moment, so that no silence is long."""

    def handle(self) -> None:
        with suppress(OSError):
            while True:
                self.wfile.write(b"220-please wait\r\n")
                time.sleep(0.05)


@contextmanager
def dripping_mail_server() -> Iterator[str]:
    """The address of one that goes on greeting."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dripping) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
