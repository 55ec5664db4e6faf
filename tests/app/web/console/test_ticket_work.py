"""Working one ticket in the console: take it, answer, ask, hand over, answer for good; nothing typed is lost."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick as escalation_tick
from tests.app.web.console.console_scene import agent_at, once_in, page_of, row, send
from tests.factories import open_ticket, queue_of, staff
from tickets.people.actor import staff_actor
from tickets.schema import Draft, Message, OutboundMessage, Ticket, TicketViewer
from tickets.states import Channel, Disposition, DraftForm, Priority, TicketStatus
from tickets.work import assignment, drafts, resolution


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
    about = drafts.about_ticket(opened.ticket_id)
    drafts.keep(session, DraftForm.REPLY, about, staff_id=agent.id, fields={"body": "We wi"}, now=now)
    session.commit()

    send(client, here, f"{here}/reply", body="Xe sẽ tới sáng mai.", channel="sms")

    ticket = row(session, opened.reference)
    outbound = session.get_one(OutboundMessage, sent(session, ticket)[0].outbound_id)
    assert (outbound.address, outbound.params["body"]) == ("+84901112233", "Xe sẽ tới sáng mai.")
    assert ticket.assignee_id == agent.id
    assert session.scalar(select(Draft.fields).where(Draft.ticket_id == ticket.id)) is None


def test_what_the_citizen_told_an_agent_opens_an_answered_ticket_again(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent = agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    send(client, here, f"{here}/claim")
    done = Disposition.FIXED
    resolution.resolve(
        session, opened.ticket_id, disposition=done, answer="Xong.", actor=staff_actor(agent.id), now=now
    )
    session.commit()

    send(client, here, f"{here}/heard", heard="Chưa xong")

    assert row(session, opened.reference).status is TicketStatus.OPEN
    assert "the ticket is open again" in page_of(client, here)


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
    assert "This field is required." in answer.get_data(as_text=True)


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

    send(client, here, f"{here}/draft/reply", body="Dear Mr An,")

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
    assert "Tell the citizen where to go" in without.get_data(as_text=True)
    assert with_address.status_code == 303
    assert "13 Trần Quốc Thảo" in sent(session, row(session, opened.reference))[0].body


def test_a_ticket_is_set_aside_with_a_reason(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    send(client, here, f"{here}/set-aside", reason="An advertisement.")

    assert row(session, opened.reference).status == "spam"


def test_nobody_takes_a_matter_back_for_the_citizen(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"

    refused = send(client, here, f"{here}/set-aside", reason="Said so by phone.", **{"as": "withdrawn"})

    assert refused.status_code == 403
    assert "Only the citizen can withdraw" in refused.get_data(as_text=True)
    assert "Said so by phone." in refused.get_data(as_text=True)
    assert row(session, opened.reference).status == "new"


def test_after_a_warning_the_unit_is_offered_nothing_that_ends_pauses_or_eases_and_reads_why(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    agent_at(client, session, now)
    here = f"/console/tickets/{opened.reference}"
    before = page_of(client, here)
    due_at = row(session, opened.reference).next_due_at
    assert due_at is not None

    escalation_tick(session, now=due_at)
    session.commit()
    after = page_of(client, here)
    refused = send(client, here, f"{here}/set-aside", reason="Nobody complained.")

    assert f"{here}/set-aside" in before
    assert f"{here}/set-aside" not in after
    assert f"{here}/hold" not in after
    assert "only the City Office or a city supervisor may now set the ticket aside" in after
    assert refused.status_code == 403
    assert "Nobody complained." not in page_of(client, here)
    assert row(session, opened.reference).status == "new"


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
