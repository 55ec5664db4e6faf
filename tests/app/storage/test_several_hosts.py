"""Of several servers in an address one is enough, and what one alone has kept is not acknowledged."""

import time
from threading import Thread

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.server_addresses import database_address, libpq_parameters
from app.storage.bounded_connection import KeptByOneServer
from app.storage.database import make_engine, session_factory, transaction
from app.storage.database_faults import DatabaseFault, fault_of
from app.storage.several_hosts import last_one_first
from tests.conftest import Committed


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
