"""What a tick does beside firing: promises that broke unnoticed, levels that reached nobody in time.

A ticket whose rows hang, are refused or are held waits alone: of all others the next person is told (G19).
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.patience import FOR_A_BATCH, FOR_A_TICKET, Patience, SetAside, pause_after, reason_of
from app.processes.signs_of_life import database_now
from app.storage.believed_clock import ClockHeld
from app.storage.bounded_connection import within_less
from app.storage.database import repeated, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from escalation.firing.pursue import pursue, unreached_tickets
from escalation.firing.sweep import not_noted_tickets, note_late

log = structlog.get_logger()

# For trying one after the other, of each tick: firing comes again after it, and so do those that are left.
_ONE_BY_ONE_SECONDS = 4.0


class _Work(Protocol):
    def __call__(
        self, session: Session, *, now: datetime, leave_out: Collection[int], only: Collection[int] | None
    ) -> int: ...


class _Waiting(Protocol):
    def __call__(self, session: Session, *, now: datetime, leave_out: Collection[int]) -> Sequence[int]: ...


@dataclass
class BesideFiring:
    """What one scheduler remembers of it. `now` and `seconds` are as those of `Batches`."""

    factory: sessionmaker[Session]
    now: Callable[[Session], datetime] = database_now
    seconds: Callable[[], float] = time.monotonic
    # By what was to be done, each ticket with which that could not be done.
    set_aside: dict[str, dict[int, SetAside]] = field(default_factory=dict)

    def note_late(self) -> int:
        """A batch of promises that broke unnoticed; how many tickets it held."""
        return self._done("note late promises", note_late, not_noted_tickets)

    def pursue(self) -> int:
        """A batch of levels that reached nobody in time, told to the next person; how many it held."""
        return self._done("pursue levels", pursue, unreached_tickets)

    @property
    def tickets_aside(self) -> set[int]:
        return {ticket_id for aside in self.set_aside.values() for ticket_id in aside}

    def _done(self, name: str, work: _Work, waiting: _Waiting) -> int:
        aside = self.set_aside.setdefault(name, {})
        resting = [ticket_id for ticket_id, one in aside.items() if one.again_at > self.seconds()]
        try:
            return self._once(work, FOR_A_BATCH, leave_out=list(aside)) + self._again(name, work, resting)
        except ClockHeld:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            log.warning("tick.batch_split", work=name, reason=reason_of(trouble))
        with transaction(self.factory) as session:
            ticket_ids = waiting(session, now=self.now(session), leave_out=list(aside))
        return self._one_by_one(name, work, ticket_ids)

    def _again(self, name: str, work: _Work, resting: Collection[int]) -> int:
        return self._one_by_one(name, work, [one for one in self.set_aside[name] if one not in resting])

    def _one_by_one(self, name: str, work: _Work, ticket_ids: Sequence[int]) -> int:
        began, done = self.seconds(), 0
        for ticket_id in ticket_ids:
            if self.seconds() - began > _ONE_BY_ONE_SECONDS:
                break
            done += self._one(name, work, ticket_id)
        return done

    def _one(self, name: str, work: _Work, ticket_id: int) -> int:
        aside = self.set_aside[name]
        try:
            done = self._once(work, FOR_A_TICKET, only=[ticket_id])
        except ClockHeld:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            before = aside.get(ticket_id)
            times = before.times if before else 0
            aside[ticket_id] = SetAside(self.seconds() + pause_after(trouble, times=times), times + 1)
            if before is None:
                log.error("tick.ticket_put_aside", ticket_id=ticket_id, work=name, reason=reason_of(trouble))
            return 0
        if aside.pop(ticket_id, None) is not None:
            log.info("tick.ticket_no_longer_aside", ticket_id=ticket_id, work=name)
        return done

    def _once(
        self, work: _Work, patience: Patience, *, leave_out: Collection[int] = (), only: Collection[int] | None = None
    ) -> int:
        def once(session: Session) -> int:
            within_less(session.connection(), statement_ms=patience.statement_ms, lock_ms=patience.lock_ms)
            return work(session, now=self.now(session), leave_out=leave_out, only=only)

        return repeated(self.factory, once)
