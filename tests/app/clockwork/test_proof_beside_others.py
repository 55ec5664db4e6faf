"""The night's proof waits for nobody: what somebody works on just then is left as it is, and proved again soon."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.clockwork.kept_figures import KeptFiguresDiffered, KeptFiguresHeld, prove_kept_figures
from app.clockwork.node import make_node
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from escalation.firing.sweep import tick
from tests.app.clockwork.test_batches import somebody
from tests.conftest import Committed
from tests.escalation.scene import full_house, level_at, ticket, ward
from tickets.problems.waves import Wave, WaveCell
from tickets.promises.standing_levels import tickets_that_differ
from tickets.schema import StandingLevel, Ticket
from tickets.states import Priority
from tickets.work.evidence_proof import tickets_whose_evidence_differs
from tickets.work.problems import propose

DIFFERING = {"levels": tickets_that_differ, "evidence": tickets_whose_evidence_differs}


@pytest.fixture(params=DIFFERING)
def wrong(committed: Committed, request: pytest.FixtureRequest) -> str:
    """Of three matters what is kept beside them says something else, in whichever of the two ways."""
    with transaction(committed.factory) as session:
        unit, past = ward(session), database_now(session) - timedelta(days=3)
        full_house(session, unit, now=past)
        ids = [ticket(session, unit, arrived_at=past, priority=Priority.URGENT).id for _ in range(3)]
        tick(session, now=level_at(session, session.get_one(Ticket, ids[0]), 1))
        wave = Wave("alike", WaveCell(), past, tuple(ids), 6, 0.5, "alike:test", (unit.id,))
        propose(session, [wave], now=past)
        session.flush()
        if request.param == "levels":
            session.execute(update(StandingLevel).values(level=4))
        else:
            session.execute(text("update problem_ticket set person = 1"))
    return request.param


def differing(committed: Committed, what: str) -> set[int]:
    with committed.factory() as session:
        return set(DIFFERING[what](session))


def test_the_others_are_corrected_at_once_and_what_was_held_by_the_next_proof(
    committed: Committed, settings: Settings, wrong: str
) -> None:
    node = make_node(settings, committed.engine)
    with committed.factory() as session:
        ids = list(session.scalars(select(Ticket.id).order_by(Ticket.id)))
    assert differing(committed, wrong) == set(ids)

    with somebody(committed, f"update ticket set subject = subject where id = {ids[0]}"):
        with pytest.raises(KeptFiguresDiffered, match="tickets: 2;"):
            prove_kept_figures(node)
        meanwhile = differing(committed, wrong)
        with pytest.raises(KeptFiguresHeld, match="tickets: 1"):
            prove_kept_figures(node)
    with pytest.raises(KeptFiguresDiffered, match="tickets: 1;"):
        prove_kept_figures(node)

    assert meanwhile == {ids[0]}
    assert differing(committed, wrong) == set()
