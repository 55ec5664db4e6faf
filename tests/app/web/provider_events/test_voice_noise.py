"""Calls whose words tell of nothing: no promise runs on, somebody looks, and one press takes it up as it came."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from escalation.firing.sweep import tick
from tests.app.web.provider_events.voice_scene import agent_at, call_of, ticket_of
from tests.factories import unit
from tests.signing_in import sign_in
from tests.whole_app.test_rights import csrf
from tickets.schema import CallbackRequest, Clock, NoiseContact, OutboundMessage
from tickets.states import Role, TicketStatus


@pytest.fixture
def desk(client, session, now):
    """Somebody on duty, so that a caller waits for them."""
    return agent_at(session, now, at="TTDH")


def running(session, ticket):
    session.expire_all()
    wanted = (Clock.ticket_id == ticket.id, Clock.status == "running")
    return set(session.scalars(select(Clock.kind).where(*wanted)))


def kept(session):
    return session.execute(select(NoiseContact.said, NoiseContact.kind)).all()


def said_nothing(phone):
    phone.ring().press("1").speak("alo").speak("alo alo")
    return phone.hang_up()


def test_a_caller_who_only_said_hello_has_no_clocks_climbs_to_nobody_and_is_called_back(session, phone, desk, now):
    said_nothing(phone)

    ticket = ticket_of(session, phone)
    assert (ticket.status, running(session, ticket)) == (TicketStatus.SPAM, set())
    assert [tuple(row) for row in kept(session)] == [("alo\nalo alo", "greeting")]
    assert session.scalars(select(CallbackRequest.phone)).all() == ["+84901234567"]
    assert session.scalars(select(OutboundMessage.template)).all() == []
    assert tick(session, now=now + timedelta(days=60)).fired == 0


def test_one_press_takes_it_up_with_its_promises(session, client, phone, desk, now):
    said_nothing(phone)
    ticket = ticket_of(session, phone)
    sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    assert "alo alo" in client.get("/console/noise").text

    client.post(f"/console/noise/{call_of(session, phone).contact_id}/ticket", data={"csrf_token": csrf(client)})

    assert running(session, ticket) != set()
    assert ticket.status is TicketStatus.OPEN


@pytest.mark.parametrize("said", ["ngập", "cứu với"])
def test_few_words_about_something_are_a_matter(session, phone, desk, said):
    phone.ring().press("1").speak(said)
    phone.hang_up()

    assert running(session, ticket_of(session, phone)) != set() and kept(session) == []


def test_who_said_nothing_at_all_may_be_unable_to_and_is_a_missed_caller(session, phone, desk):
    phone.ring().press("1").wait()
    phone.hang_up()

    assert running(session, ticket_of(session, phone)) != set() and kept(session) == []


def test_a_message_in_which_somebody_heard_nothing_to_work_on_is_set_aside_too(session, client, phone, now):
    phone.ring().press("8").record(6)
    phone.hang_up()
    ticket = ticket_of(session, phone)
    sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)

    client.post(f"/console/tickets/{ticket.reference}/heard", data={"heard": "alo alo", "csrf_token": csrf(client)})

    assert running(session, ticket) == set()
    assert [tuple(row) for row in kept(session)] == [("alo alo", "greeting")]
