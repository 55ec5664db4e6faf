"""The tick as a job: is the clock to be believed, who ticks, then batch after batch until nothing is due."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.batches import ONE_BY_ONE_SECONDS, Batches
from app.clockwork.one_leader import Leadership, is_silent
from app.clockwork.tick_work import FIRE_LEVELS, NOTE_LATE_PROMISES, PURSUE_LEVELS
from app.storage.believed_clock import BelievedClock, ClockHeld
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from escalation.firing.gaps import note_tick
from escalation.firing.sweep import TickOutcome

log = structlog.get_logger()

_LONGEST_RUN_SECONDS = 60.0
_NOTE_AFTER_SECONDS = 5.0
_NOTE_MS = 1_000


@dataclass
class Ticker:
    """Everything a scheduler remembers between ticks. `wake` tells the worker that messages were written."""

    factory: sessionmaker[Session]
    leadership: Leadership
    wake: Callable[[], None]
    clock: BelievedClock = field(default_factory=BelievedClock)
    firing: Batches = field(init=False)
    # Firing comes first; each of these gets its batch when nothing is left to fire.
    beside_firing: tuple[Batches, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.firing = Batches(self.factory, FIRE_LEVELS, self.clock.now)
        self.beside_firing = tuple(
            Batches(self.factory, work, self.clock.now) for work in (NOTE_LATE_PROMISES, PURSUE_LEVELS)
        )

    @property
    def tickets_aside(self) -> int:
        """How many wait alone, because their rows hang, are held or are refused."""
        return len({ticket_id for one in (self.firing, *self.beside_firing) for ticket_id in one.set_aside})

    def run(self) -> int:
        """One tick; how many steps were fired."""
        with transaction(self.factory) as session:
            now = self.clock.look(session).now
            ours = now is not None and (self.leadership.leads or is_silent(session, now=now))
        if now is None or not ours:
            return 0
        self._note(now)
        try:
            return self._fire_all()
        except ClockHeld:
            # A clock jumped meanwhile: the clock itself has said so, and what was fired before is in the rows.
            return 0

    def _note(self, now: datetime) -> None:
        """Write that somebody ticks. Where somebody else holds that row, firing does not wait for it."""
        try:
            with transaction(self.factory) as session:
                within_less(session.connection(), statement_ms=_NOTE_MS, lock_ms=_NOTE_MS)
                outage = note_tick(session, now=now)
        except SQLAlchemyError as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            log.warning("tick.not_noted", reason=fault_of(trouble))
            return
        if outage is not None:
            log.warning("tick.gap", from_at=outage.from_at.isoformat(), to_at=outage.to_at.isoformat())

    def _now(self) -> datetime:
        with transaction(self.factory) as session:
            return self.clock.now(session)

    def _fire_all(self) -> int:
        fired, began = 0, time.monotonic()
        noted = began
        while time.monotonic() - began < _LONGEST_RUN_SECONDS:
            if time.monotonic() - noted > _NOTE_AFTER_SECONDS:
                # A long run over a backlog is no silence, and no outage afterwards.
                noted = time.monotonic()
                self._note(self._now())
            done = self._told(self.firing.next())
            fired += done.fired
            # In turn, and firing again after each: what becomes due meanwhile waits for no backlog of theirs.
            if not done.claimed and not any(self._told(one.next()).claimed for one in self.beside_firing):
                break
        return fired + self._do_what_was_set_aside()

    def _do_what_was_set_aside(self) -> int:
        until = time.monotonic() + ONE_BY_ONE_SECONDS
        return sum(self._told(one.again(until=until)).fired for one in (self.firing, *self.beside_firing))

    def _told(self, done: TickOutcome) -> TickOutcome:
        if done.notified:
            self.wake()
        return done
