"""An agent joins tickets about one matter on the page, and undoes it."""

from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.app.web.console.console_scene import agent_at, page_of, row, send
from tests.factories import open_ticket
from tickets.schema import Message


def test_a_look_alike_becomes_the_master_with_one_press_and_the_page_of_either_shows_the_other(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    first, second = (open_ticket(session, now=now, phone="+84901112233") for _ in range(2))
    agent_at(client, session, now)
    here = f"/console/tickets/{second.reference}"
    assert first.reference in page_of(client, f"{here}/master")

    send(client, f"{here}/master", f"{here}/link", master=first.reference)

    assert row(session, second.reference).master_id == first.ticket_id
    of_duplicate, of_master = page_of(client, here), page_of(client, f"/console/tickets/{first.reference}")
    assert f'href="/console/tickets/{first.reference}"' in of_duplicate.split('id="its-master"')[1].split("</p>")[0]
    assert "1 duplicate" in of_master and "1 more citizen reads this answer" in of_master
    assert f'formaction="{here}/resolve"' not in of_duplicate
    assert second.reference not in page_of(client, "/console?view=queues")


def test_the_page_asks_whether_an_update_is_for_everybody_or_a_question_for_one_before_it_is_sent(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    first, second = (open_ticket(session, now=now, phone=f"+8490111224{number}") for number in range(2))
    agent_at(client, session, now)
    here, duplicate = f"/console/tickets/{first.reference}", f"/console/tickets/{second.reference}"
    alone = page_of(client, here)
    assert "Send the answer" in alone and "readers" not in alone
    send(client, f"{duplicate}/master", f"{duplicate}/link", master=first.reference)

    page = page_of(client, here)
    assert "Send to this citizen and 1 more" in page and "Send to this citizen only" in page
    send(client, here, f"{here}/reply", body="Nhà ở hẻm nào?", channel="web", readers="one")
    send(client, here, f"{here}/reply", body="Tổ thi công đã đến.", channel="web", readers="all")

    said = [(m.ticket_id, m.body) for m in session.scalars(select(Message).order_by(Message.id))]
    assert said == [
        (first.ticket_id, "Nhà ở hẻm nào?"),
        (first.ticket_id, "Tổ thi công đã đến."),
        (second.ticket_id, "Tổ thi công đã đến."),
    ]


def test_unlinking_needs_a_reason_and_brings_the_ticket_back_into_its_queue(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    first, second = open_ticket(session, now=now), open_ticket(session, now=now)
    agent_at(client, session, now)
    here = f"/console/tickets/{second.reference}"
    send(client, here, f"{here}/link", master=first.reference)

    assert send(client, here, f"{here}/unlink", reason=" ").status_code == 400
    send(client, here, f"{here}/unlink", reason="Another alley")

    assert row(session, second.reference).master_id is None
    assert second.reference in page_of(client, "/console?view=queues")
    assert "is no duplicate of" in page_of(client, here)


def test_a_reference_that_cannot_be_the_master_comes_back_with_the_reason_and_what_was_typed(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    mine = open_ticket(session, now=now)
    elsewhere = open_ticket(session, now=now, unit_code="26737")
    agent_at(client, session, now)
    here = f"/console/tickets/{mine.reference}"

    answer = send(client, here, f"{here}/link", master=elsewhere.reference)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "There is no ticket with this reference that you may see." in page
    assert f'value="{elsewhere.reference}"' in page
