"""What a process keeps in memory between requests: the keys, the rules in force and the place index."""

import gc
import threading
import time
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage.secret_keys import keys_of
from tickets.directory.loading import load_places
from tickets.directory.places import PlaceIndex
from tickets.keys import Keys, keys_from
from tickets.routing.rules import Rules, load_rules, places_version, version_now

# Pages that only show may be so much behind; whoever judges a contact asks which version is in force.
_SHOWN_FOR_SECONDS = 3.0

# Rules are published a few times a day: whoever meets that even twice in one reading is content with the last.
_READINGS = 3


@dataclass(frozen=True, slots=True)
class _Kept:
    rules: Rules
    places: PlaceIndex
    version: int
    places_version: int
    day: date


@dataclass
class Reference:
    """Keys and caches of one process; reading is safe from several threads.

    What is kept counts for the version it was read at: a contact is judged by the rules in force when it comes, and the
    first one after a change reads them.
    """

    keys: Keys
    """What follows from the settings alone, for whoever has no database at hand; otherwise `keys_in`."""
    _settings: Settings | None = None
    _kept: _Kept | None = None
    _asked_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Reference":
        return cls(keys_from(settings.secret_key, previous=settings.previous_secret_keys), settings)

    def keys_in(self, session: Session) -> Keys:
        """The keys with which references and PINs of these data are made and opened; raises WrongKey."""
        if self._settings is not None:
            self.keys, self._settings = keys_of(session, self._settings), None
        return self.keys

    def rules(self, session: Session, *, on: date, version: int | None = None) -> Rules:
        """The rules in force on a day in the city. `version` is what `version_now` said, if it was asked already."""
        return self._of(session, on, version).rules

    def places(self, session: Session, *, on: date, version: int | None = None) -> PlaceIndex:
        """The place index; built anew when the directory's units have changed."""
        return self._of(session, on, version).places

    @property
    def city_phone_known(self) -> str:
        """The city's number by what is in memory, for whoever may not ask the database; empty where nothing is."""
        return self._kept.rules.routing.city_phone if self._kept is not None else ""

    def version_to_show(self, session: Session) -> int:
        """The version for a page that only shows: what was asked within the last seconds will do."""
        kept = self._kept
        if kept is not None and time.monotonic() - self._asked_at < _SHOWN_FOR_SECONDS:
            return kept.version
        self._asked_at = time.monotonic()
        return version_now(session)

    def _of(self, session: Session, on: date, version: int | None) -> _Kept:
        wanted = version_now(session) if version is None else version
        kept = self._kept
        if kept is not None and kept.day == on and kept.version == wanted:
            return kept
        with self._lock:
            again = self._kept
            if again is None or again.day != on or again.version != wanted:
                self._kept = again = _read(session, on, again)
            return again


def _read(session: Session, on: date, before: _Kept | None) -> _Kept:
    """All of one version: what is published between two of its statements would be half old and half new."""
    kept = _read_once(session, on, before)
    for _ in range(_READINGS - 1):
        if version_now(session) == kept.version:
            break
        kept = _read_once(session, on, kept)
    if before is None or kept.places is not before.places:
        _leave_out_of_collections()
    return kept


def _read_once(session: Session, on: date, before: _Kept | None) -> _Kept:
    # The versions first: what changes while the rows are read is read again, now or by the next one who asks.
    version, places = version_now(session), places_version(session)
    rules = load_rules(session, on=on)
    same = before is not None and before.places_version == places
    return _Kept(rules, before.places if before and same else load_places(session), version, places, on)


def _leave_out_of_collections() -> None:
    """Let the garbage collector no longer walk what stays for good.

    The places and everything imported are 300,000 objects. A full collection walked them all, 140 to 180 ms, in the
    middle of whichever request came along: single answers took three times the median.
    """
    gc.collect()
    gc.freeze()
