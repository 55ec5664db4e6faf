"""Rules over the whole schema: migrations make what the code expects, and the application's role may no more."""

import hashlib

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import Connection, Engine, MetaData, UniqueConstraint, text
from sqlalchemy.exc import ProgrammingError

from app.settings import ROOT
from app.storage.database import alembic_config, make_engine, migrate
from tests.conftest import Committed
from tickets.schema import (
    Acknowledgement,
    AuditEntry,
    AuditSeal,
    Base,
    CalendarVersion,
    ChainStep,
    ChainVersion,
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
    TimelineEntry,
)

METADATA: MetaData = Base.metadata
TABLES = sorted(METADATA.tables)
APPEND_ONLY = {
    one.__tablename__
    for one in (
        AuditEntry,
        AuditSeal,
        PromiseBreach,
        EscalationAttempt,
        StepRecipient,
        Acknowledgement,
        ExclusionCredit,
        GoingLive,
        MatterRow,
        MatterVersion,
        ReadingCorrection,
        TimelineEntry,
        Delegation,
        Instruction,
    )
}
NEVER_CHANGED = {one.__tablename__ for one in (CalendarVersion, ChainVersion, ChainStep, PolicyRow, PolicyVersion)}
NEVER_DELETED = {"ticket", "clock"}
APPLICATION = "hotline_app"
# Kept two days and looked up by its key only.
ALLOWED_WITHOUT_INDEX = ["idempotency_key.ticket_id"]


# Installations have run it: what comes after is a migration of its own.
FIRST_MIGRATION = ROOT / "app" / "migrations" / "versions" / "0001_first.py"
DIGEST_OF_THE_FIRST = "9452ce4cf310db74fc90348fda6742481221755bb456bd13362beba233a254d4"


def may(connection: Connection, table: str, right: str) -> bool:
    statement = text("select has_table_privilege(:role, :table, :right)")
    return bool(connection.execute(statement, {"role": APPLICATION, "table": table, "right": right}).scalar_one())


def test_the_migrations_make_exactly_the_schema_that_the_code_expects(committed: Committed) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)

    with owner.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)

    owner.dispose()
    assert differences == []


def test_there_is_one_newest_migration_and_running_them_again_changes_nothing(committed: Committed) -> None:
    heads = ScriptDirectory.from_config(alembic_config(committed.owner_url)).get_heads()

    migrate(committed.owner_url, committed.url)

    with committed.engine.connect() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalars().all() == heads


@pytest.mark.parametrize("table", TABLES)
def test_the_application_may_do_with_a_table_what_it_needs_and_no_more(database: Engine, table: str) -> None:
    needed = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    needed -= {"UPDATE"} if table in APPEND_ONLY | NEVER_CHANGED else set()
    needed -= {"DELETE"} if table in APPEND_ONLY | NEVER_CHANGED | NEVER_DELETED else set()

    with database.connect() as connection:
        allowed = {
            right
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
            if may(connection, table, right)
        }

    assert allowed == needed


@pytest.mark.parametrize(
    "statement",
    [
        *(f"{verb} {table}" for table in sorted(APPEND_ONLY) for verb in ("delete from", "truncate")),
        "update audit_entry set action = 'nothing.happened'",
        "update audit_seal set hash = 'forged'",
        "update promise_breach set cause = 'change'",
        "update escalation_attempt set state = 'delivered'",
        "update step_recipient set staff_id = 1",
        "update acknowledgement set instruction = ''",
        *(f"delete from {table}" for table in sorted(NEVER_CHANGED)),
        "drop table ticket",
        "alter table audit_entry add column more text",
        "create table left_behind (id int)",
        "alter table audit_entry disable trigger all",
    ],
)
def test_the_application_can_alter_neither_the_audit_trail_nor_the_schema(database: Engine, statement: str) -> None:
    with database.connect() as connection, pytest.raises(ProgrammingError) as refused:
        connection.execute(text(statement))

    assert isinstance(refused.value.orig, errors.InsufficientPrivilege)


def test_the_application_owns_nothing_and_every_sequence_can_be_drawn_from(database: Engine) -> None:
    with database.connect() as connection:
        owned = connection.execute(
            text("select relname from pg_class where relowner = (select oid from pg_roles where rolname = :role)"),
            {"role": APPLICATION},
        ).scalars()
        closed = connection.execute(
            text(
                "select sequencename from pg_sequences where schemaname = 'public'"
                " and not has_sequence_privilege(:role, quote_ident(sequencename), 'USAGE')"
            ),
            {"role": APPLICATION},
        ).scalars()
        powers = connection.execute(
            text("select rolsuper, rolcreatedb, rolcreaterole, rolreplication from pg_roles where rolname = :role"),
            {"role": APPLICATION},
        ).one()
        assert owned.all() == []
        assert closed.all() == []
        assert not any(powers)


def test_whatever_belongs_to_a_ticket_is_found_by_it_without_reading_the_whole_table() -> None:
    missing = []
    for table in METADATA.tables.values():
        led_by = {column.name for index in table.indexes for column in list(index.columns)[:1]}
        led_by |= {next(iter(c.columns)).name for c in table.constraints if isinstance(c, UniqueConstraint)}
        led_by |= {next(iter(table.primary_key.columns)).name}
        keys = [key.parent.name for key in table.foreign_keys if key.column.table.name == "ticket"]
        missing += [f"{table.name}.{name}" for name in keys if name not in led_by]

    assert missing == ALLOWED_WITHOUT_INDEX


def test_the_first_migration_is_never_changed_again() -> None:
    assert hashlib.sha256(FIRST_MIGRATION.read_bytes()).hexdigest() == DIGEST_OF_THE_FIRST
