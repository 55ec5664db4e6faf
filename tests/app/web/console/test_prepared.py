"""Prepared answers in a ticket's reply: offered by body and language, put behind what was typed, and never sent."""

from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.seeding.imports import bring_in
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.factories import open_ticket
from tickets.city import day_of
from tickets.people.actor import SYSTEM
from tickets.schema import Message, PreparedAnswer

ROWS = """unit,title,body,body_en,retired
,Của cả Thành phố,Chúng tôi đã ghi nhận.,We have noted it.,no
26740,Của phường,Tổ công tác sẽ đến trong hôm nay.,,no
26743,Của phường khác,Không phải của mình.,,no
26740,Không dùng nữa,Câu cũ.,,yes
"""


def prepare(client: FlaskClient, session: Session, now: datetime) -> None:
    bring_in(session, "answers", ROWS, actor=SYSTEM, now=now)
    session.commit()
    # A page shows what was published some seconds ago; here they are over.
    client.application.reference.rules(session, on=day_of(now), version=None)  # type: ignore[attr-defined]


def test_agents_are_offered_what_their_body_and_the_city_have(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    prepare(client, session, now)
    opened = open_ticket(session, now=now)
    agent_at(client, session, now)

    page = page_of(client, f"/console/tickets/{opened.reference}")

    assert page.index("Của phường</option>") < page.index("Của cả Thành phố</option>")
    assert "Của phường khác" not in page
    assert "Không dùng nữa" not in page


def test_an_answer_stands_behind_what_was_typed_and_nothing_was_sent(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    prepare(client, session, now)
    opened = open_ticket(session, now=now)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    before = session.scalar(select(func.count()).select_from(Message))

    answer = send(client, here, f"{here}/prepared", body="Kính gửi ông/bà,", prepared="Của phường")

    assert answer.status_code == 303
    assert "Kính gửi ông/bà,\nTổ công tác sẽ đến trong hôm nay.</textarea>" in page_of(client, here)
    assert session.scalar(select(func.count()).select_from(Message)) == before


def test_who_is_answered_in_english_gets_the_english_text(client: FlaskClient, session: Session, now: datetime) -> None:
    prepare(client, session, now)
    opened = open_ticket(session, now=now, locale="en")
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/prepared", body="", prepared="Của cả Thành phố")

    assert "We have noted it.</textarea>" in page_of(client, here)


def test_what_is_not_offered_is_not_put_in(client: FlaskClient, session: Session, now: datetime) -> None:
    prepare(client, session, now)
    opened = open_ticket(session, now=now)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    assert send(client, here, f"{here}/prepared", body="x", prepared="Của phường khác").status_code == 400
    assert send(client, here, f"{here}/prepared", body="Giữ lại", prepared="").status_code == 303
    assert "Giữ lại</textarea>" in page_of(client, here)


def test_without_any_prepared_answer_the_form_says_nothing_of_them(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    session.execute(delete(PreparedAnswer))
    opened = open_ticket(session, now=now)
    agent_at(client, session, now)

    assert "Prepared answers" not in page_of(client, f"/console/tickets/{opened.reference}")
