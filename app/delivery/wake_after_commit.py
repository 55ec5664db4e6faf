"""Waking the worker after a request that posted messages, in the background: no caller waits for Redis."""

import threading

from sqlalchemy.orm import Session

from app.delivery.wake_up import wake_outbox
from app.settings import Settings
from tickets.outbox.posting import POSTED


class Waker:
    """A hook for after the commit. Its thread starts with the first message, so that a forked process has its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, session: Session) -> None:
        if session.info.pop(POSTED, False):
            self._asked.set()
            self._see_to_thread()

    def _see_to_thread(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="waking", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        """Requests that come while Redis is being asked share the next asking."""
        while True:
            self._asked.wait()
            self._asked.clear()
            wake_outbox(self._settings)
