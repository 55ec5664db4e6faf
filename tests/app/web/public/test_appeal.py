"""An appeal on the follow page, and what an interim answer leads its citizen to expect."""

import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.public.public_forms import fill_in
from tests.app.web.public.test_track import agent_who_took, answered, enter, followed, opened
from tests.factories import staff
from tickets.intake.cleaning import Opened
from tickets.people.actor import staff_actor
from tickets.schema import Ticket
from tickets.states import AppealOutcome, Role
from tickets.work import conversation, resolution
from tickets.work.appeals import decide
from tickets.work.assignment import claim


def closed_refused(session: Session, ticket: Opened, *, now: datetime) -> None:
    """Answered seventeen days ago, closed by itself two days ago."""
    answered(session, ticket, now=now - timedelta(days=17), answer="Không thuộc diện.")
    resolution.close_due(session, now=now - timedelta(days=1))
    session.commit()


def test_a_closed_request_is_appealed_against_on_its_page_and_the_page_then_says_who_decides(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session, now=now - timedelta(days=18))
    closed_refused(session, ticket, now=now)
    enter(client, ticket)
    assert "/track/request/appeal" in followed(client)

    empty = fill_in(client, "/track/request", "/track/request/appeal", said=" ")
    sent = fill_in(client, "/track/request", "/track/request/appeal", said="Rác vẫn còn")

    assert empty.status_code == 400
    assert sent.headers["Location"].startswith("/sent/")
    numbers = client.get(sent.headers["Location"]).get_data(as_text=True)
    enter(client, ticket)
    page = followed(client)
    assert "/track/request/appeal" not in page
    case = session.scalars(select(Ticket).where(Ticket.continues_id == ticket.ticket_id)).one()
    assert f"{case.reference[:2]} {case.reference[2:6]} {case.reference[6:]}" in page
    assert case.reference in numbers


def test_what_was_decided_stands_on_the_page_of_the_request_and_of_the_appeal(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session, now=now - timedelta(days=18))
    closed_refused(session, ticket, now=now)
    enter(client, ticket)
    assert fill_in(client, "/track/request", "/track/request/appeal", said="Rác vẫn còn").status_code == 303
    case = session.scalars(select(Ticket).where(Ticket.continues_id == ticket.ticket_id)).one()
    by = staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)

    claim(session, case.id, actor=by, now=now)
    words = "Phường làm lại trong ba ngày."
    decide(session, case.id, outcome=AppealOutcome.CHANGED, decision=words, actor=by, now=now)
    session.commit()

    enter(client, ticket)
    page = followed(client)
    assert "thay đổi kết quả" in page
    assert words in page
    assert "/track/request/appeal" not in page


def test_what_an_interim_answer_leads_to_expect_stands_beside_the_promised_date(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session, now=now)
    agent = agent_who_took(session, ticket, now=now)
    before = enter(client, ticket) and followed(client)
    conversation.interim(
        session, ticket.ticket_id, body="Đang chờ vật tư", expected_at=now + timedelta(days=40),
        actor=staff_actor(agent.id), now=now,
    )  # fmt: skip
    session.commit()

    page = followed(client)

    assert "Dự kiến" in page or "dự kiến" in page
    promised = re.findall(r'<time datetime="([^"]+)"', before.split("follow-facts")[1].split("</dl>")[0])
    assert f'datetime="{promised[-1]}"' in page
