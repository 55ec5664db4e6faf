"""Texts whose kind an agent has put right."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.factories import open_ticket, staff
from tickets.people.actor import staff_actor
from tickets.schema import Ticket
from tickets.states import Channel
from tickets.work.assignment import change_category

# What is written "vh" in some of them is written out in the others.
WITH_SHORT_FORM = (
    "quán bày bàn chiếm hết vh", "vh đường này bị chiếm", "dọn vh giùm", "vh toàn xe máy",
    "bán hàng trên vỉa hè", "vỉa hè bị lấn", "đi bộ không có vỉa hè", "vỉa hè hư hết",
)  # fmt: skip


def sms(session: Session, body: str, *, now: datetime = NOW) -> Ticket:
    opened = open_ticket(session, body=body, subject="", category_code=None, channel=Channel.SMS, now=now)
    return session.get_one(Ticket, opened.ticket_id)


def correct(
    session: Session, bodies: Sequence[str], to: str = "animal_keeping", *, now: datetime = NOW, **columns: object
) -> None:
    agent = staff_actor(staff(session).id)
    for body in bodies:
        ticket = sms(session, body, now=now)
        change_category(session, ticket.id, category_code=to, actor=agent, now=now)
        for name, value in columns.items():
            setattr(ticket, name, value)
    session.flush()
