"""G4, G5: each level fires exactly once and in time, while schedulers are killed at any point."""

import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage.database import transaction
from escalation.firing.sweep import tick
from tests.conftest import Committed
from tests.escalation.scene import full_house, ticket, ward
from tests.faults.nodes import LONG, alive, kill, running, start, wait_until
from tickets.schema import AuditEntry, Clock, OutboundMessage, PlannedStep, StepRecipient, Ticket, TimelineEntry
from tickets.states import OutboundChannel, Priority, StepKind, StepResult, TimelineKind

pytestmark = pytest.mark.fault

TICKETS = 300 if LONG else 60
SECONDS = 120 if LONG else 20
# What is promised after a downtime; with schedulers dying all the time it is none better.
ALLOWED_LATENESS = timedelta(seconds=60)
LEVELS = (1, 2, 3)
# A scheduler tries the way of reports every hour with a ticket of its own, which is nobody's here.
OF_THE_TRIAL = select(PlannedStep.id).join(Ticket, Ticket.id == PlannedStep.ticket_id).where(Ticket.is_canary)


def due_soon(session: Session, *, count: int, first_in: float, apart: float, spread: float, seed: int) -> datetime:
    """Tickets whose levels 1 to 3 fall due one after another from now on; when the last one does."""
    chance = random.Random(seed)
    now = datetime.now(UTC)
    unit = ward(session)
    full_house(session, unit, now=now)
    last = now
    for _ in range(count):
        matter = ticket(session, unit, arrived_at=now - timedelta(days=2), priority=Priority.URGENT)
        due_at = now + timedelta(seconds=first_in + chance.random() * spread)
        session.execute(update(Clock).where(Clock.ticket_id == matter.id).values(due_at=due_at))
        mine = PlannedStep.ticket_id == matter.id
        session.execute(
            PlannedStep.__table__.delete().where(mine, ~((PlannedStep.kind == "level") & (PlannedStep.rank <= 3)))
        )
        for level in LEVELS:
            last = max(last, due_at + timedelta(seconds=apart * (level - 1)))
            session.execute(
                update(PlannedStep)
                .where(mine, PlannedStep.rank == level)
                .values(due_at=due_at, planned_at=due_at + timedelta(seconds=apart * (level - 1)))
            )
    return last


def unfired(committed: Committed) -> int:
    with committed.factory() as session:
        left = select(func.count()).where(PlannedStep.fired_at.is_(None), PlannedStep.id.not_in(OF_THE_TRIAL))
        return session.scalar(left) or 0


def assert_each_level_was_written_once(session: Session, *, tickets: int) -> None:
    """One step, one audit row, one timeline entry; and one message per channel and person for each that notified."""
    levels = select(PlannedStep).where(PlannedStep.kind == StepKind.LEVEL, PlannedStep.id.not_in(OF_THE_TRIAL))
    steps = session.scalars(levels).all()
    assert len(steps) == tickets * len(LEVELS)
    audited = select(AuditEntry.subject_id).where(AuditEntry.action == "escalation.fired")
    assert _each_of(session, AuditEntry.subject_id, audited) == Counter(step.id for step in steps)
    told_of = TimelineEntry.params["step_id"].as_integer()
    entries = select(told_of).where(TimelineEntry.kind == TimelineKind.ESCALATED)
    assert _each_of(session, told_of, entries) == Counter(step.id for step in steps)
    notified = [step.id for step in steps if step.result is StepResult.NOTIFIED]
    sent_of = OutboundMessage.params["step_id"].as_integer()
    messages = select(sent_of).where(
        OutboundMessage.template == "escalation_level", OutboundMessage.channel == OutboundChannel.SMS
    )
    assert _each_of(session, sent_of, messages) == Counter(notified)
    assert _each_of(session, StepRecipient.step_id, select(StepRecipient.step_id)) == Counter(notified)


def _each_of(session: Session, step_id: ColumnElement[int], rows: Select[tuple[int]]) -> Counter[int]:
    return Counter(session.scalars(rows.where(step_id.not_in(OF_THE_TRIAL))))


def test_three_schedulers_killed_at_random_fire_each_level_once_and_in_time(committed, settings: Settings):
    node = settings.model_copy(update={"database_url": committed.url})
    chance = random.Random(7)

    with running("scheduler", node, count=3) as schedulers:
        assert wait_until(lambda: alive(committed.factory, "scheduler") == 3)
        with transaction(committed.factory) as session:
            spread = SECONDS * 0.5
            last = due_soon(session, count=TICKETS, first_in=1, apart=SECONDS * 0.2, spread=spread, seed=11)
        while datetime.now(UTC) < last:
            time.sleep(chance.uniform(0.3, 1.2))
            victim = chance.randrange(3)
            kill(schedulers[victim])
            lived = alive(committed.factory, "scheduler")
            schedulers[victim] = start("scheduler", node)
            # A machine that takes longer to start one than we to kill one would have none that ever works.
            assert wait_until(lambda n=lived: alive(committed.factory, "scheduler") > n)
        assert wait_until(lambda: unfired(committed) == 0), f"{unfired(committed)} steps were never fired"

    with committed.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)
        late = session.scalar(select(func.max(PlannedStep.fired_at - PlannedStep.planned_at)))
        assert late is not None
        print(
            f"\nschedulers killed: {3 * TICKETS} steps once each, the latest {late.total_seconds():.1f} s late (15 s)"
        )
        assert late <= ALLOWED_LATENESS


def test_after_downtime_everything_overdue_fires_once_and_only_the_highest_level_tells(committed, settings):
    node = settings.model_copy(update={"database_url": committed.url})
    with transaction(committed.factory) as session:
        due_soon(session, count=TICKETS, first_in=-300, apart=60, spread=30, seed=3)

    with running("scheduler", node, count=2):
        assert wait_until(lambda: unfired(committed) == 0), f"{unfired(committed)} steps were never fired"

    with committed.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)
        ours = select(PlannedStep.rank, PlannedStep.result).where(PlannedStep.id.not_in(OF_THE_TRIAL))
        results = Counter(tuple(row) for row in session.execute(ours).all())
    assert results == {
        (1, StepResult.SUPERSEDED): TICKETS,
        (2, StepResult.SUPERSEDED): TICKETS,
        (3, StepResult.NOTIFIED): TICKETS,
    }


def test_two_connections_ticking_at_once_share_the_tickets_and_fire_each_once(committed):
    with transaction(committed.factory) as session:
        due_soon(session, count=40, first_in=-300, apart=60, spread=30, seed=5)
    now, gate, claims = datetime.now(UTC), threading.Barrier(4), []

    def tick_until_empty() -> None:
        gate.wait()
        while True:
            with transaction(committed.factory) as session:
                outcome = tick(session, now=now, batch=3)
            claims.append(outcome.claimed)
            if not outcome.claimed:
                return

    threads = [threading.Thread(target=tick_until_empty) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(claims) == 40
    with committed.factory() as session:
        assert_each_level_was_written_once(session, tickets=40)


def test_a_tick_that_is_rolled_back_half_way_leaves_nothing_behind(committed):
    with transaction(committed.factory) as session:
        due_soon(session, count=5, first_in=-300, apart=60, spread=1, seed=5)

    class PowerCut(Exception):
        pass

    with pytest.raises(PowerCut), transaction(committed.factory) as session:
        tick(session, now=datetime.now(UTC))
        raise PowerCut

    with committed.factory() as session:
        assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 0
    assert unfired(committed) == 15
