"""The night's proof waits for nobody: what somebody works on just then is left as it is, and proved again soon."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select, text, update

from app.clockwork.kept_figures import KeptFiguresDiffered, KeptFiguresHeld, prove_kept_figures
from app.clockwork.node import make_node
from app.clockwork.run_job import run_job
from app.clockwork.schedule import SCHEDULE
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from escalation.firing.sweep import tick
from tests.app.clockwork.test_batches import somebody, trigger
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


@pytest.mark.parametrize(
    ("fault", "comes_soon"), [("lock_not_available", True), ("deadlock_detected", True), ("raise_exception", False)]
)
def test_what_gives_way_to_others_is_proved_again_in_seconds_and_not_a_day_later(
    committed: Committed, settings: Settings, wrong: str, fault: str, comes_soon: bool
) -> None:
    node, again = make_node(settings, committed.engine), list[str]()
    [job] = (job for job in SCHEDULE if job.act is prove_kept_figures)
    table = "standing_level" if wrong == "levels" else "problem_ticket"
    assert node.leadership.hold()
    node.begin_again = again.append

    with trigger(committed, table, f"raise exception using errcode = '{fault}'"):
        run_job(node, job)
    assert again == [job.name] * comes_soon
    assert differing(committed, wrong) != set()
    run_job(replace(node), job)

    assert differing(committed, wrong) == set()


def test_a_proof_that_had_to_give_way_once_is_done_at_once(
    committed: Committed, settings: Settings, wrong: str
) -> None:
    node = make_node(settings, committed.engine)
    table = "standing_level" if wrong == "levels" else "problem_ticket"
    once = "if nextval('tries') = 1 then raise exception using errcode = 'deadlock_detected'; end if"
    with psycopg.connect(committed.superuser_url, autocommit=True) as connection:
        connection.execute("create sequence tries; grant usage on sequence tries to public")
        with trigger(committed, table, once), pytest.raises(KeptFiguresDiffered):
            prove_kept_figures(node)
        connection.execute("drop sequence tries")

    assert differing(committed, wrong) == set()
