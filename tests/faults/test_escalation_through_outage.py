"""G4: PostgreSQL dies and comes back under two schedulers, of which one is killed: the other fires each level once."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.storage.database import transaction
from tests.faults.breakable import Place
from tests.faults.nodes import HANG_SECONDS, LONG, alive, kill, running, wait_until
from tests.faults.test_escalation_exactly_once import (
    ALLOWED_LATENESS,
    OF_THE_TRIAL,
    assert_each_level_was_written_once,
    due_soon,
)
from tickets.schema import PlannedStep

pytestmark = pytest.mark.fault

TICKETS = 300 if LONG else 40
OUTAGE_SECONDS = 40.0 if LONG else 4.0
LIVE_SECONDS = 60.0 if LONG else 8.0


def unfired(place: Place) -> int:
    with place.factory() as session:
        left = select(func.count()).where(PlannedStep.fired_at.is_(None), PlannedStep.id.not_in(OF_THE_TRIAL))
        return session.scalar(left) or 0


def test_levels_due_before_during_and_after_an_outage_of_the_database_fire_once_and_in_time(place: Place):
    chance = random.Random(17)
    whole = LIVE_SECONDS + OUTAGE_SECONDS

    with running("scheduler", place.settings, count=2) as schedulers:
        assert wait_until(lambda: alive(place.factory, "scheduler") == 2)
        with transaction(place.factory) as session:
            due_soon(session, count=TICKETS, first_in=1, apart=whole * 0.3, spread=whole * 0.4, seed=29)
        assert wait_until(lambda: unfired(place) < 3 * TICKETS), "no step was fired"
        time.sleep(chance.uniform(0, LIVE_SECONDS * 0.2))
        place.kill_postgres()
        kill(schedulers[0])
        time.sleep(OUTAGE_SECONDS)
        place.revive()
        back_at = datetime.now(UTC)
        all_fired = wait_until(lambda: unfired(place) == 0, seconds=whole + HANG_SECONDS)

    assert all_fired, f"{unfired(place)} steps were never fired"
    with place.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)
        ours = PlannedStep.id.not_in(OF_THE_TRIAL)
        steps = session.execute(select(PlannedStep.planned_at, PlannedStep.fired_at).where(ours)).all()
    before, after = (
        [step for step in steps if step.fired_at < back_at],
        [step for step in steps if step.fired_at >= back_at],
    )
    assert before
    assert after, "everything had fired before the outage: this run proves nothing"
    late = max((step.fired_at - max(step.planned_at, back_at) for step in after), default=timedelta())
    print(
        f"\noutage: {len(before)} steps before, {len(after)} after, the last {late.total_seconds():.1f} s late (60 s)"
    )
    assert late <= timedelta(seconds=60)
    in_time = [step for step in after if step.planned_at > back_at + timedelta(seconds=15)]
    assert all(step.fired_at - step.planned_at <= ALLOWED_LATENESS for step in [*before, *in_time])
