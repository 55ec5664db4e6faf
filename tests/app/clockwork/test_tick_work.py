"""Promises that broke unnoticed and levels that reached nobody: a ticket that is held or hangs waits alone."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.clockwork import batches
from app.clockwork.batches import ONE_BY_ONE_SECONDS, Batches
from app.clockwork.patience import Patience
from app.clockwork.tick_work import NOTE_LATE_PROMISES, PURSUE_LEVELS
from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from tests.app.clockwork.test_batches import fire_all, overdue, somebody, trigger
from tests.conftest import Committed
from tickets.schema import PlannedStep, PromiseBreach

__all__ = ["overdue"]


class Pursuing(Batches):
    """As a scheduler remembers it, at a second that the test says."""

    def __init__(self, committed: Committed) -> None:
        self.second = 0.0
        super().__init__(committed.factory, PURSUE_LEVELS, seconds=lambda: self.second)

    def all(self) -> None:
        fire_all(self)


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
    pursuing = Pursuing(committed)

    with somebody(committed, f"update planned_step set result = result where ticket_id = {held}"):
        pursuing.all()
        meanwhile, aside = unreached(committed), set(pursuing.set_aside)
    pursuing.second += 6
    pursuing.all()

    assert (meanwhile, aside) == ({held}, {held})
    assert (unreached(committed), set(pursuing.set_aside)) == (set(), set())


def test_one_whose_rows_are_refused_is_pursued_late_alone(committed: Committed, unheard: list[int]) -> None:
    bad = unheard[1]
    pursuing = Pursuing(committed)

    with trigger(committed, "planned_step", f"if new.ticket_id = {bad} then raise exception 'no'; end if"):
        pursuing.all()
        meanwhile = unreached(committed)
    pursuing.second += 20
    pursuing.all()

    assert (meanwhile, unreached(committed)) == ({bad}, set())


def test_one_whose_rows_are_slow_is_pursued_when_it_is_tried_alone_for_longer(
    committed: Committed, unheard: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, longest in (("FOR_A_BATCH", 400), ("FOR_A_TICKET", 300), ("FOR_A_LATE_ONE", 5_000)):
        monkeypatch.setattr(batches, name, Patience(longest, 250))
    slow = unheard[3]
    pursuing = Pursuing(committed)

    with trigger(committed, "planned_step", f"if new.ticket_id = {slow} then perform pg_sleep(0.6); end if"):
        pursuing.all()
        meanwhile = unreached(committed)
        pursuing.second += 20
        pursuing.all()

    assert (meanwhile, unreached(committed)) == ({slow}, set())


def test_a_broken_promise_that_somebody_holds_is_noted_late_alone(committed: Committed, overdue: list[int]) -> None:
    held = overdue[4]
    seconds = [0.0]
    noting = Batches(committed.factory, NOTE_LATE_PROMISES, seconds=lambda: seconds[0])

    with somebody(committed, f"select from clock where ticket_id = {held} for update"):
        fire_all(noting)
        meanwhile = noted(committed)
    seconds[0] += 6
    noting.again(until=seconds[0] + ONE_BY_ONE_SECONDS)

    assert meanwhile == set(overdue) - {held}
    with committed.factory() as session:
        facts = session.scalar(select(func.count()).select_from(PromiseBreach)) or 0
    assert noted(committed) == set(overdue)
    assert facts >= len(overdue)
