"""What fault tests stand on: engines of their own, because what they kill must be missed by nobody else."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from app.engines import Engines, start_engines
from app.seeding import example_lines
from app.seeding.reference import load as load_reference
from app.storage.database import make_engine, migrate, session_factory, transaction
from tests.conftest import NOW, where_engines_lie
from tests.faults.breakable import TEMPLATE, Carrier, Place, place_on


@pytest.fixture(scope="session")
def breakable_engines() -> Iterator[Engines]:
    with tempfile.TemporaryDirectory(prefix="hotline-faults-", dir=where_engines_lie()) as folder:
        engines = start_engines(Path(folder))
        try:
            _make_template(engines)
            yield engines
        finally:
            engines.stop()


@pytest.fixture
def place(breakable_engines: Engines) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="hotline-node-", ignore_cleanup_errors=True) as folder:
        with place_on(breakable_engines, Path(folder)) as place:
            yield place


@pytest.fixture
def carrier(place: Place) -> Carrier:
    return Carrier(place)


def _make_template(engines: Engines) -> None:
    owner, app = make_url(engines.owner_database_url), make_url(engines.database_url)
    superuser = make_url(engines.superuser_database_url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(superuser.render_as_string(hide_password=False), autocommit=True) as connection:
        names = map(sql.Identifier, (TEMPLATE, owner.username or ""))
        connection.execute(sql.SQL("create database {} template template0 owner {}").format(*names))
    owner_url = owner.set(database=TEMPLATE).render_as_string(hide_password=False)
    migrate(owner_url, app.set(database=TEMPLATE).render_as_string(hide_password=False))
    engine = make_engine(owner_url, pool_size=1)
    with transaction(session_factory(engine)) as session:
        load_reference(session, now=NOW)
        example_lines.give(session, now=NOW)
    engine.dispose()
