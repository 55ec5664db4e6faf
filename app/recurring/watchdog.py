"""A process whose work hangs names it and ends itself: whoever supervises it starts it again, and the work goes on.

A job that hangs keeps its thread and its place, so that it never comes again, while every other sign of the process
stays green. Nothing inside the process can end such a thread.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

from app.recurring.service_manager import tell_alive

# Supervisors start a process again whatever it ends with; the number tells people why it did.
HUNG_EXIT_CODE = 70
_LOOKS_EVERY_SECONDS = 1.0
# A process that was stopped for a while, or a machine that slept, has not hung: of a pause no more than this counts.
_MOST_OF_A_PAUSE_SECONDS = 2.0
_OUTERMOST_FRAMES = 25


@dataclass(slots=True)
class _Watched:
    """One piece of work: when it began, how long it may take, and which thread does it."""

    job: str
    limit_seconds: float
    began: float
    thread_id: int


@dataclass
class Watchdog:
    """One per process. `start_thread` starts a thread of the system's, also where threads are made of greenlets."""

    is_armed: bool = True
    start_thread: Callable[[Callable[[], None]], object] = field(default_factory=lambda: _daemon)
    sleep: Callable[[float], None] = time.sleep
    end: Callable[[int], object] = os._exit
    _watched: dict[object, _Watched] = field(default_factory=dict)
    _seconds: float = 0.0
    _process: int = 0

    @contextmanager
    def watching(self, job: str, *, limit_seconds: float) -> Iterator[None]:
        """The block may take `limit_seconds`."""
        self._wake_up()
        key = object()
        self._watched[key] = _Watched(job, limit_seconds, self._seconds, threading.get_ident())
        try:
            yield
        finally:
            self._watched.pop(key, None)

    def expect(self, job: str, *, again_within_seconds: float) -> None:
        """Whoever calls this calls it again within so long, or has hung; the last call of a job counts."""
        self._wake_up()
        self._watched[job] = _Watched(job, again_within_seconds, self._seconds, threading.get_ident())

    def rest(self) -> None:
        """The process is ending in order: nothing is expected any more."""
        self.is_armed = False
        self._watched.clear()

    def _wake_up(self) -> None:
        """Watch from the first work on, and in a forked process anew: threads do not live on there."""
        if self.is_armed and self._process != os.getpid():
            self._process = os.getpid()
            self._watched.clear()
            self.start_thread(self._watch)

    def _watch(self) -> None:
        before = time.monotonic()
        while True:
            self.sleep(_LOOKS_EVERY_SECONDS)
            now = time.monotonic()
            self._seconds += min(now - before, _MOST_OF_A_PAUSE_SECONDS)
            before = now
            tell_alive()
            for one in list(self._watched.values()):
                if self._seconds - one.began > one.limit_seconds:
                    # A log that takes nothing any more must not keep alive what hangs.
                    with suppress(Exception):
                        _tell(one, self._seconds - one.began)
                    self.end(HUNG_EXIT_CODE)
                    return


def _daemon(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True, name="watchdog").start()


def _tell(one: _Watched, seconds: float) -> None:
    """Straight to the log, past every lock that whoever hangs may hold."""
    told = {
        "event": "watchdog.hung",
        "level": "critical",
        "job": one.job,
        "seconds": round(seconds),
        "limit_seconds": one.limit_seconds,
        "timestamp": datetime.now(UTC).isoformat(),
        "stack": _stack(sys._current_frames().get(one.thread_id)),
    }
    os.write(2, (json.dumps(told) + "\n").encode())


def _stack(frame: FrameType | None) -> list[str]:
    """Where the thread stands: files, lines and functions, and nothing of what they hold."""
    if frame is None:
        return []
    return [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_stack(frame)[-_OUTERMOST_FRAMES:]]
