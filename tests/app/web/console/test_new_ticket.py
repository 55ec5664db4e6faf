"""Opening a ticket by hand: the place resolved beside the field, the same matter offered, nothing opened twice."""

import re
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.console.test_calls import talking
from tests.factories import open_ticket, queue_of, unit
from tickets.schema import Call, Citizen, Contact, Ticket, TimelineEntry
from tickets.states import Channel, Role, TicketStatus, TimelineKind


def tickets(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Ticket)) or 0


def newest(session: Session) -> Ticket:
    return session.scalars(
        select(Ticket).order_by(Ticket.id.desc()).limit(1).execution_options(populate_existing=True)
    ).one()


TAN_BINH = "27004"
FORM = {
    "body": "Đèn đường không sáng ba đêm nay.",
    "place": "phường Bến Nghé quận 1",
    "phone": "0901112233",
    "name": "An",
}


def test_a_ticket_opened_by_hand_goes_where_its_place_lies(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)

    answer = send(client, "/console/new", "/console/new", **FORM, go="open", once="a-form")

    ticket = newest(session)
    assert answer.status_code == 200
    assert (ticket.queue_id, ticket.channel) == (queue_of(session).id, Channel.MANUAL)
    assert session.get_one(Citizen, ticket.citizen_id).name == "An"
    assert f"{ticket.reference[:2]} {ticket.reference[2:6]} {ticket.reference[6:]}" in answer.get_data(as_text=True)


def test_the_same_form_sent_twice_opens_one_ticket(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now)

    pages = [
        send(client, "/console/new", "/console/new", **FORM, go="open", once="a-form", asked="repeats")
        for _click in range(2)
    ]

    assert tickets(session) == 1
    assert all(newest(session).reference[6:] in page.get_data(as_text=True) for page in pages)


def test_a_form_that_comes_back_with_a_question_says_that_nothing_was_created(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    open_ticket(session, phone="+84901112233", subject="Đèn hỏng")

    asked = send(client, "/console/new", "/console/new", **FORM, go="open", once="a-form").get_data(as_text=True)
    checked = send(client, "/console/new", "/console/new", **FORM, go="check", once="a-form").get_data(as_text=True)
    before = tickets(session)
    send(client, "/console/new", "/console/new", **FORM, go="open", once="a-form", asked="repeats")

    assert "Nothing has been created yet" in asked
    assert "Nothing has been created yet" not in checked
    assert (before, tickets(session)) == (1, 2)


def test_the_ticket_a_call_opened_is_no_other_matter_of_its_caller(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    own = open_ticket(session, channel=Channel.VOICE, phone="+84901112233", subject="", body="")
    other = open_ticket(session, phone="+84901112233", subject="Đèn hỏng")
    agent = agent_at(client, session, now)
    citizen_id = session.get_one(Ticket, own.ticket_id).citizen_id
    call = talking(session, agent, now, ticket_id=own.ticket_id, citizen_id=citizen_id)
    call.detail = {**call.detail, "opened_ticket": True}
    session.commit()

    bar = page_of(client, "/console/call-bar").split("Already open:")[1]
    asked = send(client, "/console/new", "/console/new", **FORM, call=str(call.id), go="open", once="a-form")

    again = asked.get_data(as_text=True).split("The same matter again?")[1]
    assert [one in bar for one in (own.reference, other.reference)] == [False, True]
    assert [f'value="{one}"' in again for one in (own.reference, other.reference)] == [False, True]


def test_the_answer_of_the_resolver_stands_beside_the_place(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)

    advice = send(client, "/console/new", "/console/new/advice", **FORM).get_data(as_text=True)

    assert unit(session).name_en in advice
    assert tickets(session) == 0


def test_an_undecided_place_is_asked_once_before_the_ticket_is_opened(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    form = {**FORM, "place": "Tân Bình", "once": "a-form", "go": "open"}

    asked = send(client, "/console/new", "/console/new", **form).get_data(as_text=True)
    before = tickets(session)
    send(client, "/console/new", "/console/new", **form, asked="place", unit=str(unit(session, TAN_BINH).id))

    assert 'name="unit"' in asked
    assert FORM["body"] in asked
    assert before == 0
    assert newest(session).unit_id == unit(session, TAN_BINH).id


def ticked(page: str) -> list[str]:
    """Which of the places one may choose is ticked."""
    return re.findall(r'name="unit" id="unit-(\w+)"[^>]* checked', page)


@pytest.mark.parametrize(("code", "first"), [(TAN_BINH, True), ("26740", False), ("TTDH", False)])
def test_whose_own_ward_it_may_be_sees_it_ticked_and_others_that_nothing_is_chosen(
    client: FlaskClient, session: Session, now: datetime, code: str, first: bool
) -> None:
    agent_at(client, session, now, code=code)
    own = str(unit(session, TAN_BINH).id)

    advice = send(client, "/console/new", "/console/new/advice", **{**FORM, "place": "Tân Bình"})

    page = advice.get_data(as_text=True)
    assert ticked(page) == ([own] if first else ["none"])
    assert page.index(f'id="unit-{own}"') < page.index('id="unit-none"')


def test_who_says_that_it_is_not_their_own_ward_is_believed(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now, code=TAN_BINH)

    advice = send(client, "/console/new", "/console/new/advice", **{**FORM, "place": "Tân Bình"}, unit="")

    assert ticked(advice.get_data(as_text=True)) == ["none"]


def test_another_place_typed_after_one_was_chosen_counts(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now, code=TAN_BINH)
    chosen = str(unit(session, TAN_BINH).id)

    send(client, "/console/new", "/console/new", **{**FORM, "go": "open", "once": "k"}, unit=chosen)

    assert newest(session).unit_id == unit(session).id


def test_what_cannot_be_used_is_said_beside_its_field_and_kept(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)

    answer = send(client, "/console/new", "/console/new", body="", phone="12", name="An", dossier_number="?", go="open")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Please write what it is about." in page
    assert "This is not a phone number we can call." in page
    assert 'value="12"' in page
    assert tickets(session) == 0


def test_the_same_person_is_offered_the_open_matter_and_joins_it(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    earlier = open_ticket(session, phone="+84901112233", subject="Street light out")
    agent_at(client, session, now)
    form = {**FORM, "once": "a-form", "go": "open"}

    offered = send(client, "/console/new", "/console/new", **form).get_data(as_text=True)
    joined = send(client, "/console/new", "/console/new", **form, attach=earlier.reference)

    assert "The same matter again?" in offered
    assert "Street light out" in offered
    assert joined.headers["Location"] == f"/console/tickets/{earlier.reference}"
    assert tickets(session) == 1
    assert FORM["body"] in page_of(client, f"/console/tickets/{earlier.reference}")


def test_a_contact_cannot_join_a_ticket_of_another_unit(client: FlaskClient, session: Session, now: datetime) -> None:
    foreign = open_ticket(session, unit_code="26824")
    agent_at(client, session, now)

    answer = send(client, "/console/new", "/console/new", **FORM, attach=foreign.reference)

    assert answer.status_code == 404


def test_during_a_call_its_waiting_ticket_gives_way_to_the_open_matter_it_joins(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    earlier = open_ticket(session, phone="+84901112233", subject="Street light out")
    waiting = open_ticket(session, channel=Channel.VOICE, phone="+84901112233", subject="", body="")
    agent = agent_at(client, session, now)
    call = talking(session, agent, now, ticket_id=waiting.ticket_id)
    call.contact_id = session.scalars(select(Contact.id).where(Contact.ticket_id == waiting.ticket_id)).one()
    session.commit()

    page = f"/console/new?call={call.id}"
    send(client, page, page, **FORM, go="open", once="a-form", attach=earlier.reference)

    session.expire_all()
    assert session.get_one(Call, call.id).ticket_id == earlier.ticket_id
    assert session.get_one(Ticket, waiting.ticket_id).status is TicketStatus.WITHDRAWN


def test_during_a_call_its_waiting_ticket_is_filled_in_and_routed(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    waiting = open_ticket(
        session, channel=Channel.VOICE, phone="+84901112233", subject="", body="", unit_code=None, category_code=None
    )
    agent = agent_at(client, session, now, code="TTDH", role=Role.AGENT)
    talking(session, agent, now, ticket_id=waiting.ticket_id, unit_id=None)

    page = page_of(client, "/console/new")
    answer = send(client, "/console/new", "/console/new", **FORM, go="open", once="a-form", asked="repeats")

    ticket = newest(session)
    assert "what you write here goes into its ticket" in page
    assert answer.headers["Location"] == f"/console/tickets/{waiting.reference}"
    assert tickets(session) == 1
    assert (ticket.body, ticket.queue_id) == (FORM["body"], queue_of(session).id)


def test_a_call_without_a_ticket_becomes_the_contact_of_the_new_one(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = agent_at(client, session, now)
    call = talking(session, agent, now)

    send(client, "/console/new", "/console/new", **FORM, go="open", once="a-form")

    ticket = newest(session)
    session.expire_all()
    assert ticket.channel is Channel.VOICE
    assert session.get_one(Call, call.id).ticket_id == ticket.id
    assert ticket.first_answered_at == now
    assert session.scalars(select(TimelineEntry.id).where(TimelineEntry.kind == TimelineKind.OPENED)).one()


def test_a_number_that_nobody_is_called_at_is_said_once_and_the_ticket_is_opened_all_the_same(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    abroad = {**FORM, "phone": "+44 7911 123456"}

    first = send(client, "/console/new", "/console/new", **abroad, go="open", once="a-form")
    page = first.get_data(as_text=True)
    opened = tickets(session)
    send(client, "/console/new", "/console/new", **abroad, go="open", once="a-form", asked="number")

    assert "Nobody is texted or called at this number" in page
    assert 'value="+44 7911 123456"' in page
    assert (opened, tickets(session)) == (0, 1)
