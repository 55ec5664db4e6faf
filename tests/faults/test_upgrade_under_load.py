"""G21: the next release's migration runs while this one works, which then goes on beside the next on its schema."""

import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest
import requests
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import func, make_url, select, text

from app.settings import ROOT
from app.storage import upgrading
from app.storage.database import alembic_config, make_engine
from app.storage.schema_state import SchemaState, schema_fault, schema_state
from app.storage.starting import refuse_unsafe_start
from tests.faults.breakable import Carrier, Place, sms_form
from tests.faults.nodes import LONG, alive, running, wait_until
from tickets.schema import InboundSms
from tools.migration_rules import faults_of

pytestmark = [pytest.mark.fault, pytest.mark.skipif(not LONG, reason="takes minutes; runs with --long")]

SENDERS = 4
TEXTS_BETWEEN = 60
TAKEN_IN_WITHIN_SECONDS = 15.0
# All that the rules let a migration do to the tables that are written most.
NEXT = """
'''What the release after this one may do.'''

import sqlalchemy as sa
from alembic import op

revision = 'next'
down_revision = '{head}'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('weighing', sa.Column('id', sa.BigInteger(), nullable=False), sa.PrimaryKeyConstraint('id'))
    op.add_column('ticket', sa.Column('weight', sa.BigInteger(), nullable=True))
    op.add_column('inbound_sms', sa.Column('weight', sa.BigInteger(), server_default='0', nullable=False))
    op.create_check_constraint(op.f('ck_weight'), 'inbound_sms', 'weight >= 0', postgresql_not_valid=True)
    op.execute('alter table inbound_sms validate constraint ck_weight')
    with op.get_context().autocommit_block():
        op.create_index('ix_ticket_weight', 'ticket', ['weight'], postgresql_concurrently=True)
        op.create_index('ix_outbound_message_locale', 'outbound_message', ['locale'], postgresql_concurrently=True)
"""


class Texts:
    """A provider that delivers texts, and what it was answered."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier, self.stop = carrier, threading.Event()
        self.answers: Counter[int] = Counter()
        self.threads = [threading.Thread(target=self._send, args=(n,), daemon=True) for n in range(SENDERS)]

    def _send(self, sender: int) -> None:
        number = sender * 100_000
        while not self.stop.is_set():
            number += 1
            try:
                answer = self.carrier.post("sms", sms_form(number, "Rác ba ngày không ai lấy ở phường Sài Gòn"))
                self.answers[answer.status_code] += 1
            except requests.RequestException:
                self.answers[0] += 1

    def go_on(self) -> None:
        wanted = self.answers.total() + TEXTS_BETWEEN
        assert wait_until(lambda: self.answers.total() >= wanted), self.answers


def test_the_next_migration_runs_under_load_and_both_releases_go_on(place: Place, carrier: Carrier) -> None:
    folder = place.folder / "migrations"
    shutil.copytree(ROOT / "app" / "migrations", folder)
    config = alembic_config(place.settings.owner_database_url)
    head = ScriptDirectory.from_config(config).get_current_head()
    (folder / "versions" / "next.py").write_text(NEXT.format(head=head))
    config.set_main_option("script_location", str(folder))
    assert faults_of(Path(folder / "versions" / "next.py").read_text()) == ()
    owner = make_engine(place.settings.owner_database_url, pool_size=2)
    place.start_web()
    texts = Texts(carrier)

    with running("worker", place.settings), running("scheduler", place.settings):
        for thread in texts.threads:
            thread.start()
        texts.go_on()
        # Somebody reads for a while in a transaction that stays open: the migration may not wait in front of everybody.
        with place.engine.connect() as reading:
            reading.execute(text("select count(*) from inbound_sms"))
            threading.Timer(4, reading.rollback).start()
            upgrading.upgrade(config, owner)
        texts.go_on()
        ready = requests.get(f"{place.base_url}/health/ready", timeout=10).json()
        refuse_unsafe_start(place.settings)
        assert wait_until(lambda: alive(place.factory, "worker") > 0 and alive(place.factory, "scheduler") > 0)
        texts.stop.set()
        for thread in texts.threads:
            thread.join()

    # What waited behind the migration's lock was answered 200 from the disk, and is in the database soon.
    assert wait_until(lambda: kept(place) == texts.answers[200], seconds=TAKEN_IN_WITHIN_SECONDS), (
        f"{kept(place)} of {texts.answers[200]}, {len(list(place.spool.waiting()))} on disk"
    )
    assert not [*place.spool.waiting(), *place.spool.set_aside()]
    with place.factory() as session:
        assert schema_state(session.connection()) is SchemaState.UNKNOWN
        assert schema_fault(session.connection()) is None
        assert session.scalar(text("select version_num from alembic_version")) == "next"
    owner.dispose()
    assert ready["checks"]["schema"] == "ok"
    assert set(texts.answers) == {200}


def kept(place: Place) -> int:
    with place.factory() as session:
        return session.scalar(select(func.count(InboundSms.id))) or 0


FIRST = "0001"
# What contacts, calls, ticks and messages write all day: every migration that locks one of them stands in their way.
WRITTEN_ALL_DAY = (
    "ticket", "contact", "citizen", "citizen_phone", "call", "offer", "presence", "callback_request", "clock",
    "clock_interval", "planned_step", "outbound_message", "inbound_sms", "timeline_entry", "audit_entry", "message",
    "webhook_event", "recording", "queue_hop", "process_beat",
)  # fmt: skip
# A migration waits for a lock for a second at most, and everybody behind it as long; then it works for a moment.
LONGEST_WAIT_SECONDS = 2.5
# So long a transaction of ours lasts, and so long somebody reads who forgot to end theirs.
WRITES_FOR_SECONDS, READS_FOR_SECONDS, BETWEEN_READS_SECONDS = 0.02, 4.0, 12.0


class Writers:
    """Transactions as requests have them, on the tables there were at first; how long each statement waited."""

    def __init__(self, url: str, tables: list[str]) -> None:
        self.url, self.tables, self.stop = url, tables, threading.Event()
        self.longest, self.transactions, self.troubles = 0.0, Counter[str](), list[str]()
        works = [*(lambda n=n: self._write(n) for n in range(4)), self._read]
        self.threads = [threading.Thread(target=work, daemon=True) for work in works]

    def _write(self, first: int) -> None:
        with psycopg.connect(self.url) as connection:
            for turn in range(first, 1_000_000):
                if self.stop.is_set():
                    return
                table = self.tables[turn % len(self.tables)]
                try:
                    began = time.monotonic()
                    connection.execute(sql.SQL("delete from {} where false").format(sql.Identifier(table)))
                    self.longest = max(self.longest, time.monotonic() - began)
                    time.sleep(WRITES_FOR_SECONDS)
                    connection.commit()
                    self.transactions[table] += 1
                except psycopg.Error as trouble:
                    self.troubles.append(f"{table}: {trouble}")
                    connection.rollback()

    def _read(self) -> None:
        """A report over everything, now and then: a migration must not wait for it in front of everybody."""
        with psycopg.connect(self.url) as connection:
            while not self.stop.is_set():
                for table in self.tables:
                    connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))
                time.sleep(READS_FOR_SECONDS)
                connection.commit()
                self.stop.wait(BETWEEN_READS_SECONDS)


def test_every_migration_since_the_first_release_runs_while_contacts_calls_and_ticks_go_on(place: Place) -> None:
    """On a database without rows: what waits behind a lock does so for none as well as for many."""
    url = emptied(place)
    config = alembic_config(url)
    command.upgrade(config, FIRST)
    driver_url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(driver_url) as connection:
        known = {name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'public'")}
    writers, owner = Writers(driver_url, [table for table in WRITTEN_ALL_DAY if table in known]), make_engine(url)

    for thread in writers.threads:
        thread.start()
    began = time.monotonic()
    upgrading.upgrade(config, owner)
    seconds = time.monotonic() - began
    writers.stop.set()
    for thread in writers.threads:
        thread.join()

    with owner.connect() as connection:
        assert schema_state(connection) is SchemaState.CURRENT
    owner.dispose()
    assert writers.troubles == []
    assert writers.longest < LONGEST_WAIT_SECONDS, f"somebody waited {writers.longest:.1f} s in {seconds:.0f} s"
    assert set(writers.transactions) == set(writers.tables), "everybody went on meanwhile"


def emptied(place: Place) -> str:
    """A database without a table beside the place's own; its owner's address."""
    name = f"{make_url(place.settings.database_url).database}_first"
    owner = make_url(place.settings.owner_database_url)
    place.as_superuser(f"create database {name} template template0 owner {owner.username}")
    return owner.set(database=name).render_as_string(hide_password=False)
