"""A ticket, its agent, the City Office, and how its clocks and steps are read."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import open_ticket, staff
from tickets.people.actor import staff_actor
from tickets.schema import Clock, PlannedStep, Ticket
from tickets.states import Channel, Disposition, Role
from tickets.work.resolution import resolve

HOUR = timedelta(hours=1)


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


@pytest.fixture
def office(session):
    """Somebody who may still send a matter on or rename it when a warning or a level is out (A7)."""
    return staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)


@pytest.fixture
def ticket(session) -> Ticket:
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901234567")
    return session.get_one(Ticket, opened.ticket_id)


def clocks(session, ticket, kind) -> list[Clock]:
    return list(
        session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == kind).order_by(Clock.cycle))
    )


def steps(session, clock, **facts) -> list[PlannedStep]:
    return list(
        session.scalars(select(PlannedStep).filter_by(clock_id=clock.id, **facts).order_by(PlannedStep.planned_at))
    )


def answer(session, ticket, agent, *, now):
    return resolve(session, ticket.id, disposition=Disposition.ANSWERED, answer="Đã thu gom rác.", actor=agent, now=now)
