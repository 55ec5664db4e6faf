"""A name on a restricted ticket is a right for as long as its person stands there, and no longer."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import give_role, open_ticket, staff
from tickets.people.roles import load_viewer, visible_tickets
from tickets.schema import RoleAssignment, Staff, Ticket, TicketAccess
from tickets.states import Role


def sees(session: Session, person: Staff, now: datetime) -> bool:
    viewer = load_viewer(session, person.id, now=now)
    return viewer is not None and session.scalar(select(Ticket.id).where(visible_tickets(viewer))) is not None


def named(session: Session, person: Staff, now: datetime) -> None:
    ticket = session.get_one(Ticket, open_ticket(session).ticket_id)
    ticket.is_restricted = True
    session.add(
        TicketAccess(ticket_id=ticket.id, staff_id=person.id, reason="told", created_at=now - timedelta(days=1))
    )
    session.flush()


def test_whoever_was_named_sees_it_no_more_when_they_have_moved_to_another_ward(
    session: Session, now: datetime
) -> None:
    person = staff(session)
    named(session, person, now)
    saw_it = sees(session, person, now)

    session.execute(update(RoleAssignment).where(RoleAssignment.staff_id == person.id).values(valid_to=now))
    give_role(session, person, role=Role.SUPERVISOR, at="26824").valid_from = now

    assert saw_it
    assert not sees(session, person, now)


def test_whoever_was_named_at_the_city_sees_it_as_long_as_they_are_there(session: Session, now: datetime) -> None:
    person = staff(session, role=Role.LEADER, at="79")
    named(session, person, now)
    saw_it = sees(session, person, now)

    session.execute(update(RoleAssignment).where(RoleAssignment.staff_id == person.id).values(valid_to=now))

    assert saw_it
    assert not sees(session, person, now)
