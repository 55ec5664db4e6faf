"""What a process keeps in memory between requests: the keys, the rules in force and the place index."""

import gc
import threading
import time
from dataclasses import dataclass, field
from datetime import date

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings
from app.storage.database import transaction
from app.storage.database_faults import fault_of
from tickets.directory.loading import load_places
from tickets.directory.places import PlaceIndex
from tickets.keys import Keys, keys_from
from tickets.routing.rules import Rules, load_rules
from tickets.schema import Unit, UnitSuccession

log = structlog.get_logger()

# A changed rule is in force everywhere after this; nobody's request waits for the reading.
_RENEW_AFTER_SECONDS = 3.0
# Should renewing in the background fail for so long, the request reads itself, or fails honestly.
_TOO_OLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Kept:
    rules: Rules
    places: PlaceIndex
    version: tuple[int, ...]
    day: date
    read_at: float

    def age(self) -> float:
        # A monotonic clock, because only the age counts here.
        return time.monotonic() - self.read_at


@dataclass
class Reference:
    """Keys and caches of one process; reading is safe from several threads.

    With `sessions` what is kept is renewed in the background, so that a caller's webhook never pays for it.
    """

    keys: Keys
    sessions: sessionmaker[Session] | None = None
    _kept: _Kept | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _renewing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_settings(cls, settings: Settings, sessions: sessionmaker[Session] | None = None) -> "Reference":
        return cls(keys_from(settings.secret_key), sessions)

    def rules(self, session: Session, *, on: date) -> Rules:
        """The rules in force on a day in the city; a change is seen within seconds."""
        return self._current(session, on).rules

    def places(self, session: Session, *, on: date) -> PlaceIndex:
        """The place index; built anew when the directory's units have changed."""
        return self._current(session, on).places

    def _current(self, session: Session, on: date) -> _Kept:
        kept = self._kept
        if kept is not None and kept.day == on and kept.age() < _RENEW_AFTER_SECONDS:
            return kept
        if kept is not None and kept.day == on and self.sessions is not None and kept.age() < _TOO_OLD_SECONDS:
            self._renew_soon(on)
            return kept
        with self._lock:
            again = self._kept
            if again is None or again.day != on or again.age() >= _RENEW_AFTER_SECONDS:
                self._kept = again = _read(session, on, again)
            return again

    def _renew_soon(self, on: date) -> None:
        if self._renewing.acquire(blocking=False):
            threading.Thread(target=self._renew, args=(on,), daemon=True, name="reference").start()

    def _renew(self, on: date) -> None:
        try:
            assert self.sessions is not None  # noqa: S101  (the caller has looked)
            with transaction(self.sessions) as session:
                self._kept = _read(session, on, self._kept)
        except SQLAlchemyError as error:
            log.warning("reference.not_renewed", reason=fault_of(error))
        finally:
            self._renewing.release()


def _read(session: Session, on: date, before: _Kept | None) -> _Kept:
    version = _directory_version(session)
    if before is not None and before.version == version:
        return _Kept(load_rules(session, on=on), before.places, version, on, time.monotonic())
    kept = _Kept(load_rules(session, on=on), load_places(session), version, on, time.monotonic())
    _leave_out_of_collections()
    return kept


def _leave_out_of_collections() -> None:
    """Let the garbage collector no longer walk what stays for good.

    The places and everything imported are 300,000 objects. A full collection walked them all, 140 to 180 ms, in the
    middle of whichever request came along: single answers took three times the median.
    """
    gc.collect()
    gc.freeze()


def _directory_version(session: Session) -> tuple[int, ...]:
    edges = select(func.count(UnitSuccession.id)).scalar_subquery()
    row = session.execute(
        select(func.count(Unit.id), func.coalesce(func.max(Unit.id), 0), func.count(Unit.valid_to), edges)
    ).one()
    return tuple(row)
