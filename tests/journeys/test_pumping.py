"""Somebody makes the city send texts to numbers by which they earn: it costs the budget and stops nobody else."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.app.web.public.public_forms import fill_in, send_again
from tests.factories import staff
from tickets.outbox.claims import claim_batch
from tickets.outbox.over_budget import TOLD_TEMPLATE
from tickets.outbox.results import record_sent
from tickets.schema import OutboundMessage, SendingBudget, Ticket
from tickets.states import BudgetScope, OutboundChannel, Role, SendingKind

WORDS = "Đống rác trước hẻm 12 ba ngày chưa ai dọn"
PLACE = "phường Bến Nghé quận 1 cũ"


def report(client: FlaskClient, *, phone: str, number: int) -> None:
    """Through the form like anybody, each from another address."""
    client.environ_base["REMOTE_ADDR"] = f"203.0.{number // 250}.{number % 250}"
    answer = fill_in(client, "/", "/", body=f"{WORDS} số {number}", place=PLACE, phone=phone)
    while answer.status_code == 200:
        answer = send_again(client, answer, "/")
    assert answer.status_code == 303


def sent(session: Session, *, now: datetime) -> list[str]:
    leaving = []
    while rows := claim_batch(session, by="w", channels=[OutboundChannel.SMS], limit=16, now=now):
        for row in rows:
            record_sent(session, row.id, by="w", account="sim", sid=f"S{row.id}", now=now)
        leaving += [row.address for row in rows]
    return leaving


def test_pumping_one_prefix_through_the_form_costs_at_most_its_budget(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    staff(session, role=Role.ADMINISTRATOR, at="79")
    session.get_one(SendingBudget, (SendingKind.SMS, BudgetScope.RANGE, 3600)).most = 10
    before = session.scalar(select(func.count()).select_from(Ticket)) or 0
    for number in range(60):
        report(client, phone=f"090555{number:04}", number=number)
    report(client, phone="0977123456", number=61)

    leaving = sent(session, now=now)

    assert len(leaving) == 11
    assert "+84977123456" in leaving
    # Nobody's matter is lost for it.
    assert (session.scalar(select(func.count()).select_from(Ticket)) or 0) - before == 61
    assert session.scalars(select(OutboundMessage.id).where(OutboundMessage.template == TOLD_TEMPLATE)).first()
    next_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert len(sent(session, now=next_hour)) == 10


def test_who_gives_a_number_that_is_not_texted_is_told_once_and_their_matter_is_taken(
    client: FlaskClient, session: Session
) -> None:
    client.set_cookie("locale", "en")
    answer = fill_in(client, "/", "/", body=WORDS, place=PLACE, phone="+44 7911 123456")
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert "We can neither text nor call this phone number." in page
    assert 'value="+44 7911 123456"' in page
    assert send_again(client, answer, "/").status_code == 303
