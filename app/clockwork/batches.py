"""Firing what is due in batches: a ticket that hangs, is locked or cannot be fired is late alone (G19)."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.patience import (
    FOR_A_BATCH,
    FOR_A_LATE_ONE,
    FOR_A_TICKET,
    PAUSE_OF_HELD_SECONDS,
    Patience,
    SetAside,
    pause_after,
    reason_of,
)
from app.processes.signs_of_life import database_now
from app.storage.believed_clock import ClockHeld
from app.storage.bounded_connection import within_less
from app.storage.database import repeated, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from escalation.firing.due import claim_tickets
from escalation.firing.sweep import TICKETS_PER_SWEEP, TickOutcome, tick

log = structlog.get_logger()

# For trying what was set aside, of each tick: the others' next steps are due after it.
_LATE_SECONDS = 4.0


@dataclass
class Batches:
    """What one scheduler remembers of tickets that could not be fired. `seconds` is a monotonic clock.

    `now` reads the time to act by anew in every transaction, for a clock may jump between two; it raises ClockHeld.
    """

    factory: sessionmaker[Session]
    now: Callable[[Session], datetime] = database_now
    seconds: Callable[[], float] = time.monotonic
    set_aside: dict[int, SetAside] = field(default_factory=dict)

    def fire_next(self) -> TickOutcome:
        """The next batch; if it cannot be fired as a whole, ticket by ticket. Raises what is a fault for everybody."""
        try:
            return self._fire(FOR_A_BATCH, batch=TICKETS_PER_SWEEP)
        except ClockHeld:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            log.warning("tick.batch_split", reason=reason_of(trouble))
        with transaction(self.factory) as session:
            now = self.now(session)
            ticket_ids = claim_tickets(session, now=now, batch=TICKETS_PER_SWEEP, leave_out=list(self.set_aside))
        return _together([self._fire_one(ticket_id, FOR_A_TICKET) for ticket_id in ticket_ids])

    def fire_set_aside(self) -> TickOutcome:
        """Some of those whose pause is over, each for itself and for longer than the others would wait for it."""
        began, done = self.seconds(), []
        for ticket_id in sorted(self.set_aside, key=lambda one: self.set_aside[one].again_at):
            now = self.seconds()
            if now - began > _LATE_SECONDS or self.set_aside[ticket_id].again_at > now:
                break
            done.append(self._fire_one(ticket_id, FOR_A_LATE_ONE))
        return _together(done)

    def _fire_one(self, ticket_id: int, patience: Patience) -> TickOutcome:
        try:
            done = self._fire(patience, batch=1, only=[ticket_id])
        except ClockHeld:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            times = self.set_aside[ticket_id].times if ticket_id in self.set_aside else 0
            self._put_aside(ticket_id, pause=pause_after(trouble, times=times), reason=reason_of(trouble))
            return TickOutcome(claimed=1)
        if ticket_id not in done.held and ticket_id in self.set_aside:
            del self.set_aside[ticket_id]
            # Fired, or no longer due; or another scheduler is firing it.
            log.info("tick.ticket_no_longer_aside", ticket_id=ticket_id, fired=done.fired)
        return done

    def _fire(self, patience: Patience, *, batch: int, only: Collection[int] | None = None) -> TickOutcome:
        leave_out = list(self.set_aside) if only is None else []

        def work(session: Session) -> TickOutcome:
            within_less(session.connection(), statement_ms=patience.statement_ms, lock_ms=patience.lock_ms)
            return tick(session, now=self.now(session), batch=batch, leave_out=leave_out, only=only)

        done = repeated(self.factory, work)
        for ticket_id in done.held:
            self._put_aside(ticket_id, pause=PAUSE_OF_HELD_SECONDS, reason="held by somebody else")
        return done

    def _put_aside(self, ticket_id: int, *, pause: float, reason: str) -> None:
        before = self.set_aside.get(ticket_id)
        self.set_aside[ticket_id] = SetAside(self.seconds() + pause, before.times + 1 if before else 1)
        if before is None:
            log.error("tick.ticket_put_aside", ticket_id=ticket_id, reason=reason)


def _together(done: Collection[TickOutcome]) -> TickOutcome:
    return TickOutcome(
        claimed=sum(one.claimed for one in done),
        fired=sum(one.fired for one in done),
        notified=sum(one.notified for one in done),
    )
