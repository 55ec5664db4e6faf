"""What tests of phone calls ask for: the call and the ticket of a caller, an agent who takes calls."""

from sqlalchemy import select

from telephony.floor import presence
from tests.factories import staff
from tickets.schema import Call, Ticket
from tickets.states import Role

# What callers hear of the incident that a test sets.
BULLETIN = "Khu vực mất điện, ngành điện đang sửa."


def call_of(session, phone):
    return session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()


def ticket_of(session, phone):
    return session.get(Ticket, call_of(session, phone).ticket_id)


def agent_at(session, now, *, at="26740", phone="", **more):
    person = staff(session, role=Role.AGENT, at=at, **more)
    presence.go_available(session, person.id, phone=phone, now=now)
    session.flush()
    return person
