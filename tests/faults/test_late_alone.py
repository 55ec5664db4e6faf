"""G19: a ticket whose row hangs, or is held at a forgotten terminal, fires late alone; the others fire."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import func, make_url, select

from app.storage.database import transaction
from tests.faults.breakable import Place
from tests.faults.logged import logged
from tests.faults.nodes import LONG, alive, wait_until
from tests.faults.test_escalation_exactly_once import (
    ALLOWED_LATENESS,
    LEVELS,
    assert_each_level_was_written_once,
    due_soon,
)
from tickets.schema import PlannedStep, ProcessBeat, Ticket

pytestmark = pytest.mark.fault

TICKETS = 40 if LONG else 6
BAD = 3 if LONG else 1


def terminal(place: Place) -> psycopg.Connection:
    url = make_url(place.engines.superuser_database_url).set(drivername="postgresql")
    database = make_url(place.settings.database_url).database
    return psycopg.connect(url.set(database=database).render_as_string(hide_password=False))


@contextmanager
def held(place: Place, ids: list[int]) -> Iterator[None]:
    """`begin; update …` and a person who went to lunch."""
    with terminal(place) as connection:
        connection.execute("update planned_step set result = result where ticket_id = any(%s)", [ids])
        yield


@contextmanager
def hanging(place: Place, ids: list[int]) -> Iterator[None]:
    """A trigger that sleeps whenever one of these is written."""
    with terminal(place) as connection:
        connection.autocommit = True
        connection.execute(
            "create function nap() returns trigger language plpgsql as $$ begin if new.ticket_id in "
            f"({','.join(map(str, ids))}) then perform pg_sleep(600); end if; return new; end $$; "
            "create trigger nap before update on planned_step for each row execute function nap()".encode()
        )
        yield
        connection.execute("drop trigger nap on planned_step")


TROUBLES: list[Callable[[Place, list[int]], object]] = [held, hanging]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.__name__)
def test_the_others_of_the_batch_fire_in_time_and_it_is_named_and_fires_when_it_can(place: Place, trouble):
    with logged(place.settings, "scheduler") as one, logged(place.settings, "scheduler") as other:
        assert wait_until(lambda: alive(place.factory, "scheduler") == 2)
        # Not before they live: how long a start takes is the machine's affair, and the trouble must come first.
        with transaction(place.factory) as session:
            due_soon(session, count=TICKETS, first_in=12, apart=1, spread=3, seed=7)
            ids = list(session.scalars(select(Ticket.id).where(~Ticket.is_canary).order_by(Ticket.id)))
        bad, good = ids[:BAD], ids[BAD:]
        with trouble(place, bad):
            others_fired = wait_until(lambda: unfired(place, good) == 0)
            meanwhile = unfired(place, bad)
            named = wait_until(lambda: set_aside(place) >= BAD)
            told = [*one["scheduler"].said("tick.ticket_put_aside"), *other["scheduler"].said("tick.ticket_put_aside")]
        late_ones_fired = wait_until(lambda: unfired(place, bad) == 0)

    assert others_fired, f"{unfired(place, good)} steps of other tickets did not fire"
    assert (meanwhile, named) == (BAD * len(LEVELS), True)
    assert {entry["ticket_id"] for entry in told} == set(bad)
    assert late_ones_fired
    with place.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)
        fired = session.execute(
            select(PlannedStep.planned_at, PlannedStep.fired_at).where(PlannedStep.ticket_id.in_(good))
        ).all()
    assert max(step.fired_at - step.planned_at for step in fired) <= ALLOWED_LATENESS


def unfired(place: Place, ids: list[int]) -> int:
    with place.factory() as session:
        return (
            session.scalar(select(func.count()).where(PlannedStep.fired_at.is_(None), PlannedStep.ticket_id.in_(ids)))
            or 0
        )


def set_aside(place: Place) -> int:
    with place.factory() as session:
        details = session.scalars(select(ProcessBeat.detail).where(ProcessBeat.name.startswith("scheduler:")))
        return max((int(detail.get("set_aside", 0)) for detail in details), default=0)
