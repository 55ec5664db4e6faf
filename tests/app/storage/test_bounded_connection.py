"""A server that says nothing is given up, and what limits a connection holds also behind a pool of transactions."""

import socket

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.storage.bounded_connection import Limits, ServerSilent, connect, within_less, within_more
from app.storage.database import make_engine, migrate, session_factory, transaction
from app.storage.database_faults import DatabaseFault, fault_of
from tests.conftest import Committed
from tests.faults.line import line_to, over, postgres_socket
from tests.faults.pooler import pooled

_LIMITS = text(
    "select current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('timezone'),"
    " current_setting('idle_in_transaction_session_timeout')"
)


def test_a_connection_that_is_swallowed_is_given_up_and_the_next_one_works(committed: Committed) -> None:
    with line_to(postgres_socket(committed.url)) as line:
        engine = make_engine(over(line, committed.url), pool_size=3, statement_timeout_ms=500)
        factory = session_factory(engine)
        with transaction(factory) as session:
            session.execute(text("select 1"))

        line.swallow()
        with pytest.raises(OperationalError) as caught, transaction(factory) as session:
            session.execute(text("select 1"))
        with transaction(factory) as session:
            again = session.scalar(text("select 2"))
        engine.dispose()

    assert isinstance(caught.value.orig, ServerSilent)
    assert fault_of(caught.value) is DatabaseFault.AWAY
    assert again == 2


def test_a_statement_that_keeps_within_its_limit_is_waited_for(committed: Committed) -> None:
    engine = make_engine(committed.url, pool_size=1, statement_timeout_ms=0)
    patient = make_engine(committed.url, pool_size=1, statement_timeout_ms=2_000)
    try:
        for one in (engine, patient):
            with one.connect() as connection:
                assert connection.scalar(text("select 1 from pg_sleep(1)")) == 1
    finally:
        engine.dispose()
        patient.dispose()


def test_a_transaction_that_was_given_longer_is_waited_for_and_the_next_one_is_not(committed: Committed) -> None:
    with line_to(postgres_socket(committed.url)) as line:
        engine = make_engine(over(line, committed.url), pool_size=1, statement_timeout_ms=100)
        try:
            with engine.begin() as connection:
                within_more(connection, statement_seconds=30)
                # Longer than its engine's limit and the grace of our side together.
                waited = connection.scalar(text("select 1 from pg_sleep(3.5)"))
            line.swallow()
            with pytest.raises(OperationalError) as caught, engine.begin() as connection:
                connection.execute(text("select 1"))
        finally:
            engine.dispose()

    assert waited == 1
    assert isinstance(caught.value.orig, ServerSilent)


def test_the_limits_hold_in_every_transaction_without_options_at_the_start(committed: Committed) -> None:
    engine = make_engine(committed.url, pool_size=1, statement_timeout_ms=1_500)
    try:
        with engine.begin() as connection:
            within_less(connection, statement_ms=700, lock_ms=300)
            shorter = connection.execute(_LIMITS).one()
        with engine.begin() as connection:
            found = connection.execute(_LIMITS).one()
    finally:
        engine.dispose()

    assert tuple(shorter)[:2] == ("700ms", "300ms")
    assert tuple(found) == ("1500ms", "10s", "UTC", "11500ms")


def test_behind_a_pool_of_transactions_each_has_its_own_limits_and_nothing_is_prepared(committed: Committed) -> None:
    with pooled(committed.url) as [url]:
        hasty, patient = (make_engine(url, pool_size=4, statement_timeout_ms=ms) for ms in (300, 2_000))
        often = text("select code from unit where id = :id")
        try:
            found = []
            for number in range(20):
                with hasty.begin() as one, patient.begin() as other:
                    found.append((one.execute(_LIMITS).one()[0], other.execute(_LIMITS).one()[0]))
                    for connection in (one, other):
                        connection.execute(often, {"id": number}).all()
            with patient.begin() as connection:
                prepared = connection.scalar(text("select count(*) from pg_prepared_statements"))
                pooler = connection.connection.driver_connection
        finally:
            hasty.dispose()
            patient.dispose()

    assert set(found) == {("300ms", "2s")}
    assert prepared == 0
    assert pooler is not None and pooler.is_pooled


def test_the_server_notices_a_lost_connection_of_the_applications_role_within_seconds(
    database_of_its_own: Committed,
) -> None:
    with database_of_its_own.engine.connect() as connection:
        set_for_the_role = connection.scalar(
            text(
                "select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase"
                " join pg_roles r on r.oid = s.setrole"
                " where d.datname = current_database() and r.rolname = current_user"
            )
        )

    assert {"tcp_keepalives_idle=10", "tcp_user_timeout=15s"} <= set(set_for_the_role)


@pytest.fixture
def database_of_its_own(committed: Committed) -> Committed:
    """Migrated itself, where the others are copies: what is set for a role in a database is not copied."""
    migrate(committed.owner_url, committed.url)
    return committed


def test_a_server_that_lets_nobody_in_is_left_with_nothing_half_open() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=8) as silent:
        there = {"host": "127.0.0.1", "port": silent.getsockname()[1], "user": "a", "dbname": "a"}
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            connect(limits=Limits(connect_seconds=2), **there)
        near, _ = silent.accept()
        near.settimeout(5)
        # What it sent before it gave up, and then the end of it.
        while near.recv(1024):
            pass
        near.close()
