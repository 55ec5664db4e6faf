"""A dump restored into an empty database is the same hotline: what was said, who may change it, what is drawn next."""

import subprocess

import pytest
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.engines.binaries import installed_binaries
from app.storage.database import make_engine, migrate, session_factory, transaction
from tests.conftest import NOW, Committed, Servers
from tests.factories import open_ticket
from tickets.audit import entries
from tickets.schema import Ticket


def test_a_dump_restored_elsewhere_goes_on_where_it_was_taken(committed: Committed, servers: Servers, tmp_path):
    with transaction(committed.factory) as session:
        told = open_ticket(session)
    with transaction(committed.factory) as session:
        sealed = entries.seal(session, now=NOW, settled_before=NOW)
    tools, dump = installed_binaries().postgres_bin, tmp_path / "hotline.dump"
    subprocess.run([tools / "pg_dump", "-Fc", "-f", dump, committed.superuser_url], check=True)

    servers.run_as_superuser(sql.SQL("create database hotline_restored template template0"))
    target = servers.superuser_url("hotline_restored")
    subprocess.run([tools / "pg_restore", "--exit-on-error", "-d", target, dump], check=True)

    engine = make_engine(servers.url("hotline_restored"))
    try:
        migrate(servers.url("hotline_restored", owner=True), servers.url("hotline_restored"))
        with transaction(session_factory(engine)) as session:
            assert session.scalars(select(Ticket.reference)).all() == [told.reference]
            assert open_ticket(session).reference != told.reference
            assert entries.verify(session) == entries.Verification(sealed, None)
        with engine.connect() as connection, pytest.raises(ProgrammingError):
            connection.execute(text("update audit_entry set action = 'nothing.happened'"))
    finally:
        engine.dispose()
        servers.drop_database("hotline_restored")
