"""Engines, sessions, transactions and migrations: where a transaction outside a request is opened and closed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from app.settings import ROOT
from app.storage.bounded_connection import Limits, keep_within
from app.storage.database_faults import DatabaseFault, fault_of
from app.storage.living_connections import hand_out_only_living
from app.storage.schema_state import SchemaState, schema_differences, schema_state
from app.storage.statement_count import count_statements
from app.storage.upgrading import LOCK_TIMEOUT, StillLocked, upgrade
from tickets.schema import (
    Acknowledgement,
    AuditEntry,
    AuditSeal,
    CalendarVersion,
    ChainStep,
    ChainVersion,
    Clock,
    Delegation,
    EscalationAttempt,
    ExclusionCredit,
    GoingLive,
    Instruction,
    MatterRow,
    MatterVersion,
    PolicyRow,
    PolicyVersion,
    PromiseBreach,
    ReadingCorrection,
    StepRecipient,
    Ticket,
    TimelineEntry,
)

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")

# How often what gave way to another (a deadlock, a serialization) is tried again.
AGAIN_AT_ONCE = 2

_APPEND_ONLY = (
    AuditEntry.__tablename__,
    PromiseBreach.__tablename__,
    EscalationAttempt.__tablename__,
    StepRecipient.__tablename__,
    Acknowledgement.__tablename__,
    ExclusionCredit.__tablename__,
    TimelineEntry.__tablename__,
    Delegation.__tablename__,
    Instruction.__tablename__,
    GoingLive.__tablename__,
    ReadingCorrection.__tablename__,
    MatterVersion.__tablename__,
    MatterRow.__tablename__,
)
# Of these only these columns are written later: when somebody has read what they were told, what became of an
# instruction or of asking a colleague, that a policy has ended (once each: `tickets/schema/kept_facts.py`), which
# version has a row no more.
_WRITTEN_LATER = {
    StepRecipient.__tablename__: (StepRecipient.read_at.key,),
    Instruction.__tablename__: (
        Instruction.answered_at.key,
        Instruction.answered_by_id.key,
        Instruction.answer.key,
        Instruction.broken_at.key,
        Instruction.ended_at.key,
    ),
    Delegation.__tablename__: (Delegation.declined_at.key, Delegation.broken_at.key, Delegation.ended_at.key),
    PolicyVersion.__tablename__: (PolicyVersion.retired_at.key,),
    MatterRow.__tablename__: (MatterRow.until_number.key,),
}
# What was promised, when it counted and whom it names: published once, then a further version. It stays, also the step
# of a chain that no promise has climbed to yet.
_NEVER_CHANGED = (
    CalendarVersion.__tablename__,
    ChainVersion.__tablename__,
    ChainStep.__tablename__,
    PolicyRow.__tablename__,
    PolicyVersion.__tablename__,
)
# With them everything would go that was ever promised and done about a matter.
_NEVER_DELETED = (Ticket.__tablename__, Clock.__tablename__)
_INSERT_ONLY_CHAIN = (AuditSeal.__tablename__,)
# A server that lost the network to a process of ours keeps its locks and its place until it notices; Linux takes two
# hours. Ours to set, because a role may set for itself what holds in one database.
_NOTICED_BY_THE_SERVER = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
}
_UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class UnsafeDatabase(RuntimeError):
    """The database must not be worked with as it stands; the message is a sentence for the terminal."""


class AcknowledgedMayBeLost(UnsafeDatabase):
    """PostgreSQL is set up so that an acknowledged commit may be lost (G1)."""

    def __init__(self, found: str) -> None:
        super().__init__(f"PostgreSQL may lose what it acknowledged: {found}. Set it to on.")


class DemonstrationHeld(UnsafeDatabase):
    """The database holds people who were invented for the demonstration, and the public address is a real one."""

    def __init__(self) -> None:
        super().__init__(
            "This database holds the demonstration, which must not run on a public address. Take an empty database "
            "(HOTLINE_DATABASE_URL, or --data with another folder)."
        )


class OtherBuild(UnsafeDatabase):
    """The tables are not those this build works with, and no migration of ours leads there from them."""

    def __init__(self, differences: tuple[str, ...] = ()) -> None:
        self.differences = differences
        if not differences:
            super().__init__(
                "These data were made by a newer Hotline, whose schema this one does not know. Start that one, or give "
                "this one an empty folder (--data DIR) or database (HOTLINE_DATABASE_URL)."
            )
            return
        shown = "; ".join(differences[:5]) + ("; …" if len(differences) > 5 else "")
        super().__init__(
            f"These data were made by another build of Hotline, and its tables are not those of this one: {shown}. "
            "No row was changed. Start the build that made them, or give this one an empty folder (--data DIR) or "
            "database (HOTLINE_DATABASE_URL); the README's Upgrading says which data go on."
        )


class LockedOut(UnsafeDatabase):
    """A migration did not get the lock it needs; it was undone, and what stood before stands."""

    def __init__(self, pids: tuple[int, ...]) -> None:
        named = f" Longest at it: process {', '.join(map(str, pids))} of the database." if pids else ""
        super().__init__(
            "The schema could not be changed, because somebody keeps a table locked (an open transaction in psql, a "
            f"report, a backup).{named} The migration was undone; end that transaction and run ./hotline migrate again."
        )


def make_engine(
    url: str,
    *,
    pool_size: int = 10,
    statement_timeout_ms: int = 15_000,
    connect_timeout: int = 5,
    pool_timeout: float = 5,
) -> Engine:
    """An engine on psycopg 3; a statement is ended by the server after `statement_timeout_ms`, or by us soon after."""
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=pool_timeout,
        # An error's text goes to the log, where nobody's name or words belong.
        hide_parameters=True,
    )
    keep_within(engine, Limits(statement_timeout_ms, connect_timeout))
    hand_out_only_living(engine)
    count_statements(engine)
    return engine


def session_factory(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False, autoflush=True)


@contextmanager
def transaction(factory: sessionmaker[Session]) -> Iterator[Session]:
    """One job, one transaction: commits on return, rolls back on anything raised.

    Reading ends with a commit too: at every rollback psycopg forgets the statements that the connection has prepared,
    and each of them is parsed and planned anew until it has been sent five times.
    """
    with factory() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


def repeated(factory: sessionmaker[Session], work: Callable[[Session], T]) -> T:
    """`work` in a transaction of its own, and at once again, twice at most, where it had to give way to another.

    For what may be done twice: whatever a try has done is rolled back before the next.
    """
    for _ in range(AGAIN_AT_ONCE):
        try:
            with transaction(factory) as session:
                return work(session)
        except Exception as trouble:
            if fault_of(trouble) is not DatabaseFault.DEADLOCK:
                raise
    with transaction(factory) as session:
        return work(session)


def refuse_unsafe(engine: Engine) -> None:
    """Raise AcknowledgedMayBeLost where a setting could lose acknowledged commits."""
    with engine.connect() as connection:
        found = {
            name: connection.execute(text("select current_setting(:name)"), {"name": name}).scalar_one()
            for name in _UNSAFE
        }
    unsafe = [f"{name} is {value}" for name, value in found.items() if value == _UNSAFE[name]]
    if unsafe:
        raise AcknowledgedMayBeLost(", ".join(unsafe))


def refuse_demonstration(engine: Engine) -> None:
    """Raise DemonstrationHeld where people of the demonstration may sign in: for processes that citizens can reach."""
    with engine.connect() as connection:
        # Before the first migration there is no table, and nobody in it.
        if connection.execute(text("select to_regclass('staff')")).scalar_one() is None:
            return
        held = text("select exists (select from staff where is_demo and disabled_at is null)")
        if connection.execute(held).scalar_one():
            raise DemonstrationHeld


def alembic_config(owner_url: str) -> "Config":
    # Here rather than above: five processes start at once, and only one upgrades.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(ROOT / "app" / "migrations").replace("%", "%%"))
    config.attributes["url"] = owner_url
    config.attributes["lock_timeout"] = LOCK_TIMEOUT
    return config


def migrate(owner_url: str, app_url: str) -> None:
    """Bring the schema to the newest version and give the application's role just what it needs.

    Raises OtherBuild where that cannot be: the data of a newer build, or of one whose migrations were others.
    """
    engine = make_engine(owner_url, pool_size=1)
    try:
        with engine.connect() as connection:
            if schema_state(connection) is SchemaState.UNKNOWN:
                raise OtherBuild
        _grant_as_made(engine, app_url, on=True)
        try:
            upgrade(alembic_config(owner_url), engine)
        except StillLocked as locked:
            raise LockedOut(locked.pids) from None
        with engine.connect() as connection:
            if differences := schema_differences(connection):
                raise OtherBuild(differences)
    finally:
        engine.dispose()
    _grant(owner_url, app_url)
    _let_the_server_notice(app_url)


def _grant_as_made(engine: Engine, app_url: str, *, on: bool) -> None:
    """Whether the application's role may use at once what a migration makes.

    The city works on while migrations run, and a trigger on its tickets may write into a table of the same migration:
    rights that come once all is done come minutes late, and with one that is broken off not at all.
    """
    role = make_url(app_url).username
    if not role or engine.url.username == role:
        return
    with engine.begin() as connection:
        quoted = connection.dialect.identifier_preparer.quote(role)
        does, to_whom = ("grant", "to") if on else ("revoke", "from")
        for rights in ("select, insert, update, delete on tables", "usage, select on sequences"):
            connection.execute(text(f"alter default privileges in schema public {does} {rights} {to_whom} {quoted}"))


def _grant(owner_url: str, app_url: str) -> None:
    owner, role = make_url(owner_url), make_url(app_url).username
    if not role or owner.username == role:
        return
    engine = make_engine(owner_url, pool_size=1)
    with engine.begin() as connection:
        quoted = connection.dialect.identifier_preparer.quote(role)
        connection.execute(text(f"grant usage on schema public to {quoted}"))
        connection.execute(text(f"grant select, insert, update, delete on all tables in schema public to {quoted}"))
        connection.execute(text(f"grant usage, select on all sequences in schema public to {quoted}"))
        # The version of the schema is the owner's to write.
        connection.execute(text(f"revoke insert, update, delete on alembic_version from {quoted}"))
        for table in (*_APPEND_ONLY, *_INSERT_ONLY_CHAIN):
            connection.execute(text(f"revoke update, delete, truncate on {table} from {quoted}"))
        for table in _NEVER_CHANGED:
            connection.execute(text(f"revoke update, delete, truncate on {table} from {quoted}"))
        for table in _NEVER_DELETED:
            connection.execute(text(f"revoke delete, truncate on {table} from {quoted}"))
        for table, columns in _WRITTEN_LATER.items():
            connection.execute(text(f"grant update ({', '.join(columns)}) on {table} to {quoted}"))
    _grant_as_made(engine, app_url, on=False)
    engine.dispose()


def _let_the_server_notice(app_url: str) -> None:
    """Write into the application's role how soon its lost connections are noticed in this database."""
    engine = make_engine(app_url, pool_size=1)
    with engine.begin() as connection:
        quote = connection.dialect.identifier_preparer.quote
        database = quote(connection.execute(text("select current_database()")).scalar_one())
        for name, value in _NOTICED_BY_THE_SERVER.items():
            connection.execute(text(f"alter role current_user in database {database} set {name} = '{value}'"))
    engine.dispose()
