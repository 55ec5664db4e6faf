"""Promises that broke unnoticed and levels that reached nobody: a ticket that is held or hangs waits alone."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.clockwork.batches import Batches
from app.clockwork.beside_firing import BesideFiring
from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from tests.app.clockwork.test_batches import fire_all, overdue, somebody, trigger
from tests.conftest import Committed
from tickets.schema import PlannedStep, PromiseBreach

__all__ = ["overdue"]


def pursue_all(beside: BesideFiring) -> None:
    # Split, and once more for those that are left of it.
    for _ in range(4):
        beside.pursue()


def unreached(committed: Committed) -> set[int]:
    with committed.factory() as session:
        late = PlannedStep.reach_by <= database_now(session)
        return set(session.scalars(select(PlannedStep.ticket_id).where(late)))


def noted(committed: Committed) -> set[int]:
    with committed.factory() as session:
        return set(session.scalars(select(PromiseBreach.ticket_id)))


@pytest.fixture
def unheard(committed: Committed, overdue: list[int]) -> list[int]:
    """Levels that were told to somebody and reached nobody in time."""
    fire_all(Batches(committed.factory))
    with transaction(committed.factory) as session:
        past = database_now(session) - timedelta(minutes=1)
        session.execute(update(PlannedStep).where(PlannedStep.reach_by.is_not(None)).values(reach_by=past))
    assert unreached(committed) == set(overdue)
    return overdue


def test_a_level_that_somebody_holds_keeps_the_next_person_of_no_other_from_being_told(
    committed: Committed, unheard: list[int]
) -> None:
    held = unheard[2]
    seconds = [0.0]
    beside = BesideFiring(committed.factory, seconds=lambda: seconds[0])

    with somebody(committed, f"update planned_step set result = result where ticket_id = {held}"):
        pursue_all(beside)
        meanwhile, aside = unreached(committed), beside.tickets_aside
    seconds[0] += 6
    pursue_all(beside)

    assert (meanwhile, aside) == ({held}, {held})
    assert (unreached(committed), beside.tickets_aside) == (set(), set())


def test_one_whose_rows_are_refused_is_pursued_late_alone(committed: Committed, unheard: list[int]) -> None:
    bad = unheard[1]
    seconds = [0.0]
    beside = BesideFiring(committed.factory, seconds=lambda: seconds[0])

    with trigger(committed, "planned_step", f"if new.ticket_id = {bad} then raise exception 'no'; end if"):
        pursue_all(beside)
        meanwhile = unreached(committed)
    seconds[0] += 20
    pursue_all(beside)

    assert (meanwhile, unreached(committed)) == ({bad}, set())


def test_a_broken_promise_that_somebody_holds_is_noted_late_alone(committed: Committed, overdue: list[int]) -> None:
    held = overdue[4]
    seconds = [0.0]
    beside = BesideFiring(committed.factory, seconds=lambda: seconds[0])

    with somebody(committed, f"select from clock where ticket_id = {held} for update"):
        while beside.note_late():
            pass
        meanwhile = noted(committed)
    seconds[0] += 6
    beside.note_late()

    assert meanwhile == set(overdue) - {held}
    with committed.factory() as session:
        facts = session.scalar(select(func.count()).select_from(PromiseBreach)) or 0
    assert noted(committed) == set(overdue)
    assert facts >= len(overdue)
