"""Callbacks on the screens of those who talk: the bar while we ring somebody, by hand, at a time, given away."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.floor import callbacks, calling_back, offers, presence
from telephony.floor.presence import heartbeat
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.console.test_calls import callback, state_of
from tests.factories import staff, ticket, unit
from tickets.schema import AuditEntry, Call, CallbackRequest, OutboundMessage, Staff
from tickets.states import CallbackState, OutboundState, PresenceState, Role


def kept(client: FlaskClient, session: Session, now: datetime) -> tuple[Staff, CallbackRequest]:
    """An agent for whom we ring somebody about a ticket."""
    agent = agent_at(client, session, now)
    about = ticket(session, body="Rác để ba ngày chưa ai lấy ở phường Sài Gòn", now=now)
    waiting = callback(session, now)
    waiting.ticket_id, waiting.citizen_id, waiting.unit_id = about.id, about.citizen_id, about.unit_id
    presence.go_available(session, agent.id, now=now)
    offers.offer_waiting_calls(session, now=now)
    session.commit()
    return agent, waiting


def bar(client: FlaskClient) -> str:
    return page_of(client, "/console/call-bar")


def test_the_bar_says_whom_we_ring_shows_the_ticket_and_gives_it_away(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent, waiting = kept(client, session, now)

    shown = bar(client)
    listed = page_of(client, "/console/callbacks")
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/not-now")

    assert "We are ringing them for you (attempt 1 of 3): stay ready." in shown
    assert "/console/tickets/" in shown
    assert "ringing, attempt 1 of 3" in listed and agent.name in listed
    assert "090 111 2233" not in shown, "the number is masked until the agent works with the citizen"
    session.expire_all()
    assert state_of(session, agent) is PresenceState.AVAILABLE
    assert session.get_one(CallbackRequest, waiting.id).state is CallbackState.OPEN
    assert "callback.refused" in session.scalars(select(AuditEntry.action)).all()


def test_whoever_calls_by_hand_reads_the_number_in_the_bar_and_finishes_there(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    presence.go_available(session, agent.id, now=now)
    waiting = callback(session, now)

    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim", next="/console/callbacks")
    shown = bar(client)
    refused = send(client, "/console", "/console/presence", state="available")
    why = page_of(client, "/console")
    send(client, "/console", f"/console/callbacks/{waiting.id}/done", outcome="reached")

    assert "You are ringing them yourself." in shown and "090 111 2233" in shown
    assert refused.status_code == 303
    assert "Not possible while a call is ringing" in why
    assert state_of(session, agent) is PresenceState.AVAILABLE
    assert session.get_one(CallbackRequest, waiting.id, populate_existing=True).outcome == "reached"


def test_what_a_budget_holds_is_not_told_as_ringing_and_anybody_may_call_by_hand(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent, waiting = kept(client, session, now)
    call = session.get_one(OutboundMessage, waiting.outbound_id)
    call.error_code, call.not_before = "over_budget_all", now + timedelta(minutes=30)
    session.flush()
    calling_back.end_late_attempts(session, now=now + timedelta(seconds=3))
    session.commit()

    listed = page_of(client, "/console/callbacks")
    freed = state_of(session, agent)
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim", next="/console/callbacks")

    assert "ringing, attempt" not in listed and "I will call" in listed
    assert freed is PresenceState.AVAILABLE
    assert "You are ringing them yourself." in bar(client)


def test_whoever_does_not_ring_after_all_gives_it_back_at_its_place(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    presence.go_available(session, agent.id, now=now)
    waiting = callback(session, now)
    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim")

    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/give-back")

    again = session.get_one(CallbackRequest, waiting.id, populate_existing=True)
    assert (again.state, again.staff_id, again.order_at) == (CallbackState.OPEN, None, now)
    assert state_of(session, agent) is PresenceState.AVAILABLE


def test_nobody_claims_one_while_a_call_rings(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = agent_at(client, session, now)
    waiting = callback(session, now)
    presence.go_available(session, agent.id, now=now)
    session.flush()
    taken = presence.take(session, agent.id, Call(), now=now)
    session.commit()

    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/claim")

    assert taken
    assert session.get_one(CallbackRequest, waiting.id, populate_existing=True).state is CallbackState.OPEN
    assert "Not possible while a call is ringing" in page_of(client, "/console/callbacks")


def test_from_a_ticket_a_time_is_agreed_on_and_the_number_is_dialled_then(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    about = ticket(session, phone="+84901112233", body="Rác để ba ngày chưa ai lấy ở phường Sài Gòn", now=now)
    session.commit()
    at = now + timedelta(hours=7 + 5)  # five hours on, as clocks in the city show it

    page = f"/console/tickets/{about.reference}"
    send(client, page, f"{page}/call-back", at=at.strftime("%Y-%m-%dT%H:%M"), once="k1")

    planned = session.scalars(select(CallbackRequest)).one()
    assert (planned.not_before, planned.phone, planned.ticket_id) == (
        now + timedelta(hours=5), "+84901112233", about.id,
    )  # fmt: skip
    presence.go_available(session, agent.id, now=now)
    offers.offer_waiting_calls(session, now=now + timedelta(hours=4))
    assert planned.state is CallbackState.OPEN
    heartbeat(session, agent.id, now=now + timedelta(hours=5))
    offers.offer_waiting_calls(session, now=now + timedelta(hours=5))
    session.refresh(planned)
    assert planned.state is CallbackState.DIALLING
    [message] = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "callback_call")).all()
    assert (message.address, message.state) == ("+84901112233", OutboundState.WAITING)


@pytest.mark.parametrize(
    ("days", "why"), [(-1, "This date has passed."), (15, "At most 14 days ahead.")], ids=["past", "far"]
)
def test_a_time_that_will_not_do_is_said_and_what_was_typed_stands_in_the_form(
    client: FlaskClient, session: Session, now: datetime, days: int, why: str
) -> None:
    agent_at(client, session, now)
    about = ticket(session, phone="+84901112233", body="Rác để ba ngày chưa ai lấy ở phường Sài Gòn", now=now)
    session.commit()
    typed = (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")
    page = f"/console/tickets/{about.reference}"

    answer = send(client, page, f"{page}/call-back", at=typed, once="k1")

    said = answer.get_data(as_text=True)
    assert answer.status_code in (400, 409)
    assert why in said and typed in said
    assert session.scalars(select(CallbackRequest)).all() == []


def test_one_that_waits_is_moved_to_a_time_from_the_list(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now)
    waiting = callback(session, now)
    at = now + timedelta(hours=7 + 3)

    send(client, "/console/callbacks", f"/console/callbacks/{waiting.id}/at", at=at.strftime("%Y-%m-%dT%H:%M"))

    moved = session.get_one(CallbackRequest, waiting.id, populate_existing=True)
    assert (moved.not_before, moved.order_at) == (now + timedelta(hours=3), now)
    assert "callback.postponed" in session.scalars(select(AuditEntry.action)).all()


def test_a_supervisor_sees_which_are_ringing_and_which_wait(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now, role=Role.SUPERVISOR)
    waiting = callback(session, now)
    callbacks.lock_callback(session, waiting.id)
    other = staff(session)
    callbacks.begin_dialling(waiting, staff_id=other.id, outbound_id=1, until=now + timedelta(minutes=1))
    session.add(
        CallbackRequest(
            once_key="second", unit_id=unit(session).id, phone="+84901112244", reason=waiting.reason,
            state=CallbackState.OPEN, order_at=now, created_at=now,
        )
    )  # fmt: skip
    session.commit()

    page = page_of(client, "/supervisor/now")

    assert "1 being rung, 1 waiting" in page
