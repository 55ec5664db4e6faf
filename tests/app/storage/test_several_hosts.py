"""Of several servers in an address one is enough, and what one alone has kept is not acknowledged."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.backup.tools import Tools
from app.backup.trouble import BackupTrouble
from app.server_addresses import database_address, libpq_parameters
from app.storage import bounded_connection
from app.storage.bounded_connection import KeptByOneServer, Limits, ServerSilent
from app.storage.database import make_engine, session_factory, transaction
from app.storage.database_faults import DatabaseFault, fault_of
from app.storage.several_hosts import last_one_first
from tests.conftest import Committed
from tests.faults.breakable import free_port
from tests.faults.line import Line, line_to, over, postgres_socket


def test_the_server_that_took_us_last_is_asked_first(committed: Committed, tmp_path) -> None:
    there = make_url(committed.url).query["host"]
    address = database_address(
        make_url(committed.url).set(query={"host": f"{tmp_path},{there}"}).render_as_string(hide_password=False)
    )
    told = libpq_parameters(address)
    before = last_one_first(told)
    engine = make_engine(address, pool_size=1)

    with engine.connect() as connection:
        answered = connection.scalar(text("select 1"))
    engine.dispose()

    assert answered == 1
    assert before["host"] == f"{tmp_path},{there}"
    assert last_one_first(told)["host"] == f"{there},{tmp_path}"
    assert last_one_first(told)["connect_timeout"] == 2


@contextmanager
def freezes(line: Line, folder: Path) -> Iterator[None]:
    """The server behind the line says nothing any more, also to whoever comes now; the next one named refuses."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "silent"))
        silent.listen(8)
        line.target = str(folder / "silent")
        line.swallow()
        yield


def asks_soon(monkeypatch: pytest.MonkeyPatch, *, after_seconds: float) -> None:
    """Whoever waits for an answer asks soon whether anybody is there, for two seconds, and gives up after once."""
    monkeypatch.setattr(bounded_connection, "ASK_AFTER_SECONDS", after_seconds)
    monkeypatch.setattr(bounded_connection, "_ASKED_FOR_SECONDS", 2)
    monkeypatch.setattr(bounded_connection, "TIMES_IN_VAIN", 1)


def two_hosts(line: Line, url: str) -> str:
    both = {"host": "127.0.0.1,127.0.0.1", "port": f"{line.port},{free_port()}", "target_session_attrs": "read-write"}
    address = make_url(over(line, url))
    return address.set(host=None, port=None, query=both).render_as_string(hide_password=False)


@pytest.mark.timeout(60, func_only=True)
def test_that_another_host_refuses_is_no_sign_of_life_of_the_one_that_froze(
    committed: Committed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asks_soon(monkeypatch, after_seconds=0.1)
    with line_to(postgres_socket(committed.url)) as line:
        told = libpq_parameters(two_hosts(line, committed.url))
        connection = bounded_connection.connect(limits=Limits(statement_ms=0), **told)
        assert connection.is_there()
        connection.rollback()
        with freezes(line, tmp_path), pytest.raises(ServerSilent):
            connection.execute("select 1")


@pytest.mark.timeout(60, func_only=True)
def test_a_program_of_postgresql_stays_with_the_server_it_began_on_and_is_ended_when_that_freezes(
    committed: Committed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asks_soon(monkeypatch, after_seconds=0.3)
    works = tmp_path / "pg_dump"
    works.write_text(f'#!/bin/sh\necho "$PGHOST $PGPORT" > {tmp_path}/there\nexec sleep 60\n', "utf-8")
    works.chmod(0o755)
    with line_to(postgres_socket(committed.url)) as line:
        url = two_hosts(line, committed.url)
        told: list[str] = []

        def dump() -> None:
            with pytest.raises(BackupTrouble) as caught:
                Tools(tmp_path, "17").run("pg_dump", url=url)
            told.append(str(caught.value))

        dumping = Thread(target=dump, daemon=True)
        dumping.start()
        while not (tmp_path / "there").exists():
            time.sleep(0.05)
        with freezes(line, tmp_path):
            dumping.join(15)

        assert told == ["The database says nothing any more; pg_dump was ended."]
        assert (tmp_path / "there").read_text("utf-8").split() == ["127.0.0.1", str(line.port)]


def test_a_commit_that_was_let_go_without_its_standby_is_not_acknowledged(committed: Committed) -> None:
    engine = make_engine(committed.url, pool_size=1)
    factory = session_factory(engine)
    with psycopg.connect(committed.superuser_url, autocommit=True) as superuser:
        superuser.execute("alter system set synchronous_standby_names = 'a_standby_that_is_lost'")
        superuser.execute("select pg_reload_conf()")
        impatient = Thread(target=let_go, args=(committed.superuser_url,))
        impatient.start()
        try:
            with pytest.raises(OperationalError) as caught:
                commit_again_and_again(factory)
        finally:
            superuser.execute("alter system reset synchronous_standby_names")
            superuser.execute("select pg_reload_conf()")
            impatient.join()
    with transaction(factory) as session:
        again = session.scalar(text("select 1"))
    engine.dispose()

    assert isinstance(caught.value.orig, KeptByOneServer)
    assert fault_of(caught.value) is DatabaseFault.AWAY
    assert again == 1


def commit_again_and_again(factory: sessionmaker[Session]) -> None:
    """The server's own processes hear of the new setting one after the other."""
    noted = text(
        "insert into done_day (work, on_day, done_at) values ('x', current_date, now())"
        " on conflict (work, on_day) do update set done_at = excluded.done_at"
    )
    for _ in range(100):
        with transaction(factory) as session:
            session.execute(noted)
        time.sleep(0.05)


def let_go(url: str) -> None:
    """As somebody in psql who sees a COMMIT that hangs, and ends it; PostgreSQL then says that it was committed."""
    waiting = "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'"
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(200):
            if connection.execute(waiting).fetchall():
                return
            time.sleep(0.05)
