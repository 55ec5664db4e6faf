"""Many callers in a process of their own, so that what they cost is told apart: they ring, press, speak, wait.

Reads what is wanted from standard input and writes what came of it, both as JSON. An answer's time counts from the
moment its request was due, so that a caller who is kept waiting by the one before is not forgotten.
"""

import heapq
import html
import json
import re
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlencode, urlsplit

from telephony.provider.signatures import sign

# As many connections as a provider keeps.
_HANDS = 128
# A turn of the hold loop, as long as its music lasts.
HOLD_ROUND_SECONDS = 20.0
# What is said while a caller is asked to hold the line, beside the pause itself.
_HOLD_WORDS_SECONDS = 3
_ACTION = re.compile(r'<(?:Gather|Record|Dial)\b[^>]* action="([^"]+)"')
_REDIRECT = re.compile(r"<Redirect[^>]*>([^<]+)<")
_PAUSE = re.compile(r'<Pause length="(\d+)"')
_SAYS = {
    "voice": {"CallStatus": "ringing"},
    "menu": {"Digits": "1"},
    "place": {"SpeechResult": "phường Bến Nghé quận 1 cũ"},
}
ANSWERED, RESTED, HELD, LET_GO, FAILED = "answered", "rested", "held", "let_go", "failed"


@dataclass
class DrivenCaller:
    """One call: where it asks next. `stays` in the queue, or hangs up as soon as it is there."""

    sid: str
    number: str
    url: str
    stays: bool = False
    is_there: bool = False

    @property
    def step(self) -> str:
        return urlsplit(self.url).path.rsplit("/", 1)[-1]


@dataclass
class WhatIsWanted:
    base_url: str
    account_sid: str
    token: str
    to: str
    seconds: float
    callers: list[dict[str, Any]]
    # When each caller begins, in seconds; whoever waits already comes by once a round.
    begins: list[float]


@dataclass
class Crowd:
    wanted: WhatIsWanted
    due: list[tuple[float, int, DrivenCaller]] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    ready: "SimpleQueue[tuple[float, DrivenCaller] | None]" = field(default_factory=SimpleQueue)
    changed: threading.Condition = field(default_factory=threading.Condition)
    unfinished: int = 0
    requests: int = 0
    order: int = 0

    def run(self) -> dict[str, Any]:
        used = time.process_time()
        began = time.monotonic() + 0.2
        callers = [DrivenCaller(**told) for told in self.wanted.callers]
        for caller, at in zip(callers, self.wanted.begins, strict=True):
            self._plan(began + at, caller)
        self.until = began + self.wanted.seconds
        hands = [threading.Thread(target=self._work, daemon=True) for _ in range(_HANDS)]
        for hand in hands:
            hand.start()
        self._hand_out()
        for _ in hands:
            self.ready.put(None)
        return {
            "seconds": sorted(self.taken),
            "answers": dict(self.answers),
            # With the ends of calls, for which no caller waits.
            "requests": self.requests,
            "processor": time.process_time() - used,
            "callers": [vars(caller) for caller in callers],
        }

    def _plan(self, at: float, caller: DrivenCaller) -> None:
        with self.changed:
            self.order += 1
            heapq.heappush(self.due, (at, self.order, caller))
            self.changed.notify()

    def _hand_out(self) -> None:
        """Each caller to a free hand when it is due, until nobody is left."""
        with self.changed:
            while self.due or self.unfinished:
                waits = self.due[0][0] - time.monotonic() if self.due else None
                if waits is not None and waits <= 0:
                    at, _, caller = heapq.heappop(self.due)
                    self.unfinished += 1
                    self.ready.put((at, caller))
                else:
                    self.changed.wait(waits)

    def _work(self) -> None:
        line = KeptLine(self.wanted.base_url)
        while (given := self.ready.get()) is not None:
            at, caller = given
            try:
                self._turn(line, caller, at)
            finally:
                with self.changed:
                    self.unfinished -= 1
                    self.requests += 1
                    self.changed.notify()

    def _turn(self, line: "KeptLine", caller: DrivenCaller, at: float) -> None:
        step = caller.step
        status, text = line.post(caller.url, self._signed(caller, step))
        now = time.monotonic()
        if step == "status":
            return
        following = next_address(text)
        word = what_it_is(status, text, following)
        with self.changed:
            self.taken.append(now - at)
            self.answers[word] += 1
        if following and word in (ANSWERED, RESTED, HELD):
            caller.url = following
            self._go_on(caller, step, word, text, at=at, now=now)

    def _go_on(self, caller: DrivenCaller, step: str, word: str, text: str, *, at: float, now: float) -> None:
        caller.is_there = caller.is_there or (step == "queue" and word != HELD)
        if word == HELD:
            pause = _PAUSE.search(text)
            following = now + _HOLD_WORDS_SECONDS + (int(pause[1]) if pause else 0)
        elif caller.is_there and not caller.stays:
            caller.url, following = f"{self.wanted.base_url}/webhooks/sim/status", now
        else:
            following = max(now, at + HOLD_ROUND_SECONDS) if caller.is_there else now
        if not (caller.stays and caller.is_there) or following < self.until:
            self._plan(following, caller)

    def _signed(self, caller: DrivenCaller, step: str) -> tuple[bytes, str]:
        form = {
            "AccountSid": self.wanted.account_sid,
            "CallSid": caller.sid,
            "From": caller.number,
            "To": self.wanted.to,
            "Direction": "inbound",
            "CallStatus": "completed" if step == "status" else "in-progress",
            **({} if "again=" in caller.url else _SAYS.get(step, {})),
        }
        return urlencode(form).encode(), sign(self.wanted.token, caller.url, form)


def next_address(text: str) -> str:
    found = _ACTION.search(text) or _REDIRECT.search(text)
    return html.unescape(found[1]).split("#", 1)[0] if found else ""


def what_it_is(status: int, text: str, following: str) -> str:
    """What a caller was answered; whoever hears the fail-safe document or is led to leave a message is let go."""
    if status != 200:
        return FAILED
    if "again=" in following:
        return RESTED if "<Play>" in text else HELD
    step = urlsplit(following).path.rsplit("/", 1)[-1]
    return ANSWERED if step in ("menu", "place", "queue", "dial") else LET_GO


class KeptLine:
    """One connection that is kept, as cheap as can be: what callers need of the processor the hotline lacks."""

    def __init__(self, base_url: str) -> None:
        self.at = urlsplit(base_url)
        self.connection: socket.socket | None = None

    def post(self, url: str, signed: tuple[bytes, str]) -> tuple[int, str]:
        """Status and body; 0 for a connection that broke, after a second try on a new one."""
        for _ in range(2):
            try:
                return self._post(url, *signed)
            except OSError:
                self.connection = None
        return 0, ""

    def _post(self, url: str, body: bytes, signature: str) -> tuple[int, str]:
        if self.connection is None:
            self.connection = socket.create_connection((self.at.hostname or "", self.at.port or 80), timeout=15)
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {self.at.netloc}\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.connection.sendall(head.encode() + body)
        return self._read(self.connection)

    @staticmethod
    def _read(connection: socket.socket) -> tuple[int, str]:
        told = b""
        while b"\r\n\r\n" not in told:
            more = connection.recv(65536)
            if not more:
                raise ConnectionResetError
            told += more
        head, _, body = told.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while len(body) < int(length[1] if length else 0):
            body += connection.recv(65536)
        return int(head.split(b" ", 2)[1]), body.decode()


if __name__ == "__main__":
    json.dump(Crowd(WhatIsWanted(**json.load(sys.stdin))).run(), sys.stdout)
