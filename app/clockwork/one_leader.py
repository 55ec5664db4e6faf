"""Which of several schedulers leads: the one that holds the lease, a row; its transactions prove that it still does."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from app.processes.signs_of_life import database_now
from app.storage.database import session_factory, transaction
from app.storage.database_faults import DatabaseFault, fault_of
from tickets import leadership
from tickets.process_beats import TICKING
from tickets.schema import LeaderLease, ProcessBeat

log = structlog.get_logger()

# A leader that is stopped keeps its lease for a while: once nobody has ticked or renewed for so long, all others tick.
SILENCE = timedelta(seconds=8)
# The lease is renewed every three seconds, by a thread that does nothing else.
_UNLED = timedelta(seconds=5)
_SHORT_WAIT_MS = "1000"


class LeadershipLost(Exception):
    """Another scheduler leads by now; nothing of this transaction is kept."""


class Leadership:
    """This process's part in it. One thread takes and renews; any thread asks."""

    def __init__(self, engine: Engine, *, holder: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._factory = session_factory(engine)
        self._holder = holder
        self._monotonic = monotonic
        self._epoch: int | None = None
        self._renewed = 0.0

    @property
    def epoch(self) -> int | None:
        """The epoch in which this process leads now; None where it does not, or cannot be sure any more."""
        is_sure = self._monotonic() - self._renewed < leadership.LEADERSHIP_LEASE.total_seconds()
        return self._epoch if is_sure else None

    @property
    def leads(self) -> bool:
        return self.epoch is not None

    def hold(self) -> bool:
        """Renew the lease, or take it if nobody holds it; whether it leads from now on. Raises what databases do.

        Also where it was not sure any more that it leads, and still does: what came due meanwhile was done by nobody.
        """
        looked, was_sure = self._monotonic(), self.leads
        if self._epoch is not None:
            with transaction(self._factory) as session:
                goes_on = leadership.renew(session, epoch=self._epoch, now=database_now(session))
            if goes_on:
                self._renewed = looked
                return not was_sure
            self.lost()
        self._epoch = self._take()
        self._renewed = looked
        return self._epoch is not None

    def lost(self) -> None:
        """Another leads; said once."""
        if self._epoch is not None:
            log.warning("leadership.lost", epoch=self._epoch)
        self._epoch = None

    def give_up(self) -> None:
        """Let another lead at once."""
        epoch, self._epoch = self._epoch, None
        if epoch is not None:
            with transaction(self._factory) as session:
                leadership.give_up(session, epoch=epoch, now=database_now(session))

    def _take(self) -> int | None:
        try:
            return self._try_to_take()
        except DBAPIError as trouble:
            if fault_of(trouble) is not DatabaseFault.LOCKED:
                raise
        with transaction(self._factory) as session:
            ended = leadership.end_what_holds_the_lease(session, now=database_now(session))
        log.warning("leadership.ended_what_the_last_leader_left", connections=ended)
        return self._try_to_take()

    def _try_to_take(self) -> int | None:
        with transaction(self._factory) as session:
            session.execute(text("select set_config('lock_timeout', :wait, true)"), {"wait": _SHORT_WAIT_MS})
            epoch = leadership.take(session, holder=self._holder, now=database_now(session))
        if epoch is not None:
            log.info("leadership.taken", epoch=epoch)
        return epoch


# Every factory has a class of its own, which SQLAlchemy remembers; one for each epoch is enough.
@lru_cache(maxsize=2)
def factory_of_epoch(engine: Engine, epoch: int) -> sessionmaker[Session]:
    """Sessions whose every transaction begins with the proof that the epoch goes on; LeadershipLost where it is over.

    The row stays locked against a taking until the transaction ends, so that a leader which slept over the end of its
    lease cannot act: it finds another epoch, or its connection was ended by whoever took over.
    """
    factory = session_factory(engine)
    still_leads = leadership.STILL_LEADS.where(LeaderLease.epoch == epoch)

    def prove(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
        if connection.execute(still_leads).scalar_one_or_none() is None:
            raise LeadershipLost

    event.listen(factory, "after_begin", prove)
    return factory


def is_silent(session: Session, *, now: datetime) -> bool:
    """Whether nobody has ticked or nobody has led for longer than a leader may take; what is still to come is neither.

    A noted tick alone proves nothing: whoever stood in may have been killed between the note and the firing, and would
    have kept the others from it once more. While nobody leads, all who live tick.
    """
    ticked = select(ProcessBeat.beat_at).where(ProcessBeat.name == TICKING).scalar_subquery()
    led = select(LeaderLease.renewed_at).scalar_subquery()
    ticked_at, led_at = session.execute(select(ticked, led)).one()
    return not _is_lately(ticked_at, now, SILENCE) or not _is_lately(led_at, now, _UNLED)


def _is_lately(at: datetime | None, now: datetime, within: timedelta) -> bool:
    return at is not None and now - within <= at <= now + within
