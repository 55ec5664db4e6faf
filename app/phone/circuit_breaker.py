"""Not asking a database that is lost: after five lost connections in ten seconds, callers are spared the wait."""

import threading
import time
from collections import deque
from collections.abc import Callable

TROUBLES_TO_OPEN = 5
WITHIN_SECONDS = 10.0
# While open, one request in so many seconds is let through to see whether the trouble is over.
PROBE_SECONDS = 2.0


class CircuitBreaker:
    """Of one process. `seconds` is a monotonic clock."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._troubles: deque[float] = deque(maxlen=TROUBLES_TO_OPEN)
        self._open_since: float | None = None
        self._probed_at = 0.0

    def allows(self) -> bool:
        """Whether to try. While open only a probe is allowed now and then."""
        with self._lock:
            if self._open_since is None:
                return True
            now = self._seconds()
            if now - self._probed_at < PROBE_SECONDS:
                return False
            self._probed_at = now
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._open_since = None
            self._troubles.clear()

    def failed(self) -> None:
        """A connection that was lost or refused. A lock, a slow statement or a busy processor is none: all of them
        pass, and while the breaker is open everybody would be held up for the sake of one."""
        with self._lock:
            now = self._seconds()
            self._troubles.append(now)
            if len(self._troubles) == TROUBLES_TO_OPEN and now - self._troubles[0] <= WITHIN_SECONDS:
                if self._open_since is None:
                    self._probed_at = now
                self._open_since = now

    @property
    def is_open(self) -> bool:
        return self._open_since is not None
