"""G12: whatever is asked for at once, contacts are taken: steering pages hold a share of the threads and no more."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import g
from sqlalchemy import text

from app.accounts.enrolment import add_token
from app.settings import Settings
from app.storage.database import transaction
from app.web.factory import create_app
from app.web.frame.access import declared, public
from app.web.frame.application import HotlineApp
from app.web.frame.giving_way import TURNS_AT_ONCE, gives_way
from tests.conftest import Committed


@pytest.fixture
def busy_app(committed: Committed, settings: Settings) -> HotlineApp:
    return create_app(settings.model_copy(update={"database_url": committed.url}), engine=committed.engine)


@pytest.fixture
def report(busy_app: HotlineApp) -> tuple[threading.Barrier, threading.Event]:
    """A page of figures at `/figures-of-a-test`: passed when all turns are taken; it takes until the event is set."""
    begun, done = threading.Barrier(TURNS_AT_ONCE + 1), threading.Event()

    @public
    def figures() -> str:
        g.session.execute(text("select 1"))
        if not done.is_set():
            begun.wait(60)
        assert done.wait(60)
        return "figures"

    figures.__module__ = "app.web.supervisor.of_a_test"
    busy_app.add_url_rule("/figures-of-a-test", "of_a_test", figures)
    return begun, done


def test_while_figures_hold_all_their_turns_contacts_are_taken_and_the_next_who_asks_comes_again(
    committed: Committed, busy_app: HotlineApp, report: tuple[threading.Barrier, threading.Event]
) -> None:
    begun, done = report
    with transaction(committed.factory) as session:
        token = add_token(session, name="door", scopes=["tickets:write"], unit_code="", now=datetime.now(UTC))
    headers = {"Authorization": f"Bearer {token}"}

    def figures(language: str = "vi"):
        return busy_app.test_client().get("/figures-of-a-test?of=may", headers={"Accept-Language": language})

    def contact(number: int):
        body = {"subject": f"Đèn {number}", "body": "Đèn đường không sáng.", "unit": "26740"}
        return busy_app.test_client().post("/api/v1/tickets", json=body, headers=headers)

    with ThreadPoolExecutor(TURNS_AT_ONCE) as visitors:
        waiting = [visitors.submit(figures) for _ in range(TURNS_AT_ONCE)]
        begun.wait(60)
        refused, english = figures(), figures("en")
        taken = [contact(number).status_code for number in range(3)]
        held = [visit.done() for visit in waiting]
        done.set()
        opened = [visit.result().status_code for visit in waiting]

    assert taken == [201, 201, 201]
    assert held == [False] * TURNS_AT_ONCE
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "X-Database" not in refused.headers, "no page says for that that the database is gone"
    assert "phản ánh được tiếp nhận trước" in refused.get_data(as_text=True)
    assert 'href="/figures-of-a-test?of=may">Open it again' in english.get_data(as_text=True)
    assert opened == [200] * TURNS_AT_ONCE
    assert figures().status_code == 200


def test_what_somebody_waits_for_never_gives_way(busy_app: HotlineApp) -> None:
    views = {rule.endpoint: busy_app.view_functions[rule.endpoint] for rule in busy_app.url_map.iter_rules()}
    giving = {name for name, view in views.items() if gives_way(view, "GET")}

    of_callers = {name for name, view in views.items() if (access := declared(view)) and access.kind == "webhook"}
    assert of_callers
    assert not giving & of_callers
    assert not any(gives_way(view, "POST") for view in views.values())
    for kept in ("report.form", "console.work", "console.ticket", "leadership.numbered_list", "health.ready"):
        assert kept in views, sorted(views)
        assert kept not in giving
    assert {"supervisor.shift", "administration.overview", "performance.table"} <= giving
