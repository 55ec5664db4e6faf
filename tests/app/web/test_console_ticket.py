"""Working one ticket in the console: take it, answer, ask, hand over, answer for good; nothing typed is lost."""

import io
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.app.web.console_scene import agent_at, once_in, page_of, send
from tests.factories import citizen, open_ticket, queue_of, staff, unit
from tests.signing_in import sign_in
from tests.statements import counted
from tickets import assignment, conversation, drafts
from tickets.actor import citizen_actor, staff_actor
from tickets.schema import AuditEntry, Draft, Message, Misroute, OutboundMessage, Ticket, TicketViewer
from tickets.states import Channel, Disposition, PlaceOutcome, Priority, Role, TicketStatus


def row(session: Session, reference: str) -> Ticket:
    return session.scalars(
        select(Ticket).where(Ticket.reference == reference).execution_options(populate_existing=True)
    ).one()


def sent(session: Session, ticket: Ticket) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.ticket_id == ticket.id, Message.direction == "out")))


def test_a_claim_makes_the_ticket_mine_and_open(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/claim")

    ticket = row(session, opened.reference)
    assert answer.headers["Location"] == here
    assert (ticket.assignee_id, ticket.status) == (agent.id, TicketStatus.OPEN)


def test_a_lost_race_for_a_ticket_keeps_the_typed_answer_in_the_box(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    colleague = staff(session, name="Lê Thị Lan")
    here = f"/console/tickets/{opened.reference}"
    assignment.claim(session, opened.ticket_id, actor=staff_actor(colleague.id), now=now)
    session.commit()

    answer = send(client, here, f"{here}/claim", body="We will come on Tuesday.")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Lê Thị Lan took this ticket a moment ago." in page
    assert "We will come on Tuesday.</textarea>" in page


def test_a_reply_goes_by_sms_takes_the_ticket_and_ends_the_draft(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901112233")
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    drafts.save_draft(session, opened.ticket_id, staff_id=agent.id, body="We wi", now=now)
    session.commit()

    send(client, here, f"{here}/reply", body="Xe sẽ tới sáng mai.", channel="sms")

    ticket = row(session, opened.reference)
    outbound = session.get_one(OutboundMessage, sent(session, ticket)[0].outbound_id)
    assert (outbound.address, outbound.params["body"]) == ("+84901112233", "Xe sẽ tới sáng mai.")
    assert ticket.assignee_id == agent.id
    assert session.scalar(select(Draft.body).where(Draft.ticket_id == ticket.id)) is None


def test_a_folded_sms_has_plain_letters(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901112233")
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/reply", body="Xe sẽ tới sáng mai.", channel="sms", fold="1")

    assert sent(session, row(session, opened.reference))[0].body == "Xe se toi sang mai."


def test_a_double_click_sends_one_answer(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    once = once_in(page_of(client, here)) + "-reply"

    for _click in range(2):
        send(client, here, f"{here}/reply", body="It is done.", once=once)

    assert len(sent(session, row(session, opened.reference))) == 1


def test_an_answer_for_the_follow_page_alone_is_sent_nowhere(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session, phone="+84901112233", email="an@example.vn")
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/reply", body="See the page.", channel="manual")

    assert [message.outbound_id for message in sent(session, row(session, opened.reference))] == [None]


def test_an_empty_answer_is_refused_in_words(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/reply", body="  ")

    assert answer.status_code == 400
    assert "This field is needed." in answer.get_data(as_text=True)


def test_a_note_is_for_colleagues_only(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/note", note="Ask the driver of route 7.")

    assert "Ask the driver of route 7." in page_of(client, here)
    assert sent(session, row(session, opened.reference)) == []


def test_a_draft_comes_back_with_the_page_and_colleagues_see_that_somebody_types(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/draft", body="Dear Mr An,")

    assert "Dear Mr An,</textarea>" in page_of(client, here)
    viewer = session.scalars(select(TicketViewer).where(TicketViewer.ticket_id == opened.ticket_id)).one()
    assert (viewer.staff_id, viewer.typing_at) == (agent.id, now)


def test_the_page_names_a_colleague_who_is_answering(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    colleague = staff(session, name="Lê Thị Lan")
    drafts.look_typing(session, opened.ticket_id, staff_id=colleague.id, now=now)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    page = page_of(client, here)
    told = send(client, here, f"{here}/seen").get_data(as_text=True)

    assert "Lê Thị Lan is answering" in page
    assert "Lê Thị Lan is answering" in told


def test_a_ticket_is_handed_over_by_a_name_without_marks(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/transfer", queue="phuong thu duc", reason="It lies over there.")

    assert row(session, opened.reference).queue_id == queue_of(session, "26824").id
    assert answer.headers["Location"] == "/console"


def test_a_name_that_several_units_have_is_asked_back(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/transfer", queue="Thanh An", reason="It lies over there.")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Several have this name" in page
    assert "It lies over there.</textarea>" in page
    assert row(session, opened.reference).queue_id == queue_of(session).id


def test_a_handed_over_ticket_is_returned_with_a_reason(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session, unit_code="26824")
    giver = staff(session, at="26824")
    assignment.transfer(
        session, opened.ticket_id, queue_id=queue_of(session).id, reason="yours", actor=staff_actor(giver.id), now=now
    )
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/return", reason="Not in our ward.")

    assert row(session, opened.reference).queue_id == queue_of(session, "26824").id


def test_a_question_holds_the_ticket_until_its_date(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/hold", body="Which house number?", wake_at="2026-11-24T09:00")

    ticket = row(session, opened.reference)
    assert ticket.status is TicketStatus.PENDING_CITIZEN
    assert ticket.wake_at == now + timedelta(days=1)
    assert [message.body for message in sent(session, ticket)] == ["Which house number?"]


def test_a_wake_up_date_too_late_sends_no_question(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/hold", body="Which house number?", wake_at="2027-11-24T09:00")

    page = answer.get_data(as_text=True)
    assert "later than the longest pause" in page
    assert "Which house number?</textarea>" in page
    assert sent(session, row(session, opened.reference)) == []
    assert row(session, opened.reference).status is TicketStatus.NEW


def test_waiting_for_another_body_and_going_on(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/third-party", reason="The power company.", wake_at="2026-11-25T09:00")
    waiting = row(session, opened.reference).status
    send(client, here, f"{here}/resume")

    assert waiting is TicketStatus.PENDING_THIRD_PARTY
    assert row(session, opened.reference).status is TicketStatus.OPEN


def test_a_matter_is_answered_for_good_and_taken_up_again(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/resolve", body="The street is clean.", disposition="fixed")
    resolved = row(session, opened.reference)
    answered = (resolved.status, resolved.disposition)
    send(client, here, f"{here}/reopen", reason="It was another street.")

    assert answered == (TicketStatus.RESOLVED, Disposition.FIXED)
    assert row(session, opened.reference).status is TicketStatus.OPEN


def test_a_matter_under_another_law_needs_the_address_where_to_go(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    answer = {"body": "This is a complaint.", "disposition": "other_law"}

    without = send(client, here, f"{here}/resolve", **answer)
    with_address = send(client, here, f"{here}/resolve", **answer, address="Thanh tra Thành phố, 13 Trần Quốc Thảo")

    assert without.status_code == 400
    assert "Say where to go" in without.get_data(as_text=True)
    assert with_address.status_code == 303
    assert "13 Trần Quốc Thảo" in sent(session, row(session, opened.reference))[0].body


@pytest.mark.parametrize("as_", ["spam", "withdrawn"])
def test_a_ticket_is_set_aside_with_a_reason(client: FlaskClient, session: Session, now: datetime, as_: str) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/set-aside", reason="Said so by phone.", **{"as": as_})

    assert row(session, opened.reference).status == as_


def test_priority_category_and_dossier_are_changed(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/priority", priority="urgent", reason="A school is next to it.")
    send(client, here, f"{here}/category", category="night_noise")
    send(client, here, f"{here}/dossier", dossier_number="h29.12-1", dossier_due_on="2026-11-20", procedure="1.001193")

    ticket = row(session, opened.reference)
    page = page_of(client, here)
    assert (ticket.priority, ticket.dossier_number) == (Priority.URGENT, "H29.12-1")
    assert "the dossier is late" in page
    assert "Đăng ký khai sinh" in page


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


def test_a_divided_ward_brings_the_question_that_decides(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    answer = send(client, here, f"{here}/place", place="Tân Bình")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'name="unit"' in page


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


@pytest.mark.parametrize("action", ["claim", "reply", "note", "draft", "seen", "transfer", "place", "resolve", "phone"])
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


def test_a_long_conversation_is_read_in_eight_statements(
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
    assert len(statements) <= 8, "\n\n".join(statements)


def test_the_page_says_why_the_ticket_stands_where_it_stands(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)

    page = page_of(client, f"/console/tickets/{opened.reference}")

    assert "Why it stands here" in page
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

    page = page_of(client, f"/console/tickets/{opened.reference}/similar")

    assert other.reference in page
    assert restricted.reference not in page
