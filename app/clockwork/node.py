"""What the jobs of a scheduler share: the database, who leads, and the way to wake the worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.held_tables import HeldTables
from app.clockwork.one_leader import Leadership, LeadershipLost, factory_of_epoch
from app.clockwork.progress import Progress
from app.clockwork.remembered import Remembered
from app.clockwork.tick_job import Ticker
from app.delivery.wake_up import wake_outbox
from app.processes.signs_of_life import process_name
from app.recurring.aside import Aside
from app.recurring.jobs import RecurringJobs
from app.settings import Settings
from app.storage.believed_clock import ClockHeld
from app.storage.bounded_connection import within_less
from app.storage.database import session_factory, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from telephony.sweep import Hearing
from tickets.each_alone import PutAside

SCHEDULER_KIND = "scheduler"
# Item by item: what hangs or is held costs at most so much, so that three such postings end within a job's limit.
_ONE_BY_ONE_SECONDS = 5.0
_ONE_BY_ONE_MS, _ONE_BY_ONE_LOCK_MS = 3_000, 100


class Posting(Protocol):
    """Writes what is due by now in the transaction it is given; how much that was."""

    __name__: str

    def __call__(self, session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int: ...


@dataclass
class Node:
    """One scheduler process."""

    settings: Settings
    engine: Engine
    factory: sessionmaker[Session]
    leadership: Leadership
    ticker: Ticker
    wake: Callable[[], None]
    held: HeldTables = field(default_factory=HeldTables)
    hearing: Hearing = field(default_factory=Hearing)
    remembered: Remembered = field(default_factory=Remembered)
    # What jobs could not do item by item, so that each is named once.
    put_aside: set[tuple[str, int | str]] = field(default_factory=set)
    jobs: RecurringJobs = field(default_factory=RecurringJobs)
    progress: Progress = field(default_factory=Progress)
    # Begin every job now, whatever its rhythm: who takes over does not wait for an hour. Set by the scheduler.
    begin_all: Callable[[], None] = lambda: None
    # Begin the job of this name again soon: what failed by a fault that passes does not wait for an hour either.
    begin_again: Callable[[str], None] = lambda name: None
    # Whoever watches this process starts it again. Set where the process is ours alone.
    end_process: Callable[[], None] = lambda: None

    def now(self, session: Session) -> datetime:
        """The time to act by, in this transaction. Raises ClockHeld while the clocks disagree."""
        return self.ticker.clock.now(session)

    def aside(self, job: str) -> Aside:
        """For one run of this job, or of a part of it."""
        return Aside(job, self.put_aside, (LeadershipLost, ClockHeld))

    def post(self, *posting: Posting, statement_ms: int | None = None, lock_ms: int | None = None) -> int:
        """Let each of these post what is due by now, and wake the worker if it did.

        Each in a transaction of its own: what is refused to one keeps no other from its turn. Where it is one item of
        many that is refused or held, the others are posted without it. The first trouble is raised when all have had
        their turn, at once where it is everybody's.
        """
        posted, troubles = 0, list[Exception]()
        for post in posting:
            try:
                posted += self._post(post, statement_ms, lock_ms)
            except (LeadershipLost, ClockHeld):
                raise
            except Exception as trouble:
                if fault_of(trouble) in OF_EVERYBODY:
                    raise
                troubles.append(trouble)
        if troubles:
            raise troubles[0]
        return posted

    def _post(self, post: Posting, statement_ms: int | None, lock_ms: int | None) -> int:
        aside = self.aside(post.__name__)
        posted = self.post_beside(aside, post, statement_ms=statement_ms, lock_ms=lock_ms)
        aside.say()
        return posted

    def post_beside(
        self, aside: Aside, post: Callable[..., int], *, statement_ms: int | None = None, lock_ms: int | None = None
    ) -> int:
        """As `post`; what it put aside is for the caller to say."""
        try:
            with self._briefly(statement_ms, lock_ms) as session:
                posted = post(session, now=self.now(session))
        except (LeadershipLost, ClockHeld):
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            aside.until = time.monotonic() + _ONE_BY_ONE_SECONDS
            with self._briefly(_ONE_BY_ONE_MS, _ONE_BY_ONE_LOCK_MS) as session:
                posted = post(session, now=self.now(session), put_aside=aside)
        if posted:
            self.wake()
        return posted

    @contextmanager
    def _briefly(self, statement_ms: int | None, lock_ms: int | None) -> Iterator[Session]:
        """A transaction; with limits its statements, and their waiting for locks, are cut short."""
        with transaction(self.factory) as session:
            if statement_ms is not None and lock_ms is not None:
                within_less(session.connection(), statement_ms=statement_ms, lock_ms=lock_ms)
            yield session

    def as_leader(self, epoch: int) -> Node:
        """The same node, with transactions that end when the epoch has ended."""
        return replace(self, factory=factory_of_epoch(self.engine, epoch))


def make_node(settings: Settings, engine: Engine) -> Node:
    """A scheduler's belongings; nothing is connected yet."""

    def wake() -> None:
        wake_outbox(settings)

    factory = session_factory(engine)
    leadership = Leadership(engine, holder=process_name(SCHEDULER_KIND))
    return Node(settings, engine, factory, leadership, Ticker(factory, leadership, wake), wake)
