"""The numbers of a shift are those of the tickets its supervisor may know of, restricted ones too, unit by unit."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import LONG_AGO, NOW, give_role, staff, ticket, unit
from tickets.people.roles import Viewer, load_viewer, visible_tickets
from tickets.queries.supervision import UnitNow, units_now
from tickets.schema import RoleAssignment, Staff, Ticket, TicketAccess
from tickets.states import UNFINISHED, Role, TicketStatus

HOUR = timedelta(hours=1)
# What becomes of each of the restricted tickets of a ward, beside being restricted.
RESTRICTED = {
    "overdue": {"next_due_at": NOW - HOUR},
    "soon": {"next_due_at": NOW + HOUR},
    "later": {"next_due_at": NOW + 9 * HOUR},
    "without a date": {"next_due_at": None},
    "ended": {"status": TicketStatus.CLOSED},
    "canary": {"is_canary": True},
}


def restricted(session: Session, at: str, *named: Staff, **facts: object) -> Ticket:
    found = ticket(session, now=NOW - 5 * HOUR, unit_code=at)
    found.is_restricted = True
    for name, value in facts.items():
        setattr(found, name, value)
    session.add_all(
        TicketAccess(ticket_id=found.id, staff_id=one.id, reason="routing", created_at=LONG_AGO + HOUR) for one in named
    )
    session.flush()
    return found


@pytest.fixture
def people(session: Session) -> dict[str, Staff]:
    """Two wards' tickets, open to all there and restricted; who was named to them, and who was not."""
    of_city, of_ward, moved, unnamed = (
        staff(session, role=Role.SUPERVISOR, at=at) for at in ("TTDH", "26740", "26737", "TTDH")
    )
    held = session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == moved.id)).one()
    held.valid_to = NOW - HOUR
    give_role(session, moved, role=Role.SUPERVISOR, at="TTDH").valid_from = NOW - HOUR
    for at in ("26740", "26740", "26824"):
        ticket(session, now=NOW - HOUR, unit_code=at)
    for at, kinds in (("26740", RESTRICTED), ("26824", ["overdue", "soon"])):
        for kind in kinds:
            restricted(session, at, of_city, of_ward, moved, **RESTRICTED[kind])
    taken = restricted(session, "26740", of_city)
    taken.assignee_id = of_city.id
    restricted(session, "26740", next_due_at=NOW - HOUR)
    session.flush()
    return {"of the city": of_city, "of a ward": of_ward, "moved": moved, "not named": unnamed}


def by_the_rule(session: Session, viewer: Viewer, unit_ids: list[int] | None) -> list[tuple[object, ...]]:
    seen = select(
        Ticket.unit_id,
        func.count(),
        func.count().filter(Ticket.assignee_id.is_(None)),
        func.count().filter(Ticket.next_due_at < NOW),
        func.count().filter(Ticket.next_due_at.between(NOW, NOW + 2 * HOUR)),
        func.min(Ticket.opened_at),
    ).where(visible_tickets(viewer), Ticket.status.in_(UNFINISHED))
    if unit_ids is not None:
        seen = seen.where(Ticket.unit_id.in_(unit_ids))
    return sorted(tuple(row) for row in session.execute(seen.group_by(Ticket.unit_id)))


def numbers(found: list[UnitNow]) -> list[tuple[object, ...]]:
    return sorted((one.unit_id, one.waiting, one.unassigned, one.overdue, one.soon, one.oldest_at) for one in found)


@pytest.mark.parametrize("who", ["of the city", "of a ward", "moved", "not named"])
def test_the_numbers_are_those_of_the_tickets_one_may_know_of(
    session: Session, people: dict[str, Staff], who: str
) -> None:
    viewer = load_viewer(session, people[who].id, now=NOW)
    assert viewer is not None
    ward, other = unit(session).id, unit(session, "26824").id
    asked = [[ward]] if who == "of a ward" else [None, [ward], [ward, other]]

    for unit_ids in asked:
        found = numbers(units_now(session, viewer, unit_ids, now=NOW))
        assert found == by_the_rule(session, viewer, unit_ids) != []


def test_who_was_named_counts_more_than_who_was_not(session: Session, people: dict[str, Staff]) -> None:
    ward = [unit(session).id]

    def waiting(who: str) -> int:
        viewer = load_viewer(session, people[who].id, now=NOW)
        assert viewer is not None
        return sum(one.waiting for one in units_now(session, viewer, ward, now=NOW))

    assert {who: waiting(who) for who in people} == {"of the city": 7, "of a ward": 6, "moved": 2, "not named": 2}
