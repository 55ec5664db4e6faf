"""The time for whoever cannot wait until clocks agree (pages, calls, messages): the database's, carried on.

One machine's clock that is wrong ends no session there and sends nothing early, and a database's that jumps does not
either: while no two agree, the time goes on from where they last did.
"""

import threading
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.storage.believed_clock import BelievedClock, seconds_since_boot
from app.storage.clock_judge import TOLERANCE

_LOOK_EVERY_SECONDS = 5.0


class CarriedTime:
    """One per process; any thread may ask."""

    def __init__(self, clock: BelievedClock | None = None, *, look_every_seconds: float = _LOOK_EVERY_SECONDS) -> None:
        self._clock = clock or BelievedClock()
        self._look_every_seconds = look_every_seconds
        self._lock = threading.Lock()
        self._anchor: tuple[datetime, float] | None = None
        self._looked = float("-inf")

    @property
    def is_known(self) -> bool:
        """Whether the database has ever told this process the time."""
        return self._anchor is not None

    def now(self) -> datetime:
        """Without a word of the database yet: this machine's clock."""
        anchor = self._anchor
        if anchor is None:
            return utc_now()
        return anchor[0] + timedelta(seconds=seconds_since_boot() - anchor[1])

    def believed(self, database_at: datetime) -> datetime:
        """What the database's clock says now, unless that has just jumped away from where the time goes on."""
        if not self.is_known or abs(database_at - self.now()) <= TOLERANCE:
            return database_at
        return self.now()

    def refresh(self, session: Session) -> None:
        """Look again, every few seconds at most. A database that does not answer changes nothing, and may roll back."""
        with self._lock:
            if seconds_since_boot() - self._looked < self._look_every_seconds:
                return
            self._looked = seconds_since_boot()
        try:
            judged = self._clock.look(session)
        except SQLAlchemyError:
            session.rollback()
            return
        now = judged.now or (self.now() if self.is_known else judged.reading.database_at)
        self._anchor = (now, judged.reading.seconds)

    def read(self, session: Session) -> datetime:
        """Refreshed where it is time to, then told."""
        self.refresh(session)
        return self.now()
