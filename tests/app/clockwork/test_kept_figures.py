"""The night's proof beside processes of the release before: what they left out alarms nobody, what is wrong does."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import ProgrammingError

from app.clockwork.kept_figures import KeptFiguresDiffered, prove_kept_figures
from app.clockwork.node import make_node
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import make_engine, transaction
from escalation.firing.sweep import tick
from tests.conftest import Committed
from tests.escalation.scene import full_house, level_at, ticket, ward
from tests.factories import staff, unit
from tickets.people.roles import load_viewer
from tickets.promises import standing_levels
from tickets.promises.answered_levels import tickets_whose_answers_differ
from tickets.promises.moved_levels import tickets_whose_move_differs
from tickets.queries.newest_levels import newest_level_ids
from tickets.schema import (
    Acknowledgement,
    AuditEntry,
    MovedSinceLevel,
    PlannedStep,
    StandingLevel,
    StandingReport,
    Ticket,
)
from tickets.states import Priority, Role

KEPT = (StandingLevel, StandingReport)


@pytest.fixture
def two(committed: Committed) -> list[int]:
    """Two matters with a level raised, as the release before writes them down."""
    with transaction(committed.factory) as session:
        unit, past = ward(session), database_now(session) - timedelta(days=3)
        full_house(session, unit, now=past)
        matters = [ticket(session, unit, arrived_at=past, priority=Priority.URGENT) for _ in range(2)]
        tick(session, now=level_at(session, matters[0], 1))
        for kept in KEPT:
            unknown = {column.name: None for column in kept.__table__.columns if column.nullable}
            session.execute(update(kept).values(unknown))
        return [matter.id for matter in matters]


def test_rows_of_the_release_before_are_completed_and_nobody_is_alarmed(
    committed: Committed, settings: Settings, two: list[int]
) -> None:
    prove_kept_figures(make_node(settings, committed.engine))

    with committed.factory() as session:
        for kept in KEPT:
            told = session.execute(select(func.count(), func.count(kept.stands)).select_from(kept)).one()
            assert told[0] == told[1] > 0
        assert standing_levels.tickets_that_differ(session) == []
        corrected = select(AuditEntry).where(AuditEntry.action == "kept_figures.corrected")
        assert session.scalars(corrected).all() == []


def test_a_true_difference_among_them_is_found_corrected_and_alarms(
    committed: Committed, settings: Settings, two: list[int]
) -> None:
    with transaction(committed.factory) as session:
        session.execute(update(StandingLevel).where(StandingLevel.ticket_id == two[1]).values(level=4))

    with pytest.raises(KeptFiguresDiffered, match="tickets: 1;"):
        prove_kept_figures(make_node(settings, committed.engine))

    with committed.factory() as session:
        assert standing_levels.tickets_that_differ(session) == []
        assert not session.scalar(select(func.count()).where(StandingLevel.stands.is_(None)))


@pytest.mark.parametrize("spoilt", ["missing", "of another unit"])
def test_a_level_that_its_unit_was_no_longer_told_of_is_on_its_list_again_after_the_night(
    committed: Committed, settings: Settings, two: list[int], spoilt: str
) -> None:
    """A ticket went to another ward, and what is kept of that was lost: who works there hears nothing of it."""

    def told() -> int:
        with committed.factory() as session:
            viewer = load_viewer(session, reader, now=database_now(session))
            assert viewer is not None
            return len(session.scalars(newest_level_ids(viewer, limit=50)).all())

    with transaction(committed.factory) as session:
        there = unit(session, "26743")
        reader = staff(session, role=Role.AGENT, at="26743").id
        for ticket_id in two:
            session.get_one(Ticket, ticket_id).unit_id = there.id
    whole = told()
    with transaction(committed.factory) as session:
        here = MovedSinceLevel.ticket_id == two[0]
        session.execute(
            delete(MovedSinceLevel).where(here)
            if spoilt == "missing"
            else update(MovedSinceLevel).where(here).values(unit_id=0)
        )
    assert (whole, told()) == (2, 1)

    with pytest.raises(KeptFiguresDiffered, match="tickets: 1;"):
        prove_kept_figures(make_node(settings, committed.engine))

    assert told() == whole
    with committed.factory() as session:
        assert tickets_whose_move_differs(session, now=database_now(session)) == []


@pytest.mark.parametrize("spoilt", [False, True])
def test_an_answered_level_is_told_as_answered_at_once_and_again_after_the_night(
    committed: Committed, settings: Settings, two: list[int], spoilt: bool
) -> None:
    """A program asks for what was answered, or for what was not: each level is in one of the two lists."""

    def told() -> dict[bool, set[int]]:
        with committed.factory() as session:
            viewer = load_viewer(session, reader, now=database_now(session))
            assert viewer is not None
            return {
                answered: set(
                    session.scalars(newest_level_ids(viewer, PlannedStep.is_answered.is_(answered), limit=50))
                )
                for answered in (True, False)
            }

    with transaction(committed.factory) as session:
        reader = staff(session, role=Role.SUPERVISOR, at="TTDH").id
        fired = select(PlannedStep.id).where(PlannedStep.kind == "level", PlannedStep.fired_at.is_not(None))
        first, second = session.scalars(fired.order_by(PlannedStep.id)).all()
        now = database_now(session)
        answer = {"staff_id": reader, "at": now, "via": "page", "holds_until": now}
        session.execute(insert(Acknowledgement).values(step_id=first, ticket_id=two[0], **answer))
    assert told() == {True: {first}, False: {second}}
    for step_id, mark in ((first, False), (second, True)):
        with pytest.raises(ProgrammingError, match="its mark only says so"), transaction(committed.factory) as session:
            session.execute(update(PlannedStep).where(PlannedStep.id == step_id).values(is_answered=mark))
    owner = make_engine(committed.superuser_url, pool_size=1)
    with owner.begin() as connection:
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.execute(update(PlannedStep).where(PlannedStep.id == first).values(is_answered=False))
        connection.execute(update(PlannedStep).where(PlannedStep.id == second).values(is_answered=spoilt))
    owner.dispose()
    assert told()[True] == ({second} if spoilt else set())

    with pytest.raises(KeptFiguresDiffered, match=f"tickets: {2 if spoilt else 1};"):
        prove_kept_figures(make_node(settings, committed.engine))

    assert told() == {True: {first}, False: {second}}
    with committed.factory() as session:
        assert tickets_whose_answers_differ(session, now=database_now(session)) == []
