"""One matter all the way by phone: rung in, offered, answered, wrapped up, resolved, its state asked for later."""

import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import Settings
from app.web.frame.application import HotlineApp
from app.wording.spoken_words import in_digit_groups
from telephony import sweep
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.factories import KEYS
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.people.pins import pin_of_ticket
from tickets.schema import Call, Clock, Line, OutboundMessage, Presence, Ticket, TimelineEntry, Unit
from tickets.states import CallState, ClockKind, ClockStatus, PresenceState, TicketStatus, TimelineKind


def test_a_call_is_answered_by_the_ward_and_resolved(
    client: FlaskClient, app: HotlineApp, settings: Settings, session: Session, now: datetime
) -> None:
    line = session.scalars(select(Line).where(Line.is_city)).one().phone
    agent = agent_at(client, session, now)
    send(client, "/console", "/console/presence", state="available")

    # An anonymous telephone has a browser's session no more than a provider does.
    phone = Phone(app.test_client(), settings, to=line)
    phone.ring().press("1").speak("phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả")
    call = session.scalars(select(Call)).one()
    ticket = session.get_one(Ticket, call.ticket_id)

    assert session.get_one(Unit, ticket.unit_id).name == "Phường Sài Gòn"
    offer = open_offer_of(session, agent.id)
    assert offer is not None and offer.call_id == call.id
    assert '<span class="call-who">+84******567' in page_of(client, "/console")

    accepted = send(client, "/console", f"/console/offers/{offer.id}/accept")
    assert accepted.status_code == 303
    phone.wait()
    assert phone.document.find("Dial/Client/Identity").text == f"agent_{agent.id}"
    phone.post("status", CallSid="CA-agents-leg", ParentCallSid=phone.sid, CallStatus="in-progress")

    with app.bound_to(session, now + timedelta(minutes=4)):
        send(client, f"/console/calls/{call.id}", f"/console/calls/{call.id}/end")
        ended = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "235"}
        phone.post(phone.next_action(), ended)
        phone.hang_up()
    assert in_digit_groups(ticket.reference) in phone.said, "answered at once, the caller hears the number at the end"
    session.refresh(call)
    presence = session.get_one(Presence, agent.id)

    assert phone.document.find("Hangup") is not None
    assert (call.state, presence.state) == (CallState.ENDED, PresenceState.WRAP_UP)
    first = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == ClockKind.FIRST)).one()
    assert first.status is ClockStatus.MET
    talks = session.scalars(
        select(TimelineEntry).where(TimelineEntry.ticket_id == ticket.id, TimelineEntry.kind == TimelineKind.CALL)
    ).all()
    assert [entry.params["seconds"] for entry in talks] == [240]

    with app.bound_to(session, now + timedelta(minutes=6)):
        sweep.sweep(session, lambda account: None, now=now + timedelta(minutes=6))
        page_of(client, f"/console/tickets/{ticket.reference}")
        send(
            client,
            f"/console/tickets/{ticket.reference}",
            f"/console/tickets/{ticket.reference}/resolve",
            disposition="answered",
            body="Hồ sơ đã có kết quả, mời ông đến nhận.",
        )
    session.refresh(ticket)
    session.refresh(presence)

    assert presence.state is PresenceState.AWAY, "nobody's console has been heard of for minutes"
    assert ticket.status is TicketStatus.RESOLVED
    letters = session.scalars(select(OutboundMessage).where(OutboundMessage.ticket_id == ticket.id)).all()
    assert {"ticket_opened", "ticket_resolved"} <= {letter.template for letter in letters}

    pin = pin_of_ticket(session, ticket.id, keys=KEYS)
    asked = Phone(app.test_client(), settings, to=line, number="+84909999999")
    asked.ring().press("3").press(ticket.reference).press(pin)
    assert re.search("đã được trả lời", asked.said)
    asked.post("sms", MessageSid="SM-state", Body=f"TT {ticket.reference} {pin}")
    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "request_state")).one()
    assert told.params["status"] == "resolved"
