"""What the jobs of a scheduler share: the database, who leads, and the way to wake the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.clockwork.held_tables import HeldTables
from app.clockwork.one_leader import Leadership, factory_of_epoch
from app.clockwork.progress import Progress
from app.clockwork.remembered import Remembered
from app.clockwork.tick_job import Ticker
from app.delivery.wake_up import wake_outbox
from app.processes.signs_of_life import process_name
from app.recurring.jobs import RecurringJobs
from app.settings import Settings
from app.storage.database import session_factory, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from telephony.sweep import Hearing

SCHEDULER_KIND = "scheduler"


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
    # Tickets that a round could not work on, so that each is named once.
    left_out: set[int] = field(default_factory=set)
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

    def post(self, *posting: Callable[..., int]) -> None:
        """Let each of these post what is due by now, and wake the worker if it did.

        Each in a transaction of its own: what is refused to one keeps no other from its turn. The first trouble is
        raised when all have had theirs, at once where it is everybody's.
        """
        troubles: list[Exception] = []
        for post in posting:
            try:
                with transaction(self.factory) as session:
                    posted = post(session, now=self.now(session))
            except Exception as trouble:
                if fault_of(trouble) in OF_EVERYBODY:
                    raise
                troubles.append(trouble)
                continue
            if posted:
                self.wake()
        if troubles:
            raise troubles[0]

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
