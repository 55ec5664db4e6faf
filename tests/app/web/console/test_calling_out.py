"""Ringing the citizen of a ticket: for this agent, by the outbox, and never against a wish."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.floor import presence
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.console.test_calls import state_of, waiting_call
from tests.factories import citizen, open_ticket
from tickets.schema import CallbackRequest, OutboundMessage, Staff
from tickets.states import CallbackState, OutboundChannel, PresenceState

PHONE = "+84901112233"


def ready(client: FlaskClient, session: Session, now: datetime) -> Staff:
    agent = agent_at(client, session, now)
    presence.go_available(session, agent.id, now=now)
    session.commit()
    return agent


def rung(session: Session) -> list[OutboundMessage]:
    return list(session.scalars(select(OutboundMessage).where(OutboundMessage.channel == OutboundChannel.VOICE)))


def test_the_citizen_is_rung_for_this_agent_who_is_kept_for_it_and_sees_which_number_they_see(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = ready(client, session, now)
    ticket = open_ticket(session, phone=PHONE)
    path = f"/console/tickets/{ticket.reference}"

    page = page_of(client, path)
    send(client, path, f"{path}/call-now")

    assert "The citizen sees the number" in page
    [call] = rung(session)
    asked = session.scalars(select(CallbackRequest)).one()
    assert (call.address, asked.state, asked.staff_id) == (PHONE, CallbackState.DIALLING, agent.id)
    assert state_of(session, agent) is PresenceState.CALLING_BACK
    assert "We are ringing them for you" in page_of(client, "/console/call-bar")


def test_who_asked_not_to_be_called_is_not_rung(client: FlaskClient, session: Session, now: datetime) -> None:
    ready(client, session, now)
    who = citizen(session, phone=PHONE)
    who.do_not_call = True
    ticket = open_ticket(session, phone=PHONE)
    path = f"/console/tickets/{ticket.reference}"

    page = page_of(client, path)
    answer = send(client, path, f"{path}/call-now")

    assert "/call-now" not in page
    assert answer.status_code >= 400 and rung(session) == []


def test_who_is_on_the_line_with_us_is_not_rung(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = ready(client, session, now)
    ticket = open_ticket(session, phone=PHONE)
    waiting_call(session, now, phone=PHONE)
    path = f"/console/tickets/{ticket.reference}"

    answer = send(client, path, f"{path}/call-now").get_data(as_text=True)

    assert "on the line with us" in answer and rung(session) == []
    assert state_of(session, agent) is PresenceState.AVAILABLE


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "Press “Take calls” first"),
        (PresenceState.AWAY, "Press “Take calls” first"),
        (PresenceState.ON_CALL, "You are on a call: end it first"),
        (PresenceState.OFFERED, "A call rings at you: answer or decline it first"),
        (PresenceState.CALLING_BACK, "Another citizen is being called for you"),
    ],
)
def test_nobody_is_rung_for_an_agent_who_cannot_talk_now_and_who_is_told_why(
    client: FlaskClient, session: Session, now: datetime, state: PresenceState | None, words: str
) -> None:
    agent = agent_at(client, session, now)
    if state is not None:
        presence.go_available(session, agent.id, now=now).state = state
    session.commit()
    ticket = open_ticket(session, phone=PHONE)
    path = f"/console/tickets/{ticket.reference}"

    answer = send(client, path, f"{path}/call-now").get_data(as_text=True)

    assert words in answer and rung(session) == []
    assert session.scalars(select(CallbackRequest)).all() == []
