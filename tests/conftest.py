"""What every test stands on: real engines, a database with the reference data, a session rolled back, the app."""

import gc
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Playwright, sync_playwright
from psycopg import sql
from psycopg._preparing import PrepareManager
from sqlalchemy import Engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from xdist.remote import Producer

from app.engines import Engines, start_engines
from app.engines.leftovers import sweep
from app.seeding import example_lines
from app.seeding.reference import load as load_reference
from app.settings import Settings
from app.storage.database import make_engine, migrate, session_factory, transaction
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from app.web.frame.limits import limiter
from tests.contracts.read_documents import Read, every_document_read, look_at_kept
from tests.dealing import ByLot, put_first
from tests.faults.nodes import LONG
from tests.letting_go import LetsGo
from tests.made_once import made_once
from tests.read_once import read_once
from tickets.routing.rules import version_now
from tickets.schema import MatterVersion

# A Monday, 09:00 in Ho Chi Minh City.
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_TEMPLATE = "hotline_template"
_MEMORY, _ROOM = "/dev/shm", 4 * 2**30


def where_engines_lie() -> str | None:
    """A file system in memory if one has room: copying a database there costs a twentieth. Else None, the disk.

    A commit is as safe there from a killed process, and no test cuts the power.
    """
    has_room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if has_room else None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LetsGo())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    put_first(items)
    for item in items:
        if not LONG and item.get_closest_marker("slow") is not None:
            item.add_marker(pytest.mark.skip(reason="takes minutes; runs with --long"))
    # All that was imported stays, as it does in our processes: half a million objects that no collection walks again.
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByLot | None:
    """By lots where a file stays together, as `./hotline test` asks; else as pytest-xdist does."""
    return ByLot(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def _reading() -> Iterator[Read]:
    with every_document_read() as read:
        yield read


@pytest.fixture(autouse=True)
def every_document(_reading: Read) -> Iterator[Read]:
    """Every document that a test has made for a telephone provider is one that this provider's account executes."""
    yield _reading
    found = _reading.taken()
    assert not found, "a provider would not execute what was answered:\n" + "\n".join(found[:5])


@dataclass(frozen=True)
class Servers:
    """The embedded engines of this test process and a way to make databases that already hold the reference data."""

    engines: Engines
    # Databases that held what the template holds when they were made, and how often one of that name was.
    made: Counter[str] = field(default_factory=Counter)
    superuser: list[psycopg.Connection] = field(default_factory=list)

    def url(self, database: str, *, owner: bool = False) -> str:
        url = make_url(self.engines.owner_database_url if owner else self.engines.database_url)
        return url.set(database=database).render_as_string(hide_password=False)

    def superuser_url(self, database: str) -> str:
        # For psycopg itself, which does not know SQLAlchemy's "+psycopg".
        url = make_url(self.engines.superuser_database_url).set(drivername="postgresql", database=database)
        return url.render_as_string(hide_password=False)

    def run_as_superuser(self, statement: sql.Composed) -> None:
        # One connection for all databases that are made and dropped: a new one costs as much as to drop one.
        if not self.superuser or self.superuser[0].closed:
            self.superuser[:] = [psycopg.connect(self.superuser_url("postgres"), autocommit=True)]
        self.superuser[0].execute(statement)

    def create_database(self, name: str, template: str) -> None:
        owner = make_url(self.engines.owner_database_url).username or ""
        names = [sql.Identifier(n) for n in (name, template, owner)]
        # The copy on the file level is several times faster than the log for a database of this size.
        self.run_as_superuser(sql.SQL("create database {} template {} owner {} strategy file_copy").format(*names))
        if template == _TEMPLATE:
            self.made[name] += 1

    def drop_database(self, name: str) -> None:
        self.run_as_superuser(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    # What a run that was killed has left of its engines.
    where = where_engines_lie()
    for prefix in ("hotline-tests-", "hotline-faults-", "hotline-node-"):
        sweep(prefix)
        sweep(prefix, within=where)
    with tempfile.TemporaryDirectory(prefix="hotline-tests-", dir=where, ignore_cleanup_errors=True) as folder:
        engines = start_engines(Path(folder))
        try:
            servers = Servers(engines)
            servers.create_database(_TEMPLATE, "template0")
            migrate(servers.url(_TEMPLATE, owner=True), servers.url(_TEMPLATE))
            engine = make_engine(servers.url(_TEMPLATE, owner=True))
            with transaction(session_factory(engine)) as session:
                load_reference(session, now=NOW)
                example_lines.give(session, now=NOW)
                template = version_now(session), session.scalars(select(func.max(MatterVersion.id))).one()
            engine.dispose()
            with read_once(*template, servers.made):
                yield servers
            for connection in servers.superuser:
                connection.close()
        finally:
            engines.stop()


class KeptOverRollbacks(PrepareManager):
    """What a connection has prepared, also after a rollback.

    psycopg forgets it then, because a table may have been taken back; here every test, and many a request, ends so,
    and PostgreSQL would read and plan each statement of every test anew: an eighth of what they cost.
    """

    prepared_max = 2000

    def clear(self) -> bool:
        return False


@pytest.fixture(scope="session")
def database(servers: Servers) -> Iterator[Engine]:
    """The database that rolled-back tests share, reached with the application's own role."""
    servers.create_database("hotline_tests", _TEMPLATE)
    # A test may think for longer between two statements than a process may.
    engine = make_engine(servers.url("hotline_tests"), statement_timeout_ms=120_000)

    @event.listens_for(engine, "connect")
    def keep_what_is_prepared(connection: DBAPIConnection, _record: object) -> None:
        connection._prepared = KeptOverRollbacks()

    yield engine
    engine.dispose()


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    """A session whose commits are savepoints, so that whatever a test does is gone after it."""
    yield from _taken_back(database)


@pytest.fixture
def owning_session(servers: Servers, database: Engine) -> Iterator[Session]:
    """As `session`, by the tables' owner: who takes away what no process of ours may, as if it had never been there."""
    engine = make_engine(servers.url(str(database.url.database), owner=True), pool_size=1)
    yield from _taken_back(engine)
    engine.dispose()


def _taken_back(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@dataclass(frozen=True)
class Committed:
    """A database of one test's own, for races, processes and anything that needs real commits."""

    url: str
    owner_url: str
    superuser_url: str
    redis_url: str
    engine: Engine
    factory: sessionmaker[Session]


@pytest.fixture
def committed(servers: Servers) -> Iterator[Committed]:
    name = f"hotline_{uuid.uuid4().hex[:12]}"
    servers.create_database(name, _TEMPLATE)
    engine = make_engine(servers.url(name), pool_size=20)
    yield Committed(
        url=servers.url(name),
        owner_url=servers.url(name, owner=True),
        superuser_url=servers.superuser_url(name),
        redis_url=servers.engines.redis_url,
        engine=engine,
        factory=session_factory(engine),
    )
    engine.dispose()
    look_at_kept(servers.superuser_url(name))
    servers.drop_database(name)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def one_playwright() -> Iterator[Playwright]:
    """Whoever starts browsers starts them with this one: a process can run no second beside it."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "templates"
    folder.mkdir(exist_ok=True)
    with made_once(folder):
        yield


@pytest.fixture(scope="session")
def settings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a demonstration on loopback, as `./hotline up` would make them."""
    return Settings(
        database_url=servers.url("hotline_tests"),
        redis_url=servers.engines.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        public_base_url="http://127.0.0.1:8000",
        data_dir=tmp_path_factory.mktemp("data"),
        demo=True,
        _env_file=None,
    )


@pytest.fixture(scope="session")
def app(settings: Settings, database: Engine) -> HotlineApp:
    app = create_app(settings, engine=database)
    app.config["TESTING"] = True
    return app


@pytest.fixture
def client(app: HotlineApp, session: Session, now: datetime) -> Iterator[FlaskClient]:
    """A browser without script; requests run on the test's own session and at the test's own time.

    Tests share an address and what the app keeps in memory: what one of them sent must not count against the next, and
    rules that were rolled back with it must not be shown for some seconds more.
    """
    with app.app_context():
        limiter.reset()
    ask_anew(app, session)
    with app.bound_to(session, now):
        yield app.test_client()


def ask_anew(app: HotlineApp, session: Session) -> None:
    """Rules that were rolled back with the test before are not shown until they would be asked for again."""
    kept = app.reference._kept
    if kept is not None and kept.version != version_now(session):
        app.reference._asked_at = 0.0
