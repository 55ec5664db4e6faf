"""The night's proof beside processes of the release before: what they left out alarms nobody, what is wrong does."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.clockwork.kept_figures import KeptFiguresDiffered, prove_kept_figures
from app.clockwork.node import make_node
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from escalation.firing.sweep import tick
from tests.conftest import Committed
from tests.escalation.scene import full_house, level_at, ticket, ward
from tickets.promises import standing_levels
from tickets.schema import AuditEntry, StandingLevel, StandingReport
from tickets.states import Priority

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
