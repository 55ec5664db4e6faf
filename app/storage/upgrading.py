"""Running migrations while the city works: none waits for a lock longer than a second, none is left half done."""

import time
from typing import TYPE_CHECKING

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from alembic.config import Config

# Behind a lock that is waited for everybody else waits too (G21): it is let go and asked for again.
LOCK_TIMEOUT = "1s"
LOCK_TRIES = 30
BETWEEN_TRIES_SECONDS = 1.0

_BROKEN = text(
    """
    select c.oid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid
    where not i.indisvalid and c.relnamespace = 'public'::regnamespace
      and not exists (select from pg_stat_progress_create_index p where p.index_relid = c.oid)
    """
)
_HOLDING = text(
    """
    select pid from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start < clock_timestamp() - interval '1 s'
    order by xact_start limit 3
    """
)


class StillLocked(Exception):
    """Somebody kept a lock through all tries; `pids` are the longest transactions of the database."""

    def __init__(self, pids: tuple[int, ...]) -> None:
        super().__init__(pids)
        self.pids = pids


def upgrade(config: "Config", engine: Engine) -> None:
    """Bring the schema to the newest version, each migration in a transaction of its own; raises StillLocked."""
    from alembic import command  # noqa: PLC0415  (only what migrates loads it)

    for left in reversed(range(LOCK_TRIES)):
        _drop_broken_indexes(engine)
        try:
            command.upgrade(config, "head")
            return
        except DBAPIError as trouble:
            if not isinstance(trouble.orig, LockNotAvailable | DeadlockDetected):
                raise
            if not left:
                raise StillLocked(_pids(engine)) from trouble
        time.sleep(BETWEEN_TRIES_SECONDS)


def _drop_broken_indexes(engine: Engine) -> None:
    """What an index that was being made concurrently leaves behind when it is broken off; it is made again."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in connection.execute(_BROKEN).scalars().all():
            connection.execute(text(f"drop index concurrently if exists {name}"))


def _pids(engine: Engine) -> tuple[int, ...]:
    with engine.connect() as connection:
        return tuple(connection.execute(_HOLDING).scalars())
