"""Answers about a database that may say nothing: worked out in a thread, and given in time, done or not."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from app.storage.database_faults import passes

log = structlog.get_logger()

V = TypeVar("V")

# Whoever watches us gives up after two seconds, and then knows nothing at all.
PATIENCE_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class _Worked(Generic[V]):
    value: V
    at: float


class LatestAnswer(Generic[V]):
    """The last answer to one question. Whoever asks while it is being worked out waits for that very answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._done.set()
        self._worked: _Worked[V] | None = None
        self._told = ""

    def ask(self, work: Callable[[], V], *, patience_seconds: float) -> bool:
        """Whether an answer came in time. What did not goes on, and is there for the next who asks."""
        with self._lock:
            # Before the thread begins: it may be done at once.
            before = self._worked
            if self._done.is_set():
                self._done = threading.Event()
                threading.Thread(target=self._work, args=(work, self._done), daemon=True, name="monitoring").start()
            done = self._done
        return done.wait(patience_seconds) and self._worked is not before

    @property
    def value(self) -> V | None:
        """What was answered last, None before the first time."""
        return self._worked.value if self._worked else None

    @property
    def age_seconds(self) -> float | None:
        """How long ago that was."""
        return time.monotonic() - self._worked.at if self._worked else None

    def _work(self, work: Callable[[], V], done: threading.Event) -> None:
        try:
            self._worked = _Worked(work(), time.monotonic())
            self._told = ""
        except Exception as trouble:  # whatever it was, the answer before it stands, with its age, and tells of it
            self._tell(trouble)
        finally:
            done.set()

    def _tell(self, trouble: Exception) -> None:
        """Each fault once, however often it is asked for: it is a scrape's business to ask again."""
        kind = type(trouble).__name__
        if kind != self._told:
            log.warning("monitoring.not_answered", reason=kind, exc_info=not passes(trouble))
        self._told = kind
