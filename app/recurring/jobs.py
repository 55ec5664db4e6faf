"""Runs of work that comes again by itself: whatever becomes of one, there is a next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session, sessionmaker

from app.clock import utc_now
from app.recurring.troubles import JobTroubles
from app.recurring.watchdog import Watchdog
from app.storage.database import AGAIN_AT_ONCE, transaction
from app.storage.database_faults import DatabaseFault, fault_of

T = TypeVar("T")


@dataclass
class RecurringJobs:
    """Of one process. Its watchdog bites only in a process that somebody starts again: see `guarded`."""

    troubles: JobTroubles = field(default_factory=JobTroubles)
    watchdog: Watchdog = field(default_factory=partial(Watchdog, is_armed=False))

    @classmethod
    def guarded(cls) -> "RecurringJobs":
        """For the entry of a process: work that hangs ends it."""
        return cls(watchdog=Watchdog())

    def run(
        self,
        job: str,
        work: Callable[[], object],
        *,
        limit_seconds: float,
        lets_through: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> Exception | None:
        """One run; what it raised, told and counted. What gave way to another is done again at once, twice.

        `lets_through` is raised: it is no failure, but something that whoever asked for the run knows what to do with.
        """
        try:
            with self.watchdog.watching(job, limit_seconds=limit_seconds):
                again_at_once(work)
        except lets_through:
            raise
        except Exception as trouble:  # the next run may well succeed, and nobody else does this work (G19)
            self.troubles.failed(job, trouble)
            return trouble
        self.troubles.succeeded(job)
        return None

    def write_troubles(self, factory: sessionmaker[Session]) -> None:
        """Let the rows know how often something failed since the last time."""
        with transaction(factory) as session:
            counted = self.troubles.write(session, now=utc_now())
        self.troubles.written(counted)


def again_at_once(work: Callable[[], T]) -> T:
    """`work`; once more, twice at most, where it had to give way to another."""
    for _ in range(AGAIN_AT_ONCE):
        try:
            return work()
        except Exception as trouble:
            if fault_of(trouble) is not DatabaseFault.DEADLOCK:
                raise
    return work()
