"""What was settled after an answer is read by whoever has the responsibility today, and by nobody who moved on (A4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.acknowledging.acknowledge import acknowledge
from tests.app.web.steering import Climb, climb, csrf_of, enter
from tests.escalation.scene import clock, holder, ward, with_role
from tickets.schema import Acknowledgement, PostHolding, RoleAssignment, Staff
from tickets.states import ClockStatus, Role, TicketStatus

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SETTLED = "Settled in the last 14 days"
WORDS = "Xong trong hôm nay"


@pytest.fixture
def settled(session: Session) -> Climb:
    """The ward's chair instructed, and the matter was settled."""
    climbed = climb(session, opened_at=MONDAY)
    climbed.ticket.subject = "Ông Tám nhà số 7"
    step_id = climbed.step(session, 2).id
    acknowledge(session, step_id, staff_id=climbed.people[2].id, instruction=WORDS, via="web", now=climbed.at)
    running = clock(session, climbed.ticket)
    running.status, running.stopped_at = ClockStatus.MISSED, climbed.at + timedelta(minutes=5)
    climbed.ticket.status = TicketStatus.RESOLVED
    session.flush()
    return climbed


@pytest.fixture
def page_of(app: HotlineApp, session: Session, settled: Climb) -> Iterator[object]:
    now = settled.at + timedelta(hours=1)

    def page(who: Staff) -> str:
        client: FlaskClient = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, who, now=now)
        return client.get("/leadership").get_data(as_text=True)

    with app.bound_to(session, now):
        yield page


def leaves_for_another_ward(session: Session, who: Staff, *, at: datetime) -> None:
    for table in (PostHolding, RoleAssignment):
        session.execute(update(table).where(table.staff_id == who.id).values(valid_to=at))
    other = ward(session, "Phường Bến Thành")
    holder(session, "ward_chair", other, staff=who, now=at)
    session.add(RoleAssignment(staff_id=who.id, role=Role.LEADER, unit_id=other.id, valid_from=at))
    session.flush()
    session.expire_all()


def test_whoever_answered_and_still_stands_there_reads_how_it_ended(settled, page_of):
    page = page_of(settled.people[2])

    assert SETTLED in page
    assert WORDS in page


def test_whoever_moved_to_another_ward_reads_neither_reference_nor_subject_of_the_former_one(session, settled, page_of):
    leaves_for_another_ward(session, settled.people[2], at=settled.at)

    page = page_of(settled.people[2])

    assert SETTLED not in page
    assert settled.ticket.reference not in page
    assert "Ông Tám" not in page
    assert WORDS not in page


def test_the_successor_reads_what_became_of_it_and_who_had_said_it(session, settled, page_of):
    leaves_for_another_ward(session, settled.people[2], at=settled.at)
    successor = with_role(session, Role.LEADER, settled.unit, now=MONDAY)
    holder(session, "ward_chair", settled.unit, staff=successor, now=settled.at)

    page = page_of(successor)

    assert SETTLED in page
    assert WORDS in page
    assert settled.people[2].name in page


def test_the_successor_answers_in_place_of_whoever_was_told_and_nobody_of_another_ward_does(app, session):
    climbed = climb(session, opened_at=MONDAY)
    step_id = climbed.step(session, 2).id
    successor, stranger = (
        with_role(session, Role.LEADER, unit, now=MONDAY) for unit in (climbed.unit, ward(session, "Phường Bến Thành"))
    )
    leaves_for_another_ward(session, climbed.people[2], at=climbed.at)
    holder(session, "ward_chair", climbed.unit, staff=successor, now=climbed.at)
    now = climbed.at + timedelta(hours=1)

    statuses = []
    with app.bound_to(session, now):
        for who in (stranger, successor):
            client: FlaskClient = app.test_client()
            enter(client, session, who, now=now)
            token = {"csrf_token": csrf_of(client, "/leadership")}
            drafted = client.post(f"/leadership/steps/{step_id}/draft", data={**token, "instruction": WORDS})
            refused = client.post(f"/leadership/steps/{step_id}", data={**token, "new_due_at": "no date"})
            sent = client.post(f"/leadership/steps/{step_id}", data={**token, "instruction": WORDS})
            statuses.append((drafted.status_code, refused.status_code, sent.status_code))

    assert statuses == [(404, 404, 404), (204, 400, 303)]
    assert session.scalars(select(Acknowledgement.staff_id)).all() == [successor.id]


def test_somebody_of_another_ward_reads_nothing_of_it(session, settled, page_of):
    other = ward(session, "Phường Bến Thành")
    stranger = with_role(session, Role.LEADER, other, now=MONDAY)
    holder(session, "ward_chair", other, staff=stranger, now=MONDAY)

    assert SETTLED not in page_of(stranger)
