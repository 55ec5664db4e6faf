"""A ticket that hangs, is refused or is held keeps no other from being opened or closed when its date has come."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.clockwork.node import Node, make_node
from app.clockwork.ticket_rounds import close_what_was_answered, open_what_was_held
from app.processes.signs_of_life import database_now
from app.recurring.aside import SomePutAside
from app.settings import Settings
from app.storage.database import transaction
from tests.app.clockwork.test_batches import somebody, trigger
from tests.conftest import Committed
from tests.factories import ticket
from tickets.schema import Ticket
from tickets.states import TicketStatus

HANGS = "perform pg_sleep(60)"
REFUSES = "raise exception 'no'"

ROUNDS = [
    (open_what_was_held, TicketStatus.PENDING_THIRD_PARTY, "wake_at"),
    (close_what_was_answered, TicketStatus.RESOLVED, "reopen_until"),
]


def due(committed: Committed, status: TicketStatus, at: str) -> list[int]:
    with transaction(committed.factory) as session:
        past = database_now(session) - timedelta(hours=1)
        ids = [ticket(session).id for _ in range(4)]
        session.execute(update(Ticket).where(Ticket.id.in_(ids)).values({"status": status, at: past}))
    return ids


def done(committed: Committed, before: TicketStatus) -> set[int]:
    with committed.factory() as session:
        return set(session.scalars(select(Ticket.id).where(Ticket.status != before)))


@pytest.mark.parametrize(("do", "status", "at"), ROUNDS, ids=["open", "close"])
@pytest.mark.parametrize("body", [HANGS, REFUSES], ids=["hangs", "refuses"])
def test_one_whose_rows_hang_or_are_refused_waits_alone(
    committed: Committed, settings: Settings, do: Callable[[Node], None], status: TicketStatus, at: str, body: str
) -> None:
    ids = due(committed, status, at)
    node, bad = make_node(settings, committed.engine), ids[0]

    with trigger(committed, "ticket", f"if new.id = {bad} then {body}; end if"):
        with pytest.raises(SomePutAside):
            do(node)
        meanwhile = done(committed, status)
    do(node)

    assert meanwhile == set(ids[1:])
    assert node.put_aside == set()
    assert done(committed, status) == set(ids)


@pytest.mark.parametrize(("do", "status", "at"), ROUNDS, ids=["open", "close"])
def test_one_that_somebody_holds_waits_alone(
    committed: Committed, settings: Settings, do: Callable[[Node], None], status: TicketStatus, at: str
) -> None:
    ids = due(committed, status, at)
    node = make_node(settings, committed.engine)

    with somebody(committed, f"update ticket set subject = subject where id = {ids[0]}"):
        do(node)
        meanwhile = done(committed, status)
    do(node)

    assert (meanwhile, done(committed, status)) == (set(ids[1:]), set(ids))
