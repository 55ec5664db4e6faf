"""What the page of a ticket shows, and to whom: place, phone, pictures, what stands beside it."""

import io
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.bench.desk import fetched_with
from tests.app.web.console.console_scene import agent_at, page_of, row, send
from tests.factories import citizen, open_ticket, queue_of, staff, unit
from tests.signing_in import sign_in
from tests.statements import counted, of_the_page
from tickets.people.actor import citizen_actor, staff_actor
from tickets.schema import AuditEntry, Misroute
from tickets.states import Channel, PlaceOutcome, Role, TicketStatus
from tickets.work import conversation


def test_an_undecided_place_is_asked_on_top_and_corrected_as_a_misroute(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session, unit_code=None, place_text="phường 3 quận Gò Vấp hay đâu đó", body="Rác đầy đường.")
    person = sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    person.locale = "en"
    session.commit()
    here = f"/console/tickets/{opened.reference}"
    before = row(session, opened.reference)

    page = page_of(client, here)
    send(client, here, f"{here}/place", place="phường Bến Nghé quận 1", send="1")

    ticket = row(session, opened.reference)
    assert before.reference in page
    assert (ticket.place_unit_id, ticket.place_outcome) == (unit(session).id, PlaceOutcome.UNIQUE)
    assert ticket.queue_id == queue_of(session).id
    assert session.scalars(select(Misroute).where(Misroute.ticket_id == ticket.id)).one().to_queue_id == ticket.queue_id


@pytest.mark.parametrize(("locale", "said"), [("en", "The place was corrected."), ("vi", "Đã sửa địa bàn.")])
def test_why_a_ticket_followed_its_place_is_told_in_each_readers_own_language(
    client: FlaskClient, session: Session, now: datetime, locale: str, said: str
) -> None:
    opened = open_ticket(session, unit_code=None, place_text="phường 3 quận Gò Vấp hay đâu đó", body="Rác đầy đường.")
    person = sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    person.locale = "en"
    session.commit()
    here = f"/console/tickets/{opened.reference}"
    send(client, here, f"{here}/place", place="phường Bến Nghé quận 1", send="1")

    reader = agent_at(client, session, now)
    reader.locale = locale
    session.commit()

    assert said in page_of(client, here).split('class="timeline"')[1].split("</ol>")[0]


def test_a_divided_ward_brings_the_question_that_decides(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/place", place="Tân Bình")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'name="place.unit"' in page


def test_a_phone_number_is_shown_in_full_only_to_whoever_works_on_it(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session, phone="+84901112233")
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    before = page_of(client, here)
    send(client, here, f"{here}/claim")
    after = page_of(client, here)

    assert "+84901112233" not in before
    assert "090 111 2233" not in before
    assert "090 111 2233" in after


def test_a_supervisor_sees_the_number_for_a_reason_that_is_kept(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session, phone="+84901112233")
    agent_at(client, session, now, role=Role.SUPERVISOR)
    here = f"/console/tickets/{opened.reference}"

    without = send(client, here, f"{here}/phone", reason="")
    shown = send(client, here, f"{here}/phone", reason="The agent fell ill.")

    assert without.status_code == 400
    assert "090 111 2233" not in without.get_data(as_text=True)
    assert "090 111 2233" in shown.get_data(as_text=True)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "ticket.phone_shown")).one()
    assert entry.params["reason"] == "The agent fell ill."


def test_do_not_call_leaves_no_link_to_dial(client: FlaskClient, session: Session, now: datetime) -> None:
    known = citizen(session, phone="+84901112233")
    known.do_not_call = True
    opened = open_ticket(session, phone="+84901112233")
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    send(client, here, f"{here}/claim")

    page = page_of(client, here)

    assert "Do not call" in page
    assert "tel:+84901112233" not in page


def test_a_supervisor_gives_a_ticket_to_a_colleague_and_an_agent_may_not(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    colleague = staff(session, name="Lê Thị Lan")
    here = f"/console/tickets/{opened.reference}"

    agent_at(client, session, now)
    refused = send(client, here, f"{here}/assign", staff=str(colleague.id))
    agent_at(client, session, now, role=Role.SUPERVISOR)
    given = send(client, here, f"{here}/assign", staff=str(colleague.id))

    assert (refused.status_code, given.status_code) == (403, 303)
    assert row(session, opened.reference).assignee_id == colleague.id


def test_pictures_are_kept_and_shown_only_to_who_may_see_the_ticket(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(drawn, "JPEG")
    drawn.seek(0)

    send(client, here, f"{here}/pictures", pictures=(drawn, "sân.jpg"))
    address = page_of(client, here).split('<img src="')[1].split('"')[0]
    mine = client.get(address)
    agent_at(client, session, now, code="26824")
    foreign = client.get(address)

    assert (mine.status_code, mine.mimetype) == (200, "image/jpeg")
    assert foreign.status_code == 404


def test_one_file_that_is_no_picture_costs_the_others_nothing(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(drawn, "JPEG")
    drawn.seek(0)

    send(client, here, f"{here}/pictures", pictures=[(io.BytesIO(b"no picture"), "thư.jpg"), (drawn, "sân.jpg")])

    page = page_of(client, here)
    assert "sân.jpg" in page
    assert "thư.jpg is not a picture we can show" in page


@pytest.mark.parametrize(
    "action", ["claim", "reply", "note", "draft/reply", "seen", "transfer", "place", "resolve", "phone"]
)
def test_nothing_is_done_to_a_ticket_of_another_unit(
    client: FlaskClient, session: Session, now: datetime, action: str
) -> None:
    foreign = open_ticket(session, unit_code="26824")
    agent_at(client, session, now, role=Role.SUPERVISOR)

    answer = send(client, "/console", f"/console/tickets/{foreign.reference}/{action}", body="x", reason="x", note="x")

    assert answer.status_code == 404
    assert row(session, foreign.reference).status is TicketStatus.NEW


def test_a_form_without_its_token_is_refused(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)

    answer = client.post(f"/console/tickets/{opened.reference}/claim")

    assert answer.status_code == 400
    assert row(session, opened.reference).assignee_id is None


def test_nothing_a_citizen_writes_becomes_part_of_the_page(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    opened = open_ticket(
        session, subject=evil, body=evil, name=evil, place_text=evil, residence=evil, phone="+84901112233"
    )
    conversation.citizen_message(
        session, opened.ticket_id, body=evil, channel=Channel.WEB, actor=citizen_actor(), now=now
    )
    agent_at(client, session, now)

    for address in (f"/console/tickets/{opened.reference}", "/console", f"/console/search?q={evil}", "/console/column"):
        page = page_of(client, address)

        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address


def test_a_long_conversation_and_all_that_stands_beside_it_is_read_in_twelve_statements(
    client: FlaskClient, session: Session, database: Engine, now: datetime
) -> None:
    known = citizen(session, phone="+84901112233")
    opened = open_ticket(session, phone="+84901112233")
    open_ticket(session, phone="+84901112233", subject="Another matter")
    agent = agent_at(client, session, now)
    for number in range(10):
        conversation.citizen_message(
            session, opened.ticket_id, body=f"question {number}", channel=Channel.WEB, actor=citizen_actor(), now=now
        )
        conversation.reply(session, opened.ticket_id, body=f"answer {number}", actor=staff_actor(agent.id), now=now)
    session.commit()
    here = f"/console/tickets/{opened.reference}"
    page_of(client, here)

    with counted(database) as statements:
        page = page_of(client, here)

    assert known.name in page
    assert page.count("question ") >= 10
    assert "Another matter" in page
    assert 'class="work-item"' in page
    assert "Similar matters here" in page
    # Eight read the ticket and its reader, two the column, one similar matters, one notes that it is open. Whoever has
    # notices costs two more: one marks them read, one counts what is left.
    assert len(of_the_page(statements)) <= 12, "\n\n".join(statements)


def test_nothing_of_a_ticket_is_fetched_after_its_page(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)

    page = page_of(client, f"/console/tickets/{opened.reference}")

    assert fetched_with(page) == []


def test_a_ticket_is_open_here_for_others_as_soon_as_it_is_shown(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    first = agent_at(client, session, now)
    page_of(client, f"/console/tickets/{opened.reference}")
    agent_at(client, session, now)

    page = page_of(client, f"/console/tickets/{opened.reference}")

    assert f"{first.name} has it open" in page


def test_bringing_the_stream_up_to_date_reads_nothing_that_stands_beside_it(
    client: FlaskClient, session: Session, database: Engine, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    session.commit()
    page_of(client, here)

    with counted(database) as whole:
        page_of(client, here)
    with counted(database) as stream_alone:
        client.get(here, headers={"HX-Request": "true"})

    assert len(stream_alone) <= len(whole) - 4


def test_the_page_says_why_the_ticket_stands_where_it_stands(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)

    page = page_of(client, f"/console/tickets/{opened.reference}")

    assert "Why it is here" in page
    assert unit(session).name_en in page


def test_the_same_matter_in_another_system_is_one_ticket(client: FlaskClient, session: Session, now: datetime) -> None:
    opened, other = open_ticket(session), open_ticket(session)
    agent_at(client, session, now)
    here, there = f"/console/tickets/{opened.reference}", f"/console/tickets/{other.reference}"

    send(client, here, f"{here}/elsewhere", system="1022", code="PA-77")
    again = send(client, here, f"{here}/elsewhere", system="1022", code="PA-77")
    taken = send(client, there, f"{there}/elsewhere", system="1022", code="PA-77")

    assert again.status_code == 303
    assert taken.status_code == 400
    assert "PA-77" in page_of(client, here)


def test_tickets_about_much_the_same_are_shown_beside_it(client: FlaskClient, session: Session, now: datetime) -> None:
    opened, other = open_ticket(session), open_ticket(session, subject="Rác không được thu gom ở hẻm 45")
    restricted = open_ticket(session, category_code="conduct_staff")
    agent_at(client, session, now)

    page = page_of(client, f"/console/tickets/{opened.reference}")

    # Below the list one may link this ticket to another one, by its own address.
    beside = page.partition("Similar matters here")[2].partition("</ul>")[0]
    assert other.reference in beside
    assert restricted.reference not in beside
    assert opened.reference not in beside
