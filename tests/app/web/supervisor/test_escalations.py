"""The dashboard a supervisor keeps open: running chains, what fired, the history, the file, the staircase."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.sweep import tick
from escalation.queries.ledger import EXPORT_HEADINGS
from tests.app.web.steering import Climb, climb, enter
from tests.escalation.scene import level_at, step, ticket, ward, with_role
from tests.signing_in import sign_in
from tests.statements import counted, of_the_page
from tickets.states import ClockKind, Priority, Role

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PAGE = "/supervisor/escalations"


@pytest.fixture
def climbed(session: Session) -> Climb:
    return climb(session, opened_at=MONDAY, level=2)


@pytest.fixture
def browser(app: HotlineApp, session: Session, climbed: Climb) -> Iterator[FlaskClient]:
    """The ward's supervisor, ten minutes after the second level fired."""
    now = climbed.at + timedelta(minutes=10)
    with app.bound_to(session, now):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, with_role(session, Role.SUPERVISOR, climbed.unit, now=MONDAY), now=now)
        yield client


def shown(client: FlaskClient, query: str = "") -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_running_chain_shows_its_level_the_next_one_and_who_was_told(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    page = shown(browser)

    assert page.count("<tr>") == 1 + 1
    row = page.split("<tr>")[2]
    assert climbed.people[2].name in row
    assert "not read" in row
    assert "not acknowledged" in row
    assert "Level 2" in row
    assert "Level 3" in row


def test_an_answer_appears_on_the_board(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    step_id = climbed.step(session, 2).id
    acknowledge(
        session, step_id, staff_id=climbed.people[2].id, instruction="Đã giao khu phố", via="web", now=climbed.at
    )

    row = shown(browser).split("<tr>")[2]

    assert "Đã giao khu phố" in row
    assert "read " in row


def test_the_filters_narrow_the_board_and_the_totals_stay(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    assert climbed.ticket.reference in shown(browser, f"?unit={climbed.unit.id}&level=2&clock=resolve&answered=no")
    for query in ("?level=3", "?clock=first", "?unit=1", "?cause=change"):
        page = shown(browser, query)
        assert "Nothing matches." in page, query
        assert "Level 2" in page, query


def test_the_part_that_reloads_itself_keeps_the_filters(browser: FlaskClient, climbed: Climb) -> None:
    fragment = browser.get(f"{PAGE}/board?level=2").get_data(as_text=True)

    assert "<html" not in fragment
    assert 'hx-get="/supervisor/escalations/board?level=2"' in fragment
    assert 'data-refresh-on="escalations,shift"' in fragment


def test_another_ward_sees_nothing_of_it_anywhere(app: HotlineApp, session: Session, climbed: Climb) -> None:
    other = with_role(session, Role.SUPERVISOR, ward(session, "Phường Bến Thành"), now=MONDAY)
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        enter(client, session, other, now=climbed.at)

        seen = [
            client.get(PAGE + query).get_data(as_text=True)
            for query in ("", "/board", "?tab=fired", "?tab=history", ".csv", f"?unit={climbed.unit.id}")
        ]
        stairs = client.get(f"{PAGE}/{climbed.ticket.reference}")

    assert not any(climbed.ticket.reference in page for page in seen)
    assert stairs.status_code == 404


def test_what_fired_in_the_last_day_stands_under_its_own_tab(
    app: HotlineApp, browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    assert shown(browser, "?tab=fired").count("<tr>") == 1 + 2

    with app.bound_to(session, climbed.at + timedelta(hours=30)):
        assert "Nothing was reported in the last 24 hours." in shown(browser, "?tab=fired")


def test_the_history_is_paged_by_key_and_loses_nothing(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    for _ in range(30):
        more = ticket(session, climbed.unit, arrived_at=MONDAY, priority=Priority.URGENT)
        tick(session, now=level_at(session, more, 1))
        tick(session, now=level_at(session, more, 2))

    first = shown(browser, "?tab=history")
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = shown(browser, following.removeprefix(PAGE))

    rows = [page.count("<tr>") - 1 for page in (first, second)]
    assert rows == [50, 12]
    assert 'rel="first"' in second
    assert 'rel="next"' not in second


def test_the_board_is_paged_by_key_and_loses_nothing(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    opened = {climbed.ticket.reference}
    for _ in range(52):
        more = ticket(session, climbed.unit, arrived_at=MONDAY, priority=Priority.URGENT)
        opened.add(more.reference)
    tick(session, now=level_at(session, more, 1))

    first = shown(browser, "?answered=no")
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = shown(browser, following.removeprefix(PAGE))

    seen = [{one for one in opened if f"/console/tickets/{one}" in page} for page in (first, second)]
    assert [len(one) for one in seen] == [50, 3]
    assert seen[0] | seen[1] == opened
    assert climbed.ticket.reference in seen[0]
    assert "answered=no" in following
    assert 'rel="first"' in second
    assert 'rel="next"' not in second


def test_the_history_is_filtered_by_period_and_result(browser: FlaskClient, climbed: Climb) -> None:
    assert shown(browser, "?tab=history&from=2026-11-23&to=2026-11-26&result=notified").count("<tr>") == 1 + 2
    assert "Nothing matches." in shown(browser, "?tab=history&to=2026-11-01")
    assert "Nothing matches." in shown(browser, "?tab=history&result=merged")
    assert "Nothing matches." in shown(browser, "?tab=history&reference=2600421733")


def test_the_file_has_every_level_and_no_formula(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    for number, sign in enumerate(("=", "+", "-", "@", "\t", "\r"), start=1):
        more = ticket(session, climbed.unit, arrived_at=MONDAY, priority=Priority.URGENT)
        tick(session, now=level_at(session, more, 1))
        words = f"{sign}cmd|' /C calc'!A{number}"
        step_id = step(session, more, 1).id
        acknowledge(session, step_id, staff_id=climbed.people[1].id, instruction=words, via="web", now=climbed.at)

    answer = browser.get(f"{PAGE}.csv")

    rows = list(csv.reader(StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert tuple(rows[0][-len(EXPORT_HEADINGS) :]) == EXPORT_HEADINGS
    assert answer.mimetype == "text/csv"
    assert len(rows) == 1 + 2 + 6
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    # What people read stands first, in their words and the city's time; codes and UTC follow for programs.
    first = dict(zip(rows[0], rows[-1], strict=True))
    assert (first["Promise"], first["clock"]) == ("Resolution", "resolve")
    assert (first["Result"], first["result"]) == ("Reported", "notified")
    seven_ahead = datetime.fromisoformat(first["due_at"]) + timedelta(hours=7)
    assert first["Due"] == f"{seven_ahead:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("matters", [1, 8])
def test_the_dashboard_takes_twelve_statements_whatever_runs(
    browser: FlaskClient, climbed: Climb, session: Session, matters: int
) -> None:
    for _ in range(matters - 1):
        more = ticket(session, climbed.unit, arrived_at=MONDAY, priority=Priority.URGENT)
        tick(session, now=level_at(session, more, 1))
    for query in ("", "?tab=fired", "?tab=history"):
        shown(browser, query)

        with counted(session) as statements:
            shown(browser, query)

        assert len(of_the_page(statements)) <= 12, query + "\n" + "\n".join(statements)


def test_the_staircase_shows_who_was_told_and_who_stands_above(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    page = shown(browser, f"/{climbed.ticket.reference}?clock={ClockKind.RESOLVE}")

    assert page.count('class="step step-') == 5
    for level in (1, 2, 3, 5):
        assert climbed.people[level].name in page
    assert page.count("step-current") == 1


def test_a_leader_of_the_city_watches_and_an_agent_does_not(app: HotlineApp, session: Session, climbed: Climb) -> None:
    with app.bound_to(session, climbed.at):
        leader, agent = app.test_client(), app.test_client()
        sign_in(leader, session, role=Role.LEADER, now=climbed.at)
        sign_in(agent, session, role=Role.AGENT, now=climbed.at)

        assert climbed.ticket.reference in leader.get(f"{PAGE}.csv").get_data(as_text=True)
        assert agent.get(PAGE).status_code == 403


@pytest.mark.parametrize(
    "query", ["?unit=abc", "?level=-1", "?clock=zzz", "?tab=zzz", "?tab=history&after=zzz~1", "?after=9~zzz~1"]
)
def test_strange_addresses_are_harmless(browser: FlaskClient, query: str) -> None:
    assert browser.get(PAGE + query).status_code == 200
