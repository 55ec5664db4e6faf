"""What a process keeps in memory between requests: the keys, and the place index while the directory stays as it is."""

import threading
import time
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.settings import Settings
from tickets.directory.loading import load_places
from tickets.directory.places import PlaceIndex
from tickets.directory.rules import Rules, RulesCache
from tickets.keys import Keys, keys_from
from tickets.schema import Unit, UnitSuccession

_LOOK_EVERY_SECONDS = 30


@dataclass
class Reference:
    """Keys and caches of one process; reading is safe from several threads."""

    keys: Keys
    _rules: RulesCache = field(default_factory=RulesCache)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: PlaceIndex | None = None
    _version: tuple[int, ...] = ()
    _looked_at: float = float("-inf")

    @classmethod
    def from_settings(cls, settings: Settings) -> "Reference":
        return cls(keys_from(settings.secret_key))

    def rules(self, session: Session, *, on: date) -> Rules:
        """The rules in force on a day in the city; a change is seen within seconds."""
        return self._rules.current(session, on=on)

    def places(self, session: Session) -> PlaceIndex:
        """The place index; loaded anew when the directory's units changed, looked at twice a minute."""
        if self._places is not None and time.monotonic() - self._looked_at < _LOOK_EVERY_SECONDS:
            return self._places
        with self._lock:
            self._looked_at = time.monotonic()
            version = _directory_version(session)
            if self._places is None or version != self._version:
                self._places, self._version = load_places(session), version
            return self._places


def _directory_version(session: Session) -> tuple[int, ...]:
    units, newest, ended = session.execute(
        select(func.count(Unit.id), func.coalesce(func.max(Unit.id), 0), func.count(Unit.valid_to))
    ).one()
    edges = session.scalar(select(func.count(UnitSuccession.id))) or 0
    return units, newest, ended, edges
