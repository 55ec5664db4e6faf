"""Clocks that can be set: the database's by a function of our own, a process's or a server's by libfaketime."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Committed

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
needs_libfaketime = pytest.mark.skipif(not _LIBRARIES, reason="libfaketime is not installed (Debian: faketime)")


@dataclass
class DatabaseClock:
    """What everybody in this database is told the time is, apart from the server itself."""

    committed: Committed

    def set_ahead(self, seconds: float) -> None:
        with psycopg.connect(self.committed.superuser_url, autocommit=True) as connection:
            connection.execute("update shifted.how_far set ahead = make_interval(secs => %s)", [seconds])


def database_clock(committed: Committed) -> DatabaseClock:
    """Let a function of ours stand before PostgreSQL's own, for every connection opened from now on."""
    with psycopg.connect(committed.superuser_url, autocommit=True) as connection:
        connection.execute("create schema shifted")
        connection.execute("create table shifted.how_far as select interval '0' as ahead")
        connection.execute(
            "create function shifted.clock_timestamp() returns timestamptz language sql volatile"
            " as 'select pg_catalog.clock_timestamp() + ahead from shifted.how_far'"
        )
        connection.execute("grant usage on schema shifted to public")
        connection.execute("grant select on shifted.how_far to public")
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("alter database {} set search_path = shifted, pg_catalog, public").format(database))
    # Connections that stood know nothing of it.
    committed.engine.dispose()
    return DatabaseClock(committed)


@dataclass
class FakedClock:
    """The wall clock of every process started in `environment`; their monotonic clock goes on as it is."""

    file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set_ahead(self, seconds: float) -> None:
        unfinished = self.file.with_suffix(".new")
        unfinished.write_text(f"{seconds:+.0f}s\n")
        unfinished.chmod(0o644)
        shutil.move(unfinished, self.file)


@contextmanager
def faked_clock(folder: Path, environment: pytest.MonkeyPatch) -> Iterator[FakedClock]:
    """Processes started within the block live by it."""
    clock = FakedClock(folder / "faketime")
    clock.set_ahead(0)
    for name, value in clock.environment.items():
        environment.setenv(name, value)
    try:
        yield clock
    finally:
        for name in clock.environment:
            environment.delenv(name)
