"""One matter all the way by SMS: a text without marks, read in the console, asked back, answered, its state told."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import Settings
from app.web.frame.application import HotlineApp
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.telephony.phone import Phone
from tickets.schema import Clock, Line, OutboundMessage, Ticket, Unit
from tickets.states import ClockKind, ClockStatus, TicketStatus


def told(session: Session, template: str) -> list[str]:
    rows = session.scalars(select(OutboundMessage).where(OutboundMessage.template == template))
    return [row.params.get("body", "") for row in rows]


def test_a_text_message_is_asked_back_answered_and_its_state_told(
    client: FlaskClient, app: HotlineApp, settings: Settings, session: Session, now: datetime
) -> None:
    line = session.scalars(select(Line).where(Line.is_city)).one().phone
    phone = Phone(app.test_client(), settings, to=line)

    phone.post("sms", MessageSid="SM-1", Body="phuong ben nghe quan 1 cu, rac khong ai lay ba ngay nay")
    ticket = session.scalars(select(Ticket)).one()
    assert session.get_one(Unit, ticket.unit_id).name == "Phường Sài Gòn"

    agent_at(client, session, now)
    here = f"/console/tickets/{ticket.reference}"
    assert ticket.reference in page_of(client, "/console")
    assert "rac khong ai lay" in page_of(client, here)
    question = {"body": "Ở hẻm nào ạ?", "channel": "sms", "fold": "1", "wake_at": "2026-11-25T09:00"}
    send(client, here, f"{here}/hold", **question)
    session.refresh(ticket)
    assert ticket.status is TicketStatus.PENDING_CITIZEN
    assert told(session, "ticket_question") == ["O hem nao a?"]

    with app.bound_to(session, now + timedelta(minutes=30)):
        phone.post("sms", MessageSid="SM-2", Body="hem 45 Mac Thi Buoi")
    session.refresh(ticket)
    assert ticket.status is TicketStatus.OPEN, "the citizen's answer ends the waiting"
    assert "hem 45 Mac Thi Buoi" in page_of(client, here)

    with app.bound_to(session, now + timedelta(hours=2)):
        send(client, here, f"{here}/resolve", body="Rác đã được thu gom.", disposition="fixed", channel="sms")
    session.refresh(ticket)
    clocks = {clock.kind: clock.status for clock in session.scalars(select(Clock).where(Clock.ticket_id == ticket.id))}
    assert ticket.status is TicketStatus.RESOLVED
    assert told(session, "ticket_resolved") == ["Rác đã được thu gom."]
    assert clocks[ClockKind.FIRST] is clocks[ClockKind.RESOLVE] is ClockStatus.MET

    phone.post("sms", MessageSid="SM-3", Body=f"TT {ticket.reference}")
    state = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "request_state")).one()
    assert state.params["status"] == "resolved"
