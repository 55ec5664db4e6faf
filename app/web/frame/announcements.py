"""Announced work on the system, kept in memory so that every page may say it without asking the database."""

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

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

    def refresh(self, session: Session, *, now: datetime) -> None:
        """Read them again where that was some seconds ago: after an answer, so that nobody's page waits for it."""
        if time.monotonic() - self._read_at > _KEPT_SECONDS:
            self.read(session, now=now)

    def read(self, session: Session, *, now: datetime) -> None:
        self._read_at = time.monotonic()
        self._told = tuple(Announcement(one.from_at, one.to_at, one.reason) for one in announced(session, now=now))

    def shown(self, now: datetime) -> Announcement | None:
        """The first that is not over; it was announced a day before at the earliest."""
        return next((one for one in self._told if now < one.to_at), None)
