"""My work and my queues, search, and what a person of another unit may not learn."""

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.app.web.console.console_scene import agent_at, page_of
from tests.factories import citizen, open_ticket, unit
from tests.signing_in import sign_in
from tests.statements import counted, of_the_page
from tickets.people.actor import staff_actor
from tickets.queries.list_counts import COUNTED_UP_TO
from tickets.states import Role
from tickets.work.assignment import claim


def test_the_list_shows_my_units_tickets_with_what_is_due_first_on_top(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    later = open_ticket(session, subject="A question about opening hours")
    sooner = open_ticket(session, subject="Smoke from a yard", now=now - timedelta(days=3))
    foreign = open_ticket(session, subject="Noise in another ward", unit_code="26824")
    agent_at(client, session, now)

    page = page_of(client, "/console")

    assert page.index("Smoke from a yard") < page.index("A question about opening hours")
    assert foreign.reference not in page
    assert later.reference in page
    assert sooner.reference in page


def test_an_emergency_that_nobody_has_taken_stands_above_all_that_is_overdue_for_longer(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    late = open_ticket(session, subject="Smoke from a yard", now=now - timedelta(days=30))
    danger = open_ticket(session, subject="A child in the canal", emergency=True)
    open_ticket(session, subject="A fire elsewhere", unit_code="26824", emergency=True)
    agent = agent_at(client, session, now)

    untaken = page_of(client, "/console")
    claim(session, danger.ticket_id, actor=staff_actor(agent.id), now=now)
    session.commit()
    taken = page_of(client, "/console")

    assert "Emergencies that nobody has taken" in untaken
    assert untaken.index(danger.reference) < untaken.index(late.reference)
    assert "A fire elsewhere" not in untaken
    assert "Emergencies that nobody has taken" not in taken


def test_the_list_pages_by_key_and_shows_every_ticket_once(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = {open_ticket(session, now=now - timedelta(minutes=i)).reference for i in range(53)}
    agent_at(client, session, now)

    first = page_of(client, "/console")
    address = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = page_of(client, address)

    shown_first = {reference for reference in opened if f"/console/tickets/{reference}" in first}
    shown_second = {reference for reference in opened if f"/console/tickets/{reference}" in second}
    assert len(shown_first) == 50
    assert shown_first | shown_second == opened
    assert not shown_first & shown_second


def test_a_list_costs_five_statements_whatever_its_length_and_one_more_for_each_thing_that_is_there(
    client: FlaskClient, session: Session, database: Engine, now: datetime
) -> None:
    for _number in range(60):
        open_ticket(session)
    agent_at(client, session, now)
    page_of(client, "/console")

    with counted(database) as statements:
        page_of(client, "/console")

    open_ticket(session, emergency=True)
    with counted(database) as with_an_emergency:
        page_of(client, "/console")

    assert len(of_the_page(statements)) <= 5, "\n".join(statements)
    assert len(with_an_emergency) <= len(statements) + 1


def test_a_number_of_waiting_tickets_is_exact_up_to_99_and_says_plainly_that_there_are_more(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    for _number in range(COUNTED_UP_TO):
        open_ticket(session, now=now - timedelta(days=60))
    assert _numbers(page_of(client, "/console")) == {"My work": "0", "My queues": "99", "Unassigned": "99"}
    assert "99 overdue" in page_of(client, "/console")

    for _number in range(2):
        open_ticket(session, now=now - timedelta(days=60))
    page, column = page_of(client, "/console"), page_of(client, "/console/column")

    assert _numbers(page) == {"My work": "0", "My queues": "99+", "Unassigned": "99+"}
    assert "99+ overdue" in page
    assert '<span class="count">99+</span>' in column


def _numbers(page: str) -> dict[str, str]:
    """The numbers in the menu of the lists."""
    found = dict(re.findall(r'<span>([^<]+)</span><span class="count">([0-9+]+)</span>', page))
    return {name: found[name] for name in ("My work", "My queues", "Unassigned")}


def test_a_made_up_cursor_begins_the_list_again(client: FlaskClient, session: Session, now: datetime) -> None:
    ticket = open_ticket(session)
    agent_at(client, session, now)

    page = page_of(client, "/console?after=nonsense", status=400)

    assert ticket.reference in page


@pytest.mark.parametrize("query", ["rac khong duoc thu gom", "Rác không được", "thu gom"])
def test_words_are_found_with_and_without_marks(
    client: FlaskClient, session: Session, now: datetime, query: str
) -> None:
    ticket = open_ticket(session)
    agent_at(client, session, now)

    page = page_of(client, f"/console/search?q={query}")

    assert f"/console/tickets/{ticket.reference}" in page


def test_a_grouped_reference_leads_straight_to_its_ticket(client: FlaskClient, session: Session, now: datetime) -> None:
    ticket = open_ticket(session)
    agent_at(client, session, now)
    grouped = f"{ticket.reference[:2]} {ticket.reference[2:6]} {ticket.reference[6:]}"

    answer = client.get("/console/search", query_string={"q": grouped})

    assert answer.headers["Location"] == f"/console/tickets/{ticket.reference}"


def test_a_phone_number_and_a_dossier_number_are_found(client: FlaskClient, session: Session, now: datetime) -> None:
    citizen(session, phone="+84912345678")
    ticket = open_ticket(session, phone="+84912345678", dossier_number="H29.12-260101-0001")
    agent_at(client, session, now)

    by_phone = page_of(client, "/console/search?q=0912 345 678")
    by_number = page_of(client, "/console/search?q=h29.12-260101-0001")

    assert ticket.reference in by_phone
    assert ticket.reference in by_number


def test_a_ticket_of_another_unit_does_not_exist_for_me(client: FlaskClient, session: Session, now: datetime) -> None:
    foreign = open_ticket(session, unit_code="26824", phone="+84912345679")
    agent_at(client, session, now)

    ticket_page = client.get(f"/console/tickets/{foreign.reference}")
    found = page_of(client, "/console/search?q=0912345679")

    assert ticket_page.status_code == 404
    assert foreign.reference not in found


def test_an_empty_list_says_what_to_do_next(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now)

    page = page_of(client, "/console?view=mine")

    assert "You have no open tickets." in page
    assert "/console?view=unassigned" in page


def test_a_leader_reads_but_is_offered_no_work(client: FlaskClient, session: Session, now: datetime) -> None:
    ticket = open_ticket(session)
    leader = sign_in(client, session, role=Role.LEADER, unit=unit(session), now=now)
    leader.locale = "en"
    session.flush()

    page = page_of(client, f"/console/tickets/{ticket.reference}")

    assert "Take the ticket</button>" not in page
    assert 'id="reply-form"' not in page


def test_the_offices_own_address_is_its_desk_and_leads_on_to_its_work(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    assert client.get("/office").headers["Location"] == "/sign-in?next=/office"
    sign_in(client, session, role=Role.CITY_OFFICE, now=now)

    answer = client.get("/office")

    assert answer.status_code == 200 and 'action="/office/release"' in answer.get_data(as_text=True)
    assert 'href="/console"' in answer.get_data(as_text=True)
