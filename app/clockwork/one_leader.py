"""Which of several schedulers ticks: the one holding a session lock in PostgreSQL; claims make a second harmless."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tickets.process_beats import TICKING
from tickets.schema import ProcessBeat

_LOCK = 0x486F746C696E65
# A leader that is stopped keeps its lock: when it has not ticked for so long, the others tick as well.
SILENCE = timedelta(seconds=8)


class Leadership:
    """The lock lives as long as its connection does, so it has one of its own, outside the pool's turns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @property
    def leads(self) -> bool:
        """As of the last look; looking is the tick's business alone, for a connection belongs to one thread."""
        return self._connection is not None

    def held(self) -> bool:
        """Whether this process is the leader, trying to become it if nobody is. Raises when the database is away."""
        try:
            if self._connection is None:
                return self._try_to_lead()
            self._connection.execute(text("select 1"))
        except SQLAlchemyError:
            self.give_up()
            raise
        return True

    def _try_to_lead(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar_one():
            self._connection = connection
            return True
        connection.close()
        return False

    def give_up(self) -> None:
        """Let another lead; closing for real, a pooled connection would keep the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # Said, not only hung up: the server may take its time to notice that a connection is gone.
            with suppress(SQLAlchemyError):
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.invalidate()
            connection.close()


def is_silent(session: Session, *, now: datetime) -> bool:
    """Whether nobody has ticked for longer than a leader may take."""
    last = session.scalar(select(ProcessBeat.beat_at).where(ProcessBeat.name == TICKING))
    return last is None or now - last > SILENCE
