"""A ticket that leaves a unit while somebody of the unit presses a button: the rights are those of the row as it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.settings import Settings
from app.web.factory import create_app
from tests.conftest import Committed
from tests.factories import open_ticket, queue_of, unit
from tests.faults.nodes import wait_until
from tests.signing_in import sign_in
from tickets.schema import Ticket, TimelineEntry
from tickets.states import Role, TimelineKind
from tickets.work.ticket import lock_ticket

ACTIONS = {
    "note": {"note": "Words of somebody who may no longer write here."},
    "heard": {"heard": "Words of somebody who may no longer write here."},
    "priority": {"priority": "high", "reason": "because"},
    "claim": {},
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_ticket_that_left_the_unit_in_this_moment_is_no_longer_the_units_to_change(
    committed: Committed, settings: Settings, action: str
) -> None:
    client = create_app(settings, engine=committed.engine).test_client()
    with committed.factory.begin() as session:
        opened = open_ticket(session, now=utc_now())
        sign_in(client, session, role=Role.AGENT, unit=unit(session), now=utc_now())
    here = f"/console/tickets/{opened.reference}"
    token = client.get(here).get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]

    with committed.factory.begin() as elsewhere, ThreadPoolExecutor(1) as hand:
        send_away(elsewhere, opened.ticket_id)
        form = {"csrf_token": token, "once": "a-form", **ACTIONS[action]}
        pressed = hand.submit(lambda: client.post(f"{here}/{action}", data=form).status_code)
        # The request has judged the ticket as it was seen, and waits for the row.
        assert wait_until(lambda: waits_for_a_row(committed.engine), seconds=30)
        elsewhere.commit()
        status = pressed.result(timeout=60)

    assert status in (403, 404)
    with committed.factory() as session:
        kinds = session.scalars(select(TimelineEntry.kind).where(TimelineEntry.ticket_id == opened.ticket_id)).all()
        ticket = session.get_one(Ticket, opened.ticket_id)
        assert set(kinds) == {TimelineKind.OPENED, TimelineKind.ROUTED}
        assert (ticket.priority, ticket.assignee_id) == ("normal", None)


def send_away(session: Session, ticket_id: int) -> None:
    ticket = lock_ticket(session, ticket_id)
    other = unit(session, "26824")
    ticket.unit_id, ticket.queue_id = other.id, queue_of(session, "26824").id
    session.flush()


def waits_for_a_row(engine: Engine) -> bool:
    with engine.connect() as connection:
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return bool(connection.scalar(text(waiting)))
