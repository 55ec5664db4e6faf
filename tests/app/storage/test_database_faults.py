"""What kind of fault a failing database has, asked of a real one."""

import ast
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.engines.identity import as_we_are, in_user_namespace
from app.storage.database import make_engine
from app.storage.database_faults import DatabaseFault, fault_of, passes
from tests.conftest import Committed
from tests.whole_app.sources import nodes, sources
from tests.whole_app.test_own_servers import POSTGRES_BINS, free_port, wait_for


def _fault(url: str, *statements: str) -> BaseException:
    engine = make_engine(url, pool_size=1)
    try:
        with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()
    return caught.value


def _raising(state: str) -> str:
    return f"do $$ begin raise exception using errcode = '{state}', message = 'as asked'; end $$"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", DatabaseFault.AWAY),
        ("57P01", DatabaseFault.AWAY),
        ("53300", DatabaseFault.AWAY),
        ("53100", DatabaseFault.READ_ONLY),
        ("57014", DatabaseFault.TOO_SLOW),
        ("55P03", DatabaseFault.LOCKED),
        ("40P01", DatabaseFault.DEADLOCK),
        ("40001", DatabaseFault.DEADLOCK),
        ("54000", DatabaseFault.REFUSED),
        ("54001", DatabaseFault.REFUSED),
        ("22012", DatabaseFault.REFUSED),
        ("23505", DatabaseFault.REFUSED),
        ("42P01", DatabaseFault.REFUSED),
        ("42501", DatabaseFault.REFUSED),
    ],
)
def test_each_state_is_one_kind(committed: Committed, state: str, kind: DatabaseFault) -> None:
    fault = _fault(committed.url, _raising(state))

    assert fault_of(fault) is kind
    assert passes(fault) is (kind is not DatabaseFault.REFUSED)


def test_a_server_that_was_never_reached_is_away() -> None:
    fault = _fault("postgresql+psycopg://nobody@127.0.0.1:1/nothing", "select 1")

    assert fault_of(fault) is DatabaseFault.AWAY


def test_a_database_that_keeps_nothing_is_read_only(committed: Committed) -> None:
    fault = _fault(committed.url, "set transaction read only", "delete from draft")

    assert fault_of(fault) is DatabaseFault.READ_ONLY


def test_words_too_long_for_an_index_are_our_own_fault(committed: Committed) -> None:
    too_long = "select (select string_agg(md5(n::text), ' ') from generate_series(1, 40000) n)::tsvector"

    fault = _fault(committed.url, too_long)

    assert fault.orig.sqlstate == "54000"  # type: ignore[attr-defined]
    assert fault_of(fault) is DatabaseFault.REFUSED


@pytest.mark.skipif(not POSTGRES_BINS, reason="needs Debian's package postgresql (.ci/run installs it)")
def test_a_server_without_a_number_for_another_transaction_is_read_only(tmp_path: Path) -> None:
    with server_without_numbers(tmp_path) as url:
        assert _read(url, "select 1") == 1
        fault = _fault(url, "create temporary table kept (word text)")

    assert fault.orig.sqlstate == "54000"  # type: ignore[attr-defined]
    assert fault_of(fault) is DatabaseFault.READ_ONLY
    assert passes(fault)


def _read(url: str, statement: str) -> object:
    engine = make_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            return connection.execute(text(statement)).scalar_one()
    finally:
        engine.dispose()


# A segment of the commit log holds the states of so many transactions, in so many bytes.
_IN_A_SEGMENT, _SEGMENT_BYTES = 2**20, 2**18
# The server stops so many before the oldest transaction would look like one to come.
_STOPS_BEFORE_END = 3_000_000


@contextmanager
def server_without_numbers(folder: Path) -> Iterator[str]:
    """A server of its own that has counted to where only a vacuum lets it go on."""
    identity, port = in_user_namespace() if os.geteuid() == 0 else as_we_are(), free_port()
    data = folder / "postgres"
    identity.run([_tool("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], cwd=folder)
    first_refused = 1000 + 2**31 - _STOPS_BEFORE_END
    segment = first_refused // _IN_A_SEGMENT + 1
    (data / "pg_xact" / f"{segment:04X}").write_bytes(bytes(_SEGMENT_BYTES))
    identity.run([_tool("pg_resetwal"), "-x", str(segment * _IN_A_SEGMENT), data], cwd=folder)
    command = [_tool("postgres"), "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    process = identity.popen(command, log=log, cwd=folder, death_signal=signal.SIGINT)
    os.close(log)
    try:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        wait_for(lambda: psycopg.connect(url).close(), psycopg.OperationalError)
        yield url.replace("postgresql:", "postgresql+psycopg:")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _tool(name: str) -> Path:
    return POSTGRES_BINS[-1].with_name(name)


def test_what_is_not_the_databases_is_no_fault_of_it() -> None:
    assert fault_of(ValueError("no")) is None
    assert not passes(ValueError("no"))


def test_nobody_else_judges_by_the_kind_of_exception() -> None:
    judging = {"OperationalError", "InterfaceError", "InternalError", "TimeoutError"}

    judges = {
        path
        for path, tree in sources().items()
        for node in nodes(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy.exc"
        if judging & {name.name for name in node.names}
    }

    assert judges == {"app/storage/database_faults.py"}
