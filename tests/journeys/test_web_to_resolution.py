"""One matter all the way: written on the web, answered by an agent, not solved, opened again, solved."""

import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests import factories
from tests.app.web.public.public_forms import fill_in, send_again
from tickets.audit import entries
from tickets.people.actor import staff_actor
from tickets.schema import Clock, OutboundMessage, Ticket, Unit
from tickets.states import ClockKind, ClockStatus, Disposition, TicketStatus
from tickets.work import conversation, resolution
from tickets.work.assignment import claim


def test_a_web_report_is_answered_found_wanting_and_solved_at_last(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    sent = fill_in(
        client,
        "/",
        "/",
        body="tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả",
        place="phường Bến Nghé quận 1 cũ",
        phone="0901 234 567",
        name="Nguyễn Văn An",
    )
    numbers = re.findall(r'data-copy="(\d+)"', client.get(sent.headers["Location"]).get_data(as_text=True))
    reference, pin = numbers[0], numbers[1]
    ticket = session.scalars(select(Ticket).where(Ticket.reference == reference)).one()
    agent = factories.staff(session, at="26740")
    actor = staff_actor(agent.id)

    assert session.get_one(Unit, ticket.unit_id).name == "Phường Sài Gòn"

    claim(session, ticket.id, actor=actor, now=now + timedelta(minutes=10))
    conversation.reply(
        session, ticket.id, body="Chúng tôi đang kiểm tra.", actor=actor, now=now + timedelta(minutes=20)
    )
    resolution.resolve(
        session,
        ticket.id,
        disposition=Disposition.ANSWERED,
        answer="Hồ sơ đã có kết quả, mời ông đến nhận.",
        actor=actor,
        now=now + timedelta(hours=2),
    )
    with app.bound_to(session, now + timedelta(days=1)):
        fill_in(client, "/track", "/track", reference=reference, pin=pin)
        page = client.get("/track/request")
        send_again(client, page, "/track/request/not-solved", reason="Đến nơi vẫn chưa có giấy.")
        after = client.get("/track/request").get_data(as_text=True)

    assert "Hồ sơ đã có kết quả" in page.get_data(as_text=True)
    assert "Đến nơi vẫn chưa có giấy." in after
    assert (ticket.status, ticket.reopen_count) == (TicketStatus.OPEN, 1)
    clock = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == ClockKind.RESOLVE)).one()
    assert (clock.status, clock.cycle, clock.was_reopened) == (ClockStatus.RUNNING, 1, True)

    resolution.resolve(
        session,
        ticket.id,
        disposition=Disposition.FIXED,
        answer="Đã trao giấy khai sinh tận tay.",
        actor=actor,
        now=now + timedelta(days=1, hours=3),
    )
    with app.bound_to(session, now + timedelta(days=2)):
        fill_in(client, "/track", "/track", reference=reference, pin=pin)
        page = client.get("/track/request")
        send_again(client, page, "/track/request/rating", rating="5")

    session.refresh(ticket)
    assert (ticket.status, ticket.rating) == (TicketStatus.RESOLVED, 5)
    told = session.scalars(select(OutboundMessage.template).where(OutboundMessage.ticket_id == ticket.id))
    assert {"ticket_opened", "ticket_reply", "ticket_resolved"} <= set(told)
    later = now + timedelta(days=3)
    assert entries.seal(session, now=later, settled_before=later) > 0
    assert entries.verify(session).broken_entry_id is None
