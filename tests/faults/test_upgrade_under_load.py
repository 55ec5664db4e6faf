"""G21: the next release's migration runs while this one works, which then goes on beside the next on its schema."""

import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
import requests
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

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
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]

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

    with place.factory() as session:
        kept = session.scalar(select(func.count(InboundSms.id)))
        assert schema_state(session.connection()) is SchemaState.UNKNOWN
        assert schema_fault(session.connection()) is None
        assert session.scalar(text("select version_num from alembic_version")) == "next"
    owner.dispose()
    assert ready["checks"]["schema"] == "ok"
    assert set(texts.answers) == {200}
    assert kept == texts.answers[200]
