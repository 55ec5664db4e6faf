"""A timer that finds nothing new reads little, however much there is: it costs what is new, not what there is."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from app.bench.pages_read import Read, pages_read
from app.clockwork.node import Node, make_node
from app.clockwork.schedule import SCHEDULE
from app.live.changes import changes_since, first_marks
from app.processes.signs_of_life import database_now
from app.storage.database import make_engine, transaction
from tests.conftest import Committed
from tests.factories import open_ticket, staff
from tickets.audit import entries
from tickets.schema import AuditEntry, AuditSealMark

MOST_PAGES = 200
MANY = 20_000
# Asks the provider over the network, which a database cannot tell the price of.
NOT_OF_THE_DATABASE = {"ask the phone provider"}
JOBS = [job for job in SCHEDULE if job.name not in NOT_OF_THE_DATABASE]
# Once a day everything that is kept is held against everything it was made of: it is there to read all.
NIGHTLY = {"prove kept figures"}
# Long enough ago that none of it is new to anybody, and recent enough that nothing of it is to be cleared away.
AT = "now() - interval '1 hour' - n * interval '1 second'"
FILLED = (
    f"""insert into audit_entry (at, actor_kind, action, subject_kind, params)
        select {AT}, 'system', 'ticket.claimed', 'ticket', '{{}}' from generate_series(1, {MANY}) n""",
    f"""insert into outbound_message (dedup_key, channel, address, staff_id, template, params, locale, state,
                                      created_at, not_before, sent_at)
        select 'filled:' || n, case when n % 3 = 0 then 'screen' else 'sms' end, '', :staff, 'received', '{{}}', 'vi',
               'delivered', {AT}, {AT}, {AT} from generate_series(1, {MANY}) n""",
    f"""insert into timeline_entry (ticket_id, at, kind, actor_kind, is_public, params)
        select :ticket, {AT}, 'note', 'system', false, '{{}}' from generate_series(1, {MANY}) n""",
    f"""insert into call (account, call_sid, state, state_since, state_until, arrived_at, ended_at)
        select 'filled', 'CA' || n, 'ended', {AT}, {AT}, {AT}, {AT} from generate_series(1, {MANY}) n""",
    """insert into offer (call_id, staff_id, offered_at, expires_at, outcome, ended_at)
        select c.id, :staff, c.arrived_at, c.arrived_at, 'answered', c.arrived_at from call c""",
    f"""insert into webhook_event (account, kind, event_key, received_at, form)
        select 'filled', 'voice', 'event ' || n, {AT}, '{{}}' from generate_series(1, {MANY}) n""",
)


def settle(committed: Committed) -> None:
    """Statistics as a database has them that was not filled a moment ago."""
    owner = make_engine(committed.superuser_url, pool_size=1, statement_timeout_ms=0)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")
    owner.dispose()


def seal_everything(committed: Committed) -> None:
    """Until the mark stands at the newest entry: it waits for every transaction of the server, other tests' too."""
    for _ in range(600):
        with transaction(committed.factory) as session:
            now = database_now(session)
            entries.seal(session, now=now, settled_before=now)
            newest = session.scalar(select(func.max(AuditEntry.id)))
            if session.get_one(AuditSealMark, 1, populate_existing=True).entry_id == newest:
                return
        time.sleep(0.1)
    raise AssertionError("some transaction of the server never ended")


@pytest.fixture
def full(committed: Committed) -> Committed:
    """Twenty thousand rows of everything that timers look through, all of it an old story."""
    with transaction(committed.factory) as session:
        ids = {"staff": staff(session).id, "ticket": open_ticket(session, now=datetime.now(UTC)).ticket_id}
        for statement in FILLED:
            session.execute(text(statement), ids)
    settle(committed)
    return committed


@pytest.fixture
def node(full: Committed, settings) -> Node:
    """A scheduler that has caught up: every job has found what there was, twice."""
    node = make_node(settings, full.engine)
    for _ in range(2):
        for job in JOBS:
            job.act(node)
        # What a job remembers is counted from where the trail is settled.
        seal_everything(full)
    settle(full)
    return node


def test_no_job_reads_more_than_two_hundred_pages_when_nothing_is_new(full: Committed, node: Node) -> None:
    read = {job.name: pages_read(full.engine, lambda job=job: job.act(node)) for job in JOBS if job.name not in NIGHTLY}

    assert {name: one for name, one in read.items() if one.pages > MOST_PAGES} == {}


def test_a_look_of_live_updates_reads_little_when_nothing_is_new(full: Committed) -> None:
    with transaction(full.factory) as session:
        marks = first_marks(session, now=database_now(session))

    def look() -> None:
        with transaction(full.factory) as session:
            changes, _marks = changes_since(session, marks, now=database_now(session))
        assert changes == []

    read = pages_read(full.engine, look)

    assert read.statements >= 5
    assert read.pages <= MOST_PAGES, read


def test_what_the_count_counts_grows_with_what_is_read(full: Committed) -> None:
    def read(statement: str) -> Read:
        def ask() -> None:
            with transaction(full.factory) as session:
                session.execute(text(statement))

        return pages_read(full.engine, ask)

    whole, one = read("select count(form) from webhook_event"), read("select form from webhook_event where id = 1")

    assert one.pages <= 4 < MOST_PAGES < whole.pages
