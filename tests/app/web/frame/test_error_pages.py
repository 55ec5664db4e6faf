"""An error page says what went wrong and leaves whoever sees it where they were: at work, or with the city."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.settings import Settings
from app.web.factory import create_app
from app.web.frame.access import declared
from app.web.frame.application import HotlineApp
from tests.conftest import Committed
from tests.factories import ticket
from tests.signing_in import sign_in
from tickets.states import Role

SUPPORT = "+842838000009"
ENGLISH = {"Accept-Language": "en"}
STAFF_FRAME, CITIZENS_FRAME = '<nav class="side"', '<header class="masthead">'


def _failing_like(view: Callable[..., Any]) -> Callable[..., None]:
    def fail(**_arguments: str) -> None:
        raise RuntimeError("nobody thought of this")

    fail.access = declared(view)  # type: ignore[attr-defined]
    return fail


@pytest.fixture
def broken(app: HotlineApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The search, the public figures and a note meet an error of ours that nobody thought of."""

    for address in ("/console/search", "/performance", "/console/tickets/<reference>/note"):
        endpoint = next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == address)
        failing = _failing_like(app.view_functions[endpoint])
        monkeypatch.setitem(app.view_functions, endpoint, failing)
    monkeypatch.setitem(app.config, "TESTING", False)
    yield


@pytest.mark.parametrize(
    ("role", "address", "status", "entry"),
    [
        (Role.AGENT, "/administration", 403, "/console"),
        (Role.AGENT, "/console/tickets/0000000000", 404, "/console"),
        (Role.AGENT, "/no-such-page", 404, "/console"),
        (Role.LEADER, "/no-such-page", 404, "/leadership"),
        (Role.CITY_OFFICE, "/administration", 403, "/console"),
        (Role.AUDITOR, "/leadership", 403, "/administration/audit"),
        (Role.ADMINISTRATOR, "/console/new", 403, "/administration"),
        (Role.SUPERVISOR, "/sign-out", 405, "/supervisor"),
    ],
)
def test_people_at_work_keep_the_menu_of_their_role_and_a_way_on(
    client: FlaskClient, session: Session, now: datetime, role: Role, address: str, status: int, entry: str
) -> None:
    sign_in(client, session, role=role, now=now).locale = "en"
    session.commit()

    answer = client.get(address)

    assert answer.status_code == status
    assert STAFF_FRAME in answer.text
    assert f'<li><a href="{entry}">To my start page</a></li>' in answer.text
    assert re.search(rf'<nav class="side".*?href="{entry}"', answer.text, re.DOTALL)


def test_the_way_on_leads_to_a_page_that_opens(client: FlaskClient, session: Session, now: datetime) -> None:
    for role in Role:
        sign_in(client, session, role=role, now=now)

        way = re.search(r'class="next-steps">\s*<li><a href="([^"]+)"', client.get("/no-such-page").text)

        assert way is not None, role
        assert client.get(way[1]).status_code == 200, role


@pytest.mark.parametrize("role", list(Role))
def test_the_search_on_every_page_stands_there_for_whom_it_opens(
    client: FlaskClient, session: Session, now: datetime, role: Role
) -> None:
    sign_in(client, session, role=role, now=now)

    is_offered = 'action="/console/search"' in client.get("/no-such-page").text

    assert is_offered is (client.get("/console/search?q=rac").status_code == 200)


def test_an_agent_on_an_error_page_is_still_heard_and_offered_calls(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)

    for address in ("/no-such-page", "/administration", "/sign-out"):
        assert 'id="call-frame"' in client.get(address).text, address


def test_an_error_of_ours_leaves_people_their_menu_and_call_bar(
    client: FlaskClient, session: Session, now: datetime, broken: None
) -> None:
    client.set_cookie("locale", "en")
    sign_in(client, session, role=Role.AGENT, now=now)

    answer = client.get("/console/search?q=x", headers={"Referer": "http://localhost/console?view=mine"})

    assert answer.status_code == 500
    assert STAFF_FRAME in answer.text
    assert 'id="call-frame"' in answer.text
    assert '<a href="/console?view=mine">Back to the page before</a>' in answer.text
    assert "nobody thought of this" not in answer.text


def test_people_at_work_are_not_sent_to_the_hotline_they_answer_themselves(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime, broken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "settings", app.settings.model_copy(update={"support_phone": SUPPORT}))
    citizens = client.get("/performance", headers=ENGLISH)
    sign_in(client, session, role=Role.AGENT, now=now).locale = "en"
    session.commit()

    answer = client.get("/console/search?q=x")

    assert citizens.status_code == answer.status_code == 500
    assert "Or call us, day or night" in citizens.text
    assert SUPPORT not in citizens.text
    assert "call us" not in answer.text
    assert "Tell the supervisor on shift" in answer.text
    assert f'href="tel:{SUPPORT}"' in answer.text
    assert f"<code>{answer.headers['X-Request-ID']}</code>" in answer.text


def test_what_was_typed_stands_on_the_page_of_an_error_of_ours_and_is_sent_again_from_there(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime, broken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    sign_in(client, session, role=Role.AGENT, now=now)
    reference, typed = ticket(session, now=now).reference, {"body": "Bà Lan nói đèn vẫn tắt.", "once": "n1"}

    answer = client.post(f"/console/tickets/{reference}/note", data=typed)
    elsewhere = client.post(
        f"/console/tickets/{reference}/note", data=typed, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 500
    assert "<blockquote>Bà Lan nói đèn vẫn tắt.</blockquote>" in answer.text
    assert f'action="/console/tickets/{reference}/note" class="typed-again"' in answer.text
    assert '<input type="hidden" name="once" value="n1">' in answer.text
    assert typed["body"] not in elsewhere.text


def test_people_keep_their_menu_also_when_the_call_bar_is_the_trouble(
    committed: Committed, settings: Settings, now: datetime
) -> None:
    app = create_app(settings.model_copy(update={"database_url": committed.url}), engine=committed.engine)
    client = app.test_client()
    client.set_cookie("locale", "en")
    with committed.factory.begin() as session:
        sign_in(client, session, role=Role.AGENT, now=utc_now())
    owner = create_engine(committed.owner_url)
    with owner.begin() as connection:
        connection.execute(text("alter table presence rename to presence_elsewhere"))
    owner.dispose()

    answer = client.get("/console")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert STAFF_FRAME in answer.text
    assert 'id="call-frame"' not in answer.text


def test_a_form_that_is_no_longer_valid_leaves_its_person_at_work(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    client.set_cookie("locale", "en")
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)

    answer = client.post("/console/new", data={"body": "Cây đổ trước số 5"}, headers=ENGLISH)

    assert answer.status_code == 400
    assert "This form is no longer valid" in answer.text
    assert STAFF_FRAME in answer.text
    assert "<blockquote>Cây đổ trước số 5</blockquote>" in answer.text
    assert "typed-again" not in answer.text, "a form that proved nothing is not sent on by one press"


def test_citizens_see_the_citys_header_and_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/no-such-page", headers=ENGLISH)

    assert answer.status_code == 404
    assert CITIZENS_FRAME in answer.text
    assert '<a href="/track">Follow a request' in answer.text
    assert STAFF_FRAME not in answer.text
    assert 'id="call-frame"' not in answer.text


def test_who_has_not_given_the_second_factor_sees_no_menu_of_ours(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    staff = sign_in(client, session, role=Role.LEADER, second_factor=False, now=now)

    for address in ("/no-such-page", "/static/../track/none"):
        shown = client.get(address).text
        assert STAFF_FRAME not in shown, address
        assert staff.name not in shown, address


def test_another_site_never_becomes_the_way_back(client: FlaskClient) -> None:
    for elsewhere in ("https://evil.example/x", "http://localhost.evil.example/", "javascript:alert(1)", "http://["):
        assert (
            "Back to the page before" not in client.get("/no-such-page", headers={**ENGLISH, "Referer": elsewhere}).text
        )


def test_a_ticket_one_may_not_see_is_answered_as_one_that_is_not(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    hidden = ticket(session, now=now)
    hidden.is_restricted = True
    session.commit()
    sign_in(client, session, role=Role.AGENT, now=now)
    client.set_cookie("locale", "en")

    for page in ("/console/tickets", "/console/opened", "/supervisor/escalations"):
        there = client.get(f"{page}/{hidden.reference}", headers=ENGLISH)
        nowhere = client.get(f"{page}/0000000000", headers=ENGLISH)
        assert there.status_code == nowhere.status_code, page
        assert there.status_code in (403, 404)
        assert ("No access" if there.status_code == 403 else "Not found") in there.text
        assert _without_what_was_asked(there.text, hidden.reference) == _without_what_was_asked(
            nowhere.text, "0000000000"
        )


def _without_what_was_asked(page: str, reference: str) -> str:
    for drawn in (
        r'name="csrf-token" content="[^"]*"',
        r'name="(csrf_token|once)" value="[^"]*"',
        r"<code>[^<]*</code>",
    ):
        page = re.sub(drawn, "", page)
    return page.replace(reference, "REFERENCE")
