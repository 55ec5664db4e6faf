"""Ringing the citizen of a ticket: for this agent, by the outbox, and never against a wish."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from telephony.floor import presence
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.console.test_calls import state_of, waiting_call
from tests.factories import citizen, open_ticket
from tickets.directory.dialled_prefixes import PrefixRule, keep_prefix
from tickets.people.actor import SYSTEM
from tickets.schema import CallbackRequest, OutboundMessage, SendingBudget, SendingCount, Staff
from tickets.states import BudgetScope, CallbackState, OutboundChannel, PresenceState, SendingKind

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


@pytest.mark.parametrize("prefix", [None, "+8490"])
def test_where_a_budget_is_used_up_the_agent_is_told_so_and_not_that_it_rings(
    client: FlaskClient, session: Session, now: datetime, prefix: str | None
) -> None:
    agent = ready(client, session, now)
    ticket = open_ticket(session, phone=PHONE)
    if prefix is not None:
        keep_prefix(session, PrefixRule(prefix, is_allowed=True, most_an_hour=1), actor=SYSTEM, now=now)
    else:
        wanted = SendingBudget.kind == SendingKind.CALLBACK, SendingBudget.scope == BudgetScope.NUMBER
        session.execute(update(SendingBudget).where(*wanted).values(most=1))
    session.add(
        SendingCount(
            begins_at=now.replace(minute=0, second=0, microsecond=0), seconds=3600, kind=SendingKind.CALLBACK,
            counted=prefix or PHONE, counted_by="other", count=1,
        )
    )  # fmt: skip
    session.commit()
    path = f"/console/tickets/{ticket.reference}"

    answer = send(client, path, f"{path}/call-now").get_data(as_text=True)

    assert "Nobody is called: the budget for calls is used up." in answer
    assert rung(session) == [] and state_of(session, agent) is PresenceState.AVAILABLE


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
