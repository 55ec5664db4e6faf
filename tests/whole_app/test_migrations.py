"""Migrations: what the first one made comes to what the code expects, under load, and carries the release before."""

import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from app.storage import upgrading
from app.storage.database import LockedOut, alembic_config, make_engine, migrate
from app.storage.schema_facts import facts_there
from app.storage.schema_state import schema_fault
from tests.conftest import Committed, Servers
from tickets.schema import Base
from tools.migration_rules import faults_of, files

# What a city had written when it ran the first version: in the columns of 0001, which never change.
ROWS_OF_THE_FIRST = """
    insert into unit (id, code, name, name_en, sort_key, kind) overriding system value
    values (1, '79', 'Thành phố', 'City', 'thanh pho', 'city');
    insert into queue (id, unit_id, kind, name, name_en) overriding system value values (1, 1, 'work', 'Hàng', 'Queue');
    insert into staff (email, name, sort_key, created_at) values ('a@example.vn', 'An', 'an', now());
    insert into citizen (id, created_at) overriding system value values (1, now());
    insert into ticket (id, reference, pin_salt, subject, body, status, priority, level, channel, unit_id, queue_id,
                        first_queue_id, citizen_id, opened_at, updated_at) overriding system value
    values (1, '260000001', 's', 'Đèn tắt', 'Đèn đường không sáng', 'open', 'normal', 'ward', 'web', 1, 1, 1, 1,
            now(), now());
    set local time zone 'UTC';
    insert into outbound_message (dedup_key, channel, address, template, params, locale, state, created_at, not_before)
    values ('a', 'sms', '+84901234567', 'received', '{}', 'vi', 'waiting', now(), now());
    insert into audit_entry (at, actor_kind, action, subject_kind) values (now(), 'system', 'test', 'ticket');
    insert into calendar (id, key, name, name_en) overriding system value values (1, '24x7', 'Luôn mở', 'Always');
    insert into calendar_version (id, calendar_id, version, spec, created_at) overriding system value
    values (1, 1, 1, '{}', now());
    insert into policy (id, name) overriding system value values (1, 'Chung');
    insert into policy_version (id, policy_id, version, created_at) overriding system value values (1, 1, 1, now());
    insert into policy_row (id, policy_version_id, priority, clock, target_seconds, calendar_version_id, warn)
    overriding system value values (1, 1, 'normal', 'resolve', 3600, 1, '[]');
    insert into clock (id, ticket_id, kind, cycle, status, policy_row_id, calendar_version_id, target_seconds,
                       started_at, due_at, stopped_at, history) overriding system value
    values
      (1, 1, 'accept', 1, 'missed', 1, 1, 3600, '2026-09-01', '2026-09-02', '2026-09-03', '[]'),
      (2, 1, 'first', 1, 'met', 1, 1, 3600, '2026-09-01', '2026-09-04', '2026-09-03', '[]'),
      (3, 1, 'resolve', 1, 'met', 1, 1, 3600, '2026-09-01', '2027-09-01', '2026-10-01',
       '[{"at": "2026-09-06T00:00:00+00:00", "due_at": "2026-09-05T00:00:00+00:00", "cause": "manual"}]');
    insert into planned_step (id, ticket_id, clock_id, kind, rank, planned_at, due_at, fired_at, result)
    overriding system value
    values (1, 1, 2, 'level', 1, '2026-09-02', '2026-09-04', '2026-09-02', 'notified');
    insert into step_recipient (step_id, staff_id, capacity, told_at, reply_code, read_at)
    select 1, id, 'holder', '2026-09-02', '111111', '2026-09-03' from staff;
    insert into outbound_message (dedup_key, channel, address, template, params, locale, state, created_at, not_before,
                                  ticket_id, staff_id, sent_at, error_code)
    select 'step', 'sms', '+84901234567', 'escalation_level', '{"step_id": 1}', 'vi', 'failed', '2026-09-02',
           '2026-09-02', 1, id, '2026-09-02', '30003' from staff;
"""
# Who had been tried by then, and how far that had come; each with its entry in the trail.
ATTEMPTS = """
    select a.step_id, a.method, a.state, a.why, e.action from escalation_attempt a
    left join audit_entry e on e.subject_kind = 'escalation_attempt' and e.subject_id = a.id order by a.id
"""
# What was broken by then, a promise with another date since among them.
FACTS = "select clock_id, to_char(breached_at at time zone 'UTC', 'MM-DD'), unit_id from promise_breach order by 1"
SEQUENCES = "select sequencename, data_type::text, min_value, max_value, increment_by from pg_sequences order by 1"
FUNCTIONS = "select proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace order by 1"


@pytest.fixture
def empty(servers: Servers) -> Iterator[tuple[str, str]]:
    """An empty database, as its owner and as the application reaches it."""
    name = f"hotline_{uuid.uuid4().hex[:12]}"
    servers.create_database(name, "template0")
    yield servers.url(name, owner=True), servers.url(name)
    servers.drop_database(name)


def everything_in(connection: Connection) -> list[object]:
    """Columns, indexes, constraints, triggers with what they do, sequences and functions."""
    sequences, functions = (connection.execute(text(words)).all() for words in (SEQUENCES, FUNCTIONS))
    return [dict(facts_there(connection)[0]), sequences, functions]


def test_a_database_of_the_first_migration_comes_with_its_rows_to_what_the_code_expects(
    empty: tuple[str, str], committed: Committed
) -> None:
    owner_url, app_url = empty
    owner, fresh = make_engine(owner_url, pool_size=1), make_engine(committed.owner_url, pool_size=1)
    command.upgrade(alembic_config(owner_url), "0001")
    with owner.begin() as connection:
        connection.execute(text(ROWS_OF_THE_FIRST))

    migrate(owner_url, app_url)

    with owner.connect() as connection, fresh.connect() as other:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert schema_fault(connection) is None
        assert everything_in(connection) == everything_in(other)
        assert connection.execute(text("select reference, subject from ticket")).one() == ("260000001", "Đèn tắt")
        assert connection.execute(text("select count(*) from outbound_message")).scalar_one() == 2
        assert connection.execute(text(FACTS)).all() == [(1, "09-02", 1), (3, "09-05", 1)]
        assert connection.execute(text(ATTEMPTS)).all() == [
            (1, "sms", "failed", "30003", "escalation.attempted"),
            (1, "screen", "read", "", "escalation.attempted"),
        ]
    owner.dispose()
    fresh.dispose()


def test_lines_that_follow_their_clock_can_be_taken_back(empty: tuple[str, str]) -> None:
    config, engine = alembic_config(empty[0]), make_engine(empty[0], pool_size=1)
    found = []
    for go, to in ((command.upgrade, "0176"), (command.upgrade, "0179"), (command.downgrade, "0176")):
        go(config, to)
        with engine.connect() as connection:
            found.append(everything_in(connection))
    engine.dispose()

    assert found[0] == found[2]
    assert found[0] != found[1]


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_a_migration_carries_the_release_before_it_and_locks_no_table_for_long(file) -> None:
    assert faults_of(file.read_text("utf-8")) == ()


BROKEN = {
    "op.drop_table('ticket')": "drops something",
    "op.drop_column('ticket', 'subject')": "drops something",
    "op.execute('alter table ticket drop column subject')": "drops something",
    "op.rename_table('ticket', 'matter')": "renames",
    "op.alter_column('ticket', 'subject', new_column_name='title')": "renames",
    "op.execute('alter table ticket rename subject to title')": "renames",
    "op.alter_column('ticket', 'subject', nullable=False)": "asks the release before",
    "op.execute('alter table ticket alter subject set not null')": "asks the release before",
    "op.alter_column('ticket', 'subject', type_=sa.Integer())": "rewrites",
    "op.execute('alter table ticket alter column subject type text')": "rewrites",
    "op.add_column('ticket', sa.Column('weight', sa.Integer(), nullable=False))": "must be filled",
    "op.execute('alter table ticket add column weight int not null')": "must be filled",
    "op.create_index('ix_a', 'ticket', ['subject'])": "concurrently",
    "op.create_index('ix_a', 'ticket', ['subject'], postgresql_concurrently=True)": "autocommit_block",
    "op.execute('create index ix_a on ticket (subject)')": "concurrently",
    "op.create_unique_constraint('uq_a', 'ticket', ['subject'])": "unique index",
    "op.create_check_constraint('ck_a', 'ticket', 'true')": "not_valid",
    "op.create_foreign_key('fk_a', 'ticket', 'unit', ['unit_id'], ['id'])": "not_valid",
    "op.drop_constraint('ck_a', 'ticket')": "does not make again",
    "op.execute('set lock_timeout = 0')": "time limits",
    "op.execute('lock table ticket')": "locks a whole table",
}
WELL = [
    "op.add_column('ticket', sa.Column('weight', sa.Integer(), nullable=True))",
    "op.add_column('ticket', sa.Column('weight', sa.Integer(), server_default='0', nullable=False))",
    "op.create_table('heavy', sa.Column('id', sa.Integer(), nullable=False))\n"
    "    op.create_index('ix_a', 'heavy', ['id'])",
    "with op.get_context().autocommit_block():\n"
    "        op.execute('drop index concurrently if exists ix_a')\n"
    "        op.create_index('ix_a', 'ticket', ['subject'], postgresql_concurrently=True)",
    "op.drop_constraint('ck_a', 'ticket')\n"
    "    op.create_check_constraint('ck_a', 'ticket', 'true', postgresql_not_valid=True)\n"
    "    op.execute('alter table ticket validate constraint ck_a')",
    "op.execute('alter table ticket add column weight int not null default 0')",
]


@pytest.mark.parametrize("statement", BROKEN)
def test_what_the_release_before_could_not_bear_is_named(statement: str) -> None:
    (fault,) = faults_of(f"def upgrade():\n    {statement}\n")

    assert BROKEN[statement] in fault


@pytest.mark.parametrize("statements", WELL)
def test_what_may_be_done_while_the_city_works_is_allowed(statements: str) -> None:
    assert faults_of(f"def upgrade():\n    {statements}\n") == ()


def test_a_table_that_somebody_keeps_locked_is_left_alone_and_asked_for_again(
    empty: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_url, app_url = empty
    engine = make_engine(owner_url, pool_size=2)
    command.upgrade(alembic_config(owner_url), "0001")
    monkeypatch.setattr(upgrading, "BETWEEN_TRIES_SECONDS", 0.05)
    with engine.connect() as holding:
        holding.execute(text("lock table alembic_version in access exclusive mode"))
        monkeypatch.setattr(upgrading, "LOCK_TRIES", 2)
        with pytest.raises(LockedOut, match=r"keeps a table locked.*run ./hotline migrate again"):
            upgrade_past_the_version(owner_url, app_url, engine)

        monkeypatch.setattr(upgrading, "LOCK_TRIES", 30)
        threading.Timer(2.5, holding.rollback).start()
        migrate(owner_url, app_url)
    engine.dispose()


def upgrade_past_the_version(owner_url: str, app_url: str, engine: Engine) -> None:
    """As `migrate` from where it upgrades: before that it reads the version, which here is what is locked."""
    try:
        upgrading.upgrade(alembic_config(owner_url), engine)
    except upgrading.StillLocked as locked:
        raise LockedOut(locked.pids) from None


def test_an_index_that_was_broken_off_is_made_again(empty: tuple[str, str]) -> None:
    owner_url, app_url = empty
    migrate(owner_url, app_url)
    engine = make_engine(owner_url, pool_size=1)
    with engine.begin() as connection:
        connection.execute(text(ROWS_OF_THE_FIRST))
        connection.execute(text("insert into citizen (id, created_at) overriding system value values (2, now())"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection, pytest.raises(IntegrityError):
        connection.execute(text("create unique index concurrently uq_broken on citizen ((1))"))

    migrate(owner_url, app_url)

    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from pg_index where not indisvalid")).scalar_one() == 0
    engine.dispose()


@pytest.mark.parametrize("before", ["0129", "0165"])
def test_a_migration_that_was_broken_off_behind_what_it_made_is_done_at_the_next_try(
    empty: tuple[str, str], monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    owner_url, app_url = empty
    monkeypatch.setattr(upgrading, "LOCK_TRIES", 1)
    engine = make_engine(owner_url, pool_size=2)
    command.upgrade(alembic_config(owner_url), before)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as exporting:
        # An export keeps its snapshot, and no index is made beside the city's work while somebody has an older one.
        exporting.execute(text("select count(*) from unit"))
        with pytest.raises(upgrading.StillLocked):
            upgrading.upgrade(alembic_config(owner_url), engine)

    migrate(owner_url, app_url)

    with engine.connect() as connection:
        assert schema_fault(connection) is None
    engine.dispose()


def test_tickets_are_written_on_while_a_migration_is_held_up_and_after_it_was_given_up(
    empty: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What 0172 counts by trigger stands when an export holds up 0173: the city's processes may write there at once."""
    owner_url, app_url = empty
    monkeypatch.setattr(upgrading, "LOCK_TRIES", 1)
    engine, app = make_engine(owner_url, pool_size=2), make_engine(app_url, pool_size=1)
    command.upgrade(alembic_config(owner_url), "0001")
    with engine.begin() as connection:
        connection.execute(text(ROWS_OF_THE_FIRST))
    command.upgrade(alembic_config(owner_url), "0171")
    with engine.begin() as connection:
        role = connection.dialect.identifier_preparer.quote(app.url.username or "")
        connection.execute(text(f"grant select, insert, update, delete on all tables in schema public to {role}"))

    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as exporting:
        exporting.execute(text("select count(*) from unit"))
        with pytest.raises(LockedOut):
            migrate(owner_url, app_url)
    with app.begin() as connection:
        connection.execute(text("update ticket set status = 'open', is_restricted = not is_restricted"))
        written = connection.execute(text("select count(*) from waiting_change where is_restricted")).scalar_one()

    assert written > 0
    engine.dispose()
    app.dispose()


def test_every_migration_that_commits_in_between_can_be_begun_again_behind_all_it_made(empty: tuple[str, str]) -> None:
    owner_url, app_url = empty
    config = alembic_config(owner_url)
    script = ScriptDirectory.from_config(config)
    for revision in script.walk_revisions():
        if "autocommit_block" in Path(revision.path).read_text("utf-8"):
            revision.module.upgrade = partial(_twice, revision.module.upgrade)

    with EnvironmentContext(config, script, fn=lambda at, _context: script._upgrade_revs("head", at)):
        script.run_env()

    migrate(owner_url, app_url)
    engine = make_engine(owner_url, pool_size=1)
    with engine.connect() as connection:
        assert schema_fault(connection) is None
    engine.dispose()


def _twice(upgrade: Callable[[], None]) -> None:
    upgrade()
    upgrade()
