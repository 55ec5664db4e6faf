"""Replaying this node's spool in the background, from the moment something lies in it until it is empty."""

import threading
from dataclasses import dataclass, field

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones, answer, answer_replayed
from app.phone.spool import Spool, Spooled, replay
from app.storage.carried_time import CarriedTime
from app.storage.database import repeated

PAUSE_SECONDS = 2.0

log = structlog.get_logger()


@dataclass
class Replayer:
    """One thread at most per process; several processes on one folder are harmless, because events are unique."""

    spool: Spool
    phones: Phones
    sessions: sessionmaker[Session]
    time: CarriedTime = field(default_factory=CarriedTime)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def wake_if_needed(self) -> None:
        with self._lock:
            # A thread that a fork has left behind is not alive; one that ends takes itself out under this lock.
            if self.spool.depth() and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, daemon=True, name="replay")
                self._thread.start()

    def replay_now(self) -> int:
        """One round over everything that waits."""
        return replay(self.spool, self._act)

    def _work(self) -> None:
        pause = threading.Event()
        while self._goes_on():
            pause.wait(PAUSE_SECONDS)
            try:
                done = self.replay_now()
            except Exception:
                log.exception("replay.broken")
                continue
            if done:
                log.info("replay.done", events=done)

    def _goes_on(self) -> bool:
        """Decided together with waking, or what is kept just as this thread ends would wait for another event."""
        with self._lock:
            if self.spool.depth():
                return True
            self._thread = None
            return False

    def _act(self, spooled: Spooled) -> None:
        webhook, received_at = spooled.webhook, spooled.received_at

        def take(session: Session) -> None:
            if spooled.was_held:
                # The caller comes back, or has come, to this very turn: whoever is first takes it for both.
                answer(session, webhook, self.phones, received_at=received_at, now=received_at)
            else:
                answer_replayed(session, webhook, self.phones, received_at=received_at, now=self.time.read(session))

        repeated(self.sessions, take)
