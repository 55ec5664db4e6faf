"""Clocks that can be set: the database's by a function of our own, a process's or a server's by libfaketime."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.engines.identity import as_we_are, in_user_namespace
from app.seeding import example_lines
from app.seeding.reference import load as load_reference
from app.storage.database import make_engine, migrate, session_factory, transaction
from tests.conftest import NOW, Committed
from tests.faults.breakable import free_port
from tests.whole_app.test_own_servers import POSTGRES_BINS, make_roles, stop

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

    @classmethod
    def in_folder(cls, folder: Path) -> "FakedClock":
        """As the machine's own, until it is set."""
        clock = cls(folder / "faketime")
        clock.set_ahead(0)
        return clock

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
    clock = FakedClock.in_folder(folder)
    for name, value in clock.environment.items():
        environment.setenv(name, value)
    try:
        yield clock
    finally:
        for name in clock.environment:
            environment.delenv(name)


@contextmanager
def server_with(clock: FakedClock, folder: Path) -> Iterator[Committed]:
    """A PostgreSQL of Debian's that lives by this clock, with the schema and the reference data."""
    identity = in_user_namespace() if os.geteuid() == 0 else as_we_are()
    port, data = free_port(), folder / "postgres"
    (folder / "password").write_text("superuser")
    words = ["-U", "postgres", "--pwfile", folder / "password", "--auth", "scram-sha-256", "-E", "UTF8"]
    identity.run([POSTGRES_BINS[-1].with_name("initdb"), "-D", data, *words, "--locale", "C.UTF-8"], cwd=folder)
    faked = [f"{name}={value}" for name, value in clock.environment.items()]
    listening = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    command = ["/usr/bin/env", *faked, POSTGRES_BINS[-1], "-D", data, *listening]
    process = identity.popen(command, log=log, cwd=folder, death_signal=signal.SIGINT)
    os.close(log)
    try:
        make_roles(port)
        yield _filled(port)
    finally:
        stop(process)


def _filled(port: int) -> Committed:
    place = f"127.0.0.1:{port}/hotline"
    url, owner_url = f"postgresql://hotline_app:app@{place}", f"postgresql://hotline_owner:owner@{place}"
    migrate(owner_url, url)
    owner = make_engine(owner_url, pool_size=1)
    with transaction(session_factory(owner)) as session:
        load_reference(session, now=NOW)
        example_lines.give(session, now=NOW)
    owner.dispose()
    engine = make_engine(url)
    superuser_url = f"postgresql://postgres:superuser@{place}"
    return Committed(url, owner_url, superuser_url, "", engine, session_factory(engine))
