"""One ticket that hangs or is held is late alone: the others of its batch fire without it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from app.clockwork.batches import ONE_BY_ONE_SECONDS, Batches
from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from tests.conftest import Committed
from tests.escalation.scene import full_house, ticket, ward
from tickets.schema import PlannedStep
from tickets.states import Priority, StepKind


@pytest.fixture
def overdue(committed: Committed) -> list[int]:
    with transaction(committed.factory) as session:
        now = database_now(session)
        unit = ward(session)
        full_house(session, unit, now=now)
        return [
            ticket(session, unit, arrived_at=now - timedelta(hours=25, minutes=n), priority=Priority.URGENT).id
            for n in range(6)
        ]


@contextmanager
def somebody(committed: Committed, statement: str) -> Iterator[None]:
    """At a terminal, in a transaction that is forgotten until the block ends."""
    with psycopg.connect(committed.superuser_url) as connection:
        connection.execute(statement.encode())
        yield


@contextmanager
def trigger(committed: Committed, table: str, body: str) -> Iterator[None]:
    """Whatever `body` does for a row `new` that is written to `table`."""
    with psycopg.connect(committed.superuser_url, autocommit=True) as connection:
        connection.execute(
            f"create function trouble() returns trigger language plpgsql as "
            f"$$ begin {body}; return new; end $$; "
            f"create trigger trouble before insert or update on {table}"
            " for each row execute function trouble()".encode()
        )
        yield
        connection.execute(f"drop trigger trouble on {table}; drop function trouble()".encode())


def fired(committed: Committed) -> set[int]:
    with committed.factory() as session:
        levels = PlannedStep.fired_at.is_not(None), PlannedStep.kind == StepKind.LEVEL
        return set(session.scalars(select(PlannedStep.ticket_id).where(*levels)))


def fire_all(batches: Batches) -> None:
    while batches.next().claimed:
        pass
    batches.again(until=batches.seconds() + ONE_BY_ONE_SECONDS)


def later(batches: Batches) -> Batches:
    """The same after every pause is over."""
    before = batches.seconds
    batches.seconds = lambda: before() + 400
    return batches


@pytest.mark.parametrize(
    "statement",
    [
        "update planned_step set result = result where ticket_id = {}",
        "select from clock where ticket_id = {} for update",
        "update ticket set subject = subject where id = {}",
        "select from staff where id in (select staff_id from post_holding) for update",
    ],
    ids=["its steps", "its clocks", "the ticket", "its people"],
)
def test_what_somebody_holds_fires_when_it_is_let_go_and_the_others_at_once(
    committed: Committed, overdue: list[int], statement: str
) -> None:
    batches, held = Batches(committed.factory), overdue[2]
    holds_all = "{}" not in statement

    with somebody(committed, statement.format(held)):
        fire_all(batches)
        meanwhile = fired(committed)
    fire_all(later(batches))

    assert meanwhile == (set() if holds_all else set(overdue) - {held})
    assert fired(committed) == set(overdue)
    assert batches.set_aside == {}


@pytest.mark.parametrize(
    ("table", "its_ticket"), [("timeline_entry", "new.ticket_id"), ("planned_step", "new.ticket_id")]
)
@pytest.mark.parametrize("body", ["perform pg_sleep(60)", "raise exception 'no'"], ids=["hangs", "refuses"])
def test_one_whose_rows_hang_or_are_refused_is_late_alone(
    committed: Committed, overdue: list[int], table: str, its_ticket: str, body: str
) -> None:
    batches, bad = Batches(committed.factory), overdue[3]

    with trigger(committed, table, f"if {its_ticket} = {bad} then {body}; end if"):
        fire_all(batches)
        meanwhile = fired(committed)
        fire_all(later(batches))
        still = list(batches.set_aside)
    fire_all(later(batches))

    assert meanwhile == set(overdue) - {bad}
    assert still == [bad]
    assert fired(committed) == set(overdue)
    assert batches.set_aside == {}


def test_one_that_gives_way_to_another_is_tried_again_at_once(committed: Committed, overdue: list[int]) -> None:
    batches = Batches(committed.factory)
    with psycopg.connect(committed.superuser_url, autocommit=True) as connection:
        connection.execute("create sequence tries; grant usage on sequence tries to public")

    once = "if nextval('tries') = 1 then raise exception using errcode = '40P01'; end if"
    with trigger(committed, "timeline_entry", once):
        done = batches.next()

    assert done.claimed == len(overdue)
    assert fired(committed) == set(overdue)
