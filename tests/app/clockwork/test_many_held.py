"""Many rows that one transaction holds: the job ends well within its limit, and what nobody holds is done."""

import time
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.clockwork.node import make_node
from app.clockwork.phone_jobs import sweep_floor
from app.clockwork.schedule import SCHEDULE
from app.processes.signs_of_life import database_now
from app.recurring.aside import SomePutAside
from app.settings import Settings
from app.storage.database import transaction
from app.storage.database_faults import DatabaseFault, fault_of
from tests.app.clockwork.phone_refused import sweep_that_heard
from tests.app.clockwork.test_batches import somebody, trigger
from tests.conftest import Committed
from tests.escalation.raising import HOUR
from tests.factories import staff, ticket
from tickets.each_alone import PutAside, each_alone
from tickets.schema import Presence, Ticket
from tickets.states import PresenceState

HELD, FREE = 40, 3
[SWEEP_LIMIT] = (job.limit_seconds for job in SCHEDULE if job.act is sweep_floor)


@pytest.fixture
def silent(committed: Committed) -> list[int]:
    """Agents whose consoles have not been heard of for an hour, and, the last, one whose time after a call is over."""
    with transaction(committed.factory) as session:
        now = database_now(session)
        ids = [staff(session, role=None).id for _ in range(HELD + FREE + 1)]
        session.add_all(
            Presence(staff_id=who, state=PresenceState.AVAILABLE, since=now - HOUR, heartbeat_at=now - HOUR)
            for who in ids[:-1]
        )
        session.add(
            Presence(
                staff_id=ids[-1], state=PresenceState.WRAP_UP, since=now - HOUR, heartbeat_at=now, wrap_up_until=now
            )
        )
    return ids


def states(committed: Committed) -> dict[int, PresenceState]:
    with committed.factory() as session:
        return {one.staff_id: one.state for one in session.scalars(select(Presence))}


def test_agents_whom_somebody_forgot_at_a_terminal_cost_the_sweep_a_moment_and_the_others_nothing(
    committed: Committed, settings: Settings, silent: list[int]
) -> None:
    node = make_node(settings, committed.engine)
    held, free = silent[:HELD], silent[HELD:-1]

    with somebody(committed, f"update presence set since = since where staff_id in ({', '.join(map(str, held))})"):
        began = time.monotonic()
        sweep_that_heard(node)
        took = time.monotonic() - began
        meanwhile = states(committed)
    sweep_that_heard(node)

    assert took < SWEEP_LIMIT / 4
    assert {meanwhile[who] for who in held} == {PresenceState.AVAILABLE}
    assert {meanwhile[who] for who in free} == {PresenceState.AWAY}
    assert meanwhile[silent[-1]] is PresenceState.AVAILABLE
    assert {states(committed)[who] for who in silent[:-1]} == {PresenceState.AWAY}


def test_agents_whose_rows_all_hang_cost_one_part_of_the_sweep_its_time_and_the_next_parts_nothing(
    committed: Committed, settings: Settings, silent: list[int]
) -> None:
    node = make_node(settings, committed.engine)

    with trigger(committed, "presence", "if new.state = 'away' then perform pg_sleep(60); end if"):
        began = time.monotonic()
        with pytest.raises(SomePutAside):
            sweep_that_heard(node)
        took = time.monotonic() - began

    assert took < SWEEP_LIMIT / 2
    assert states(committed)[silent[-1]] is PresenceState.AVAILABLE


def test_a_posting_of_which_many_are_held_gives_up_in_time(committed: Committed, settings: Settings) -> None:
    node = make_node(settings, committed.engine)
    with transaction(committed.factory) as session:
        ids = [ticket(session).id for _ in range(30)]

    def post(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
        def write(ticket_id: int) -> None:
            session.execute(select(Ticket.id).where(Ticket.id == ticket_id).with_for_update())

        return len(each_alone(session, ids, write, named=int, put_aside=put_aside))

    with somebody(committed, "update ticket set subject = subject"):
        began = time.monotonic()
        with pytest.raises(OperationalError) as trouble:
            node.post(post, statement_ms=3_000, lock_ms=500)
        took = time.monotonic() - began

    assert fault_of(trouble.value) is DatabaseFault.LOCKED
    assert took < 4
