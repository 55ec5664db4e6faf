"""The shift page: what waits, who is there, what is at risk, and giving tickets to somebody."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from telephony.floor.presence import go_available
from tests.app.web.steering import LIGHT, csrf_of, enter
from tests.factories import open_ticket, staff
from tests.signing_in import sign_in
from tests.statements import counted, of_the_page
from tickets.schema import AuditEntry, Call, CallbackRequest, Outage, Ticket, TimelineEntry, Unit
from tickets.states import CallbackReason, CallbackState, CallState, Role, TimelineKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def browser(app: HotlineApp, session: Session) -> Iterator[FlaskClient]:
    """A supervisor of Phường Sài Gòn, an hour after the tickets came in."""
    with app.bound_to(session, LATER):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, staff(session, role=Role.SUPERVISOR, name="Hùng"), now=LATER)
        yield client


def call(session: Session, number: int, *, unit_code: str | None = "26740", **facts: object) -> None:
    unit_id = session.scalar(select(Unit.id).where(Unit.code == unit_code, Unit.valid_to.is_(None)))
    base = {
        "account": "sim", "call_sid": f"CA{number:032}", "phone": f"+8490000000{number}", "state": CallState.QUEUED,
        "state_since": NOW, "state_until": LATER + timedelta(hours=1), "arrived_at": NOW,
        "queued_at": LATER - timedelta(minutes=number), "unit_id": unit_id, "detail": {},
    }  # fmt: skip
    session.execute(insert(Call).values(**{**base, **facts}))


def give(client: FlaskClient, references: list[str], staff_id: int | str) -> object:
    form = {"csrf_token": csrf_of(client, LIGHT), "ticket": references, "staff": str(staff_id), "show": "soon"}
    return client.post("/supervisor/reassign", data=form)


def test_the_queues_of_my_units_are_counted_and_no_others(browser: FlaskClient, session: Session) -> None:
    open_ticket(session, now=NOW)
    open_ticket(session, now=NOW)
    open_ticket(session, now=NOW, unit_code="26824", category_code="pavement_use")

    page = browser.get("/supervisor").get_data(as_text=True)

    queues = page.split('id="queues-title"')[1].split("</h2>")[1]
    assert queues.count("<tr>") == 1 + 1
    assert "Sai Gon" in queues
    assert ">2<" in queues


def test_agents_stand_there_with_their_state_and_idle_time(browser: FlaskClient, session: Session) -> None:
    mine = staff(session, name="Trần Thị Lan")
    other = staff(session, at="26824", name="Lê Văn Xa")
    for one in (mine, other):
        go_available(session, one.id, now=LATER - timedelta(minutes=3))
    session.flush()

    page = browser.get("/supervisor").get_data(as_text=True)

    agents = page.split('id="agents-title"')[1].split("</h2>")[1]
    assert "Trần Thị Lan" in agents
    assert "3:00" in agents
    assert "Lê Văn Xa" not in agents
    # Three minutes without a sign of life: nobody sits there any more.
    assert "console closed" in agents


def test_callers_wait_at_their_place_with_a_masked_number(browser: FlaskClient, session: Session) -> None:
    call(session, 1)
    call(session, 2, unit_code=None)
    call(session, 3)

    page = browser.get("/supervisor").get_data(as_text=True)

    calls = page.split('id="calls-title"')[1].split("</h2>")[1]
    assert calls.count("<tr>") == 1 + 2
    assert "+84******001" in calls
    assert "+84900000001" not in page
    # Nobody of the ward is at work, so its callers stand in one line with the city's: first and third.
    places = [row.split('class="number">')[1].split("<")[0] for row in calls.split("<tr>")[2:]]
    assert places == ["1", "3"]


def test_at_risk_lists_what_is_due_within_two_hours_and_leaves_the_rest(browser: FlaskClient, session: Session) -> None:
    urgent, calm = open_ticket(session, now=NOW), open_ticket(session, now=NOW)
    session.get_one(Ticket, urgent.ticket_id).next_due_at = LATER + timedelta(hours=1)
    session.get_one(Ticket, calm.ticket_id).next_due_at = LATER + timedelta(hours=9)
    session.flush()

    page = browser.get("/supervisor").get_data(as_text=True)

    assert f'value="{urgent.reference}"' in page
    assert f'value="{calm.reference}"' not in page
    assert f'value="{calm.reference}"' in browser.get("/supervisor?show=untaken").get_data(as_text=True)


def test_giving_selected_tickets_assigns_and_audits_each(browser: FlaskClient, session: Session) -> None:
    lan = staff(session, name="Trần Thị Lan")
    opened = [open_ticket(session, now=NOW) for _ in range(2)]

    answer = give(browser, [one.reference for one in opened], lan.id)

    assert answer.status_code == 303
    for one in opened:
        assert session.get_one(Ticket, one.ticket_id, populate_existing=True).assignee_id == lan.id
        kinds = session.scalars(select(TimelineEntry.kind).where(TimelineEntry.ticket_id == one.ticket_id)).all()
        assert TimelineKind.ASSIGNED in kinds
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.ticket_id == one.ticket_id)).all()
        assert "ticket.assigned" in actions
    assert "2 tickets were assigned." in browser.get("/supervisor").get_data(as_text=True)


def test_somebody_who_does_not_work_there_gets_nothing_and_it_is_said(browser: FlaskClient, session: Session) -> None:
    stranger = staff(session, at="26824")
    opened = open_ticket(session, now=NOW)

    give(browser, [opened.reference], stranger.id)

    assert session.get_one(Ticket, opened.ticket_id, populate_existing=True).assignee_id is None
    page = browser.get("/supervisor").get_data(as_text=True)
    assert f"{opened.reference}: This person does not work on this unit&#39;s tickets." in page


def test_what_was_ticked_and_could_not_be_given_is_ticked_still(browser: FlaskClient, session: Session) -> None:
    stranger = staff(session, at="26824")
    opened = [open_ticket(session, now=NOW) for _ in range(3)]
    ticked = [one.reference for one in opened[:2]]
    token = csrf_of(browser, LIGHT)
    nobody = {"csrf_token": token, "show": "untaken", "ticket": ticked, "staff": ""}
    wrong = {**nobody, "staff": str(stranger.id)}

    pages = [
        browser.post("/supervisor/reassign", data=form, follow_redirects=True).get_data(as_text=True)
        for form in (nobody, wrong)
    ]

    for page in pages:
        assert sorted(re.findall(r'value="(\d{10})"[^>]* checked', page)) == sorted(ticked)


def test_a_ticket_of_another_ward_in_the_selection_looks_like_none(browser: FlaskClient, session: Session) -> None:
    lan = staff(session, name="Trần Thị Lan")
    mine, foreign = open_ticket(session, now=NOW), open_ticket(session, now=NOW, unit_code="26824")

    answer = give(browser, [mine.reference, foreign.reference], lan.id)

    assert answer.status_code == 404
    assert session.get_one(Ticket, mine.ticket_id, populate_existing=True).assignee_id is None


def test_a_form_sent_twice_gives_once(browser: FlaskClient, session: Session) -> None:
    lan = staff(session, name="Trần Thị Lan")
    opened = open_ticket(session, now=NOW)
    html = browser.get("/supervisor?show=untaken").get_data(as_text=True)
    form = {"csrf_token": csrf_of(browser, LIGHT), "ticket": opened.reference, "staff": str(lan.id)}
    once = html.split('name="once" value="')[1].split('"')[0]

    for _ in range(2):
        assert browser.post("/supervisor/reassign", data={**form, "once": once}).status_code == 303

    page = browser.get("/supervisor").get_data(as_text=True)
    assert page.count("1 ticket was assigned.") == 1


@pytest.mark.parametrize("staff_id", ["", "x", "9" * 30])
def test_a_choice_that_is_none_asks_again(browser: FlaskClient, session: Session, staff_id: str) -> None:
    opened = open_ticket(session, now=NOW)

    assert give(browser, [opened.reference], staff_id).status_code == 303
    assert "Select at least one ticket" in browser.get("/supervisor").get_data(as_text=True)


def test_callbacks_and_outages_are_seen(browser: FlaskClient, session: Session) -> None:
    session.add(Outage(from_at=NOW - timedelta(hours=5), to_at=NOW - timedelta(hours=4)))
    unit_id = session.scalar(select(Unit.id).where(Unit.code == "26740", Unit.valid_to.is_(None)))
    session.add(
        CallbackRequest(
            once_key="k", unit_id=unit_id, phone="+84901112223", reason=CallbackReason.MISSED,
            state=CallbackState.OPEN, order_at=NOW, created_at=NOW,
        )
    )  # fmt: skip
    session.flush()

    page = browser.get("/supervisor").get_data(as_text=True)

    assert "Nothing was reported to higher levels from" in page
    assert "+84******223" in page


def test_the_part_that_reloads_itself_stands_alone(browser: FlaskClient) -> None:
    fragment = browser.get("/supervisor/now").get_data(as_text=True)

    assert "<html" not in fragment
    assert 'id="shift-now"' in fragment
    assert 'data-refresh-on="shift,calls,queue"' in fragment


@pytest.mark.parametrize("tickets", [1, 12])
def test_the_page_costs_the_same_whatever_waits(browser: FlaskClient, session: Session, tickets: int) -> None:
    for _ in range(tickets):
        opened = open_ticket(session, now=NOW)
        session.get_one(Ticket, opened.ticket_id).next_due_at = LATER + timedelta(hours=1)
    session.flush()
    # The first reads places and rules, which may take longer than their version is good for.
    for _ in range(2):
        browser.get("/supervisor")

    with counted(session) as statements:
        browser.get("/supervisor")

    # Of promises: which days are counted, their totals, and the clocks of the days that are not yet.
    assert len(of_the_page(statements)) <= 17, "\n".join(statements)


def test_a_supervisor_of_the_city_sees_every_ward(app: HotlineApp, session: Session) -> None:
    open_ticket(session, now=NOW)
    open_ticket(session, now=NOW, unit_code="26824")
    with app.bound_to(session, LATER):
        client = app.test_client()
        sign_in(client, session, role=Role.SUPERVISOR, now=LATER)

        page = client.get("/supervisor").get_data(as_text=True)

    queues = page.split('id="queues-title"')[1].split("</h2>")[1]
    assert queues.count("<tr>") == 1 + 2


@pytest.mark.parametrize("address", ["/supervisor", "/supervisor/now"])
@pytest.mark.parametrize("role", [Role.AGENT, Role.LEADER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_the_shift_is_for_those_who_steer_it(app: HotlineApp, session: Session, role: Role, address: str) -> None:
    with app.bound_to(session, LATER):
        client = app.test_client()
        sign_in(client, session, role=role, now=LATER)

        assert client.get(address).status_code == 403
