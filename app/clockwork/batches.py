"""What a tick does, batch by batch: a ticket that hangs, is held or is refused is late alone (G19)."""

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
from app.clockwork.tick_work import FIRE_LEVELS, TickWork
from app.processes.signs_of_life import database_now
from app.storage.believed_clock import ClockHeld
from app.storage.bounded_connection import within_less
from app.storage.database import repeated, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from escalation.firing.sweep import TickOutcome

log = structlog.get_logger()

# For tickets one after the other: whoever is left of a batch comes with the next, without those that were in its way.
ONE_BY_ONE_SECONDS = 4.0


@dataclass
class Batches:
    """What one scheduler remembers of tickets with which a work of its ticks could not be done.

    `now` reads the time to act by anew in every transaction, for a clock may jump between two; it raises ClockHeld.
    `seconds` is a monotonic clock.
    """

    factory: sessionmaker[Session]
    work: TickWork = FIRE_LEVELS
    now: Callable[[Session], datetime] = database_now
    seconds: Callable[[], float] = time.monotonic
    set_aside: dict[int, SetAside] = field(default_factory=dict)

    def next(self) -> TickOutcome:
        """The next batch; if it cannot be done as a whole, ticket by ticket. Raises what is a fault for everybody."""
        try:
            return self._do(FOR_A_BATCH)
        except ClockHeld:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            log.warning("tick.batch_split", work=self.work.name, reason=reason_of(trouble))
        with transaction(self.factory) as session:
            ticket_ids = self.work.waiting(session, now=self.now(session), leave_out=list(self.set_aside))
        return self._one_by_one(ticket_ids, FOR_A_TICKET, until=self.seconds() + ONE_BY_ONE_SECONDS)

    def again(self, *, until: float) -> TickOutcome:
        """Those whose pause is over, each for itself and for longer than the others would wait for it.

        None is begun after `until`: the others' next steps are due then.
        """
        now = self.seconds()
        over = [ticket_id for ticket_id, one in self.set_aside.items() if one.again_at <= now]
        longest_first = sorted(over, key=lambda one: self.set_aside[one].again_at)
        return self._one_by_one(longest_first, FOR_A_LATE_ONE, until=until)

    def _one_by_one(self, ticket_ids: Collection[int], patience: Patience, *, until: float) -> TickOutcome:
        done = []
        for ticket_id in ticket_ids:
            if self.seconds() > until:
                break
            done.append(self._one(ticket_id, patience))
        return TickOutcome(
            claimed=sum(one.claimed for one in done),
            fired=sum(one.fired for one in done),
            notified=sum(one.notified for one in done),
        )

    def _one(self, ticket_id: int, patience: Patience) -> TickOutcome:
        try:
            done = self._do(patience, only=[ticket_id])
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
            # Done, or no longer due; or another scheduler is doing it.
            log.info("tick.ticket_no_longer_aside", ticket_id=ticket_id, work=self.work.name, fired=done.fired)
        return done

    def _do(self, patience: Patience, *, only: Collection[int] | None = None) -> TickOutcome:
        leave_out = list(self.set_aside) if only is None else []

        def once(session: Session) -> TickOutcome:
            within_less(session.connection(), statement_ms=patience.statement_ms, lock_ms=patience.lock_ms)
            return self.work.do(session, now=self.now(session), leave_out=leave_out, only=only)

        done = repeated(self.factory, once)
        for ticket_id in done.held:
            self._put_aside(ticket_id, pause=PAUSE_OF_HELD_SECONDS, reason="held by somebody else")
        return done

    def _put_aside(self, ticket_id: int, *, pause: float, reason: str) -> None:
        before = self.set_aside.get(ticket_id)
        self.set_aside[ticket_id] = SetAside(self.seconds() + pause, before.times + 1 if before else 1)
        if before is None:
            log.error("tick.ticket_put_aside", ticket_id=ticket_id, work=self.work.name, reason=reason)
