"""The tick as a job: is the clock to be believed, who ticks, then batch after batch until nothing is due."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.believed_clock import TickClock
from app.clockwork.one_leader import Leadership, is_silent
from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from app.storage.database_faults import passes
from escalation.firing.due import claim_tickets
from escalation.firing.gaps import note_tick
from escalation.firing.sweep import TICKETS_PER_SWEEP, tick

log = structlog.get_logger()

# A ticket that cannot be fired is tried again after so long; meanwhile it stands in nobody's way (G19).
POISON_PAUSE = timedelta(minutes=5)
_LONGEST_RUN_SECONDS = 60.0
_NOTE_AFTER_SECONDS = 5.0


@dataclass
class Ticker:
    """Everything a scheduler remembers between ticks. `wake` tells the worker that messages were written."""

    factory: sessionmaker[Session]
    leadership: Leadership
    wake: Callable[[], None]
    clock: TickClock = field(default_factory=TickClock)
    poisoned: dict[int, datetime] = field(default_factory=dict)

    def run(self) -> int:
        """One tick; how many steps were fired."""
        with transaction(self.factory) as session:
            now = database_now(session)
            may_fire = self.clock.agrees(wall=now, monotonic=time.monotonic())
            ours = self.leadership.held() or is_silent(session, now=now)
        if not may_fire:
            log.warning("tick.clock_jumped", now=now.isoformat())
            return 0
        if not ours:
            return 0
        self._note(now)
        return self._fire_all()

    def _note(self, now: datetime) -> None:
        with transaction(self.factory) as session:
            outage = note_tick(session, now=now)
        if outage is not None:
            log.warning("tick.gap", from_at=outage.from_at.isoformat(), to_at=outage.to_at.isoformat())

    def _now(self) -> datetime:
        with transaction(self.factory) as session:
            return database_now(session)

    def _fire_all(self) -> int:
        fired, began = 0, time.monotonic()
        noted = began
        while time.monotonic() - began < _LONGEST_RUN_SECONDS:
            if time.monotonic() - noted > _NOTE_AFTER_SECONDS:
                # A long run over a backlog is no silence, and no outage afterwards.
                noted = time.monotonic()
                self._note(self._now())
            claimed, steps, notified = self._fire_batch(TICKETS_PER_SWEEP)
            fired += steps
            if notified:
                self.wake()
            if not claimed:
                break
        return fired

    def _fire_batch(self, batch: int) -> tuple[int, int, int]:
        """Fire one batch; if it cannot be fired as a whole, ticket by ticket, and put aside the one that cannot."""
        try:
            with transaction(self.factory) as session:
                now = database_now(session)
                done = tick(session, now=now, batch=batch, leave_out=self._left_out(now))
        except Exception as trouble:
            if passes(trouble):
                raise
            if batch > 1:
                return self._fire_one_by_one(batch)
            raise
        return done.claimed, done.fired, done.notified

    def _fire_one_by_one(self, batch: int) -> tuple[int, int, int]:
        totals = [0, 0, 0]
        for _ in range(batch):
            try:
                done = self._fire_batch(1)
            except Exception as trouble:
                if passes(trouble):
                    raise
                self._put_aside(trouble)
                totals[0] += 1
                continue
            totals = [known + new for known, new in zip(totals, done, strict=True)]
            if not done[0]:
                break
        return totals[0], totals[1], totals[2]

    def _put_aside(self, trouble: Exception) -> None:
        """The ticket that stands first in line is the one that could not be fired."""
        with transaction(self.factory) as session:
            now = database_now(session)
            for ticket_id in claim_tickets(session, now=now, batch=1, leave_out=self._left_out(now)):
                self.poisoned[ticket_id] = now + POISON_PAUSE
                log.error("tick.ticket_put_aside", ticket_id=ticket_id, reason=repr(trouble))

    def _left_out(self, now: datetime) -> list[int]:
        self.poisoned = {ticket_id: until for ticket_id, until in self.poisoned.items() if until > now}
        return list(self.poisoned)
