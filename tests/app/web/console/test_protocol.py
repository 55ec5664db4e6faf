"""Somebody on the line is in danger: the card, the lead who is called in, and who may read the request from then on."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.wording.protocol_cards import protocol_cards
from tests.app.web.console.console_scene import ENGLISH, agent_at, page_of, send
from tests.app.web.console.test_calls import talking
from tests.factories import hold_post, open_ticket, staff, unit
from tests.signing_in import sign_in
from tickets.schema import AuditEntry, OutboundMessage, Staff, Ticket
from tickets.states import Channel, OutboundChannel, Priority, ProtocolKind, Role


@pytest.fixture
def lead(session: Session, now: datetime) -> Staff:
    person = staff(session, role=Role.SUPERVISOR, at="TTDH", name="Phạm Thu Hà", phone="+84901230001")
    hold_post(session, person, "shift_lead", at="TTDH")
    return person


def in_danger(client: FlaskClient, session: Session, now: datetime) -> tuple[Staff, int, str]:
    ticket = open_ticket(session, channel=Channel.VOICE)
    agent = agent_at(client, session, now)
    return agent, talking(session, agent, now, ticket_id=ticket.ticket_id).id, ticket.reference


def test_one_press_shows_what_to_say_calls_the_lead_in_and_restricts_the_request(
    client: FlaskClient, session: Session, now: datetime, lead: Staff
) -> None:
    agent, call_id, reference = in_danger(client, session, now)

    answer = send(client, "/console", f"/console/calls/{call_id}/protocol", kind="suicide").get_data(as_text=True)

    assert "I am here with you" in answer and "115, 113" in answer and "Phạm Thu Hà" in answer
    ticket = session.scalars(select(Ticket).where(Ticket.reference == reference)).one()
    session.refresh(ticket)
    assert (ticket.is_restricted, ticket.priority) == (True, Priority.EMERGENCY)
    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "protocol_opened")).all()
    assert {one.channel for one in told} == {OutboundChannel.SCREEN, OutboundChannel.SMS}
    assert all(one.staff_id == lead.id and one.is_urgent for one in told)
    actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.staff_id == agent.id)))
    assert {"call.protocol_opened", "ticket.protocol_opened"} <= actions


def test_from_then_on_the_agent_and_the_lead_read_it_and_no_colleague_does(
    client: FlaskClient, session: Session, now: datetime, lead: Staff
) -> None:
    agent, call_id, reference = in_danger(client, session, now)
    send(client, "/console", f"/console/calls/{call_id}/protocol", kind="child")
    path = f"/console/tickets/{reference}"

    mine = client.get(path, headers=ENGLISH).status_code
    sign_in(client, session, staff=lead, now=now)
    leads = client.get(path, headers=ENGLISH).status_code
    sign_in(client, session, unit=unit(session, "26740"), now=now)
    colleagues = client.get(path, headers=ENGLISH).status_code

    assert (mine, leads, colleagues) == (200, 200, 404)
    assert agent.id != lead.id


def test_the_same_card_pressed_twice_calls_nobody_twice(
    client: FlaskClient, session: Session, now: datetime, lead: Staff
) -> None:
    _agent, call_id, _reference = in_danger(client, session, now)

    for _ in range(2):
        send(client, "/console", f"/console/calls/{call_id}/protocol", kind="threat")

    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "protocol_opened")).all()
    assert len(told) == 2, "one notice, one text"


def test_looking_at_the_cards_changes_nothing(client: FlaskClient, session: Session, now: datetime) -> None:
    _agent, call_id, reference = in_danger(client, session, now)

    page = page_of(client, f"/console/calls/{call_id}/protocol")

    assert all(card.title in page for card in protocol_cards("en"))
    ticket = session.scalars(select(Ticket).where(Ticket.reference == reference)).one()
    assert not ticket.is_restricted


def test_a_colleagues_call_shows_no_card(client: FlaskClient, session: Session, now: datetime) -> None:
    call = talking(session, staff(session), now)
    agent_at(client, session, now)

    assert client.get(f"/console/calls/{call.id}/protocol").status_code == 404
    assert send(client, "/console", f"/console/calls/{call.id}/protocol", kind="threat").status_code == 404


def test_every_card_is_there_in_both_languages_with_the_same_numbers() -> None:
    vi, en = protocol_cards("vi"), protocol_cards("en")

    assert [card.kind for card in vi] == [card.kind for card in en] == list(ProtocolKind)
    for mine, theirs in zip(vi, en, strict=True):
        assert mine.call == theirs.call and mine.call
        for part in ("say", "do", "avoid"):
            assert len(getattr(mine, part)) == len(getattr(theirs, part)) >= 1
