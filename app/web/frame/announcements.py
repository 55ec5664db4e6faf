"""What every page says above itself, kept in memory: announced work, and that the city is not live yet."""

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.directory.going_live import city_is_preparing
from tickets.promises.exclusions import announced

_KEPT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Announcement:
    """What people are told: from when to when, and why."""

    from_at: datetime
    to_at: datetime
    reason: str


class Announcements:
    """Of one process; reading is safe from several threads."""

    def __init__(self) -> None:
        self._told: tuple[Announcement, ...] = ()
        self._read_at = float("-inf")
        # Nobody has decided yet that the whole city is live.
        self.is_preparing = False

    def refresh(self, session: Session, *, now: datetime) -> None:
        """Read them again where that was some seconds ago: after an answer, so that nobody's page waits for it."""
        if time.monotonic() - self._read_at > _KEPT_SECONDS:
            self.read(session, now=now)

    def read(self, session: Session, *, now: datetime) -> None:
        self._read_at = time.monotonic()
        self.is_preparing = city_is_preparing(session, on=day_of(now))
        self._told = tuple(Announcement(one.from_at, one.to_at, one.reason) for one in announced(session, now=now))

    def shown(self, now: datetime) -> Announcement | None:
        """The first that is not over; it was announced a day before at the earliest."""
        return next((one for one in self._told if now < one.to_at), None)
