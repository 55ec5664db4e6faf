"""Administration: overview, webhook log, tokens, audit trail, and who may change anything here."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.app.web.steering import csrf_of
from tests.factories import staff
from tests.signing_in import sign_in
from tickets import leader_jobs
from tickets.audit import entries
from tickets.people.actor import SYSTEM
from tickets.schema import (
    ApiToken,
    ProcessBeat,
    Staff,
    WebhookEvent,
    WebhookRefusal,
)
from tickets.states import Role


def test_the_overview_says_what_is_well_and_what_is_not(browser: FlaskClient, session: Session) -> None:
    session.add(ProcessBeat(name="worker:node:1", kind="worker", beat_at=NOW - timedelta(seconds=5), detail={}))
    session.add(ProcessBeat(name="scheduler:node:2", kind="scheduler", beat_at=NOW - timedelta(hours=1), detail={}))
    session.flush()

    page = shown(browser, HERE)

    assert "no signal since" in page
    assert "worker:node:1" in page
    assert "No mail server is configured" in page


def test_the_overview_names_who_keeps_tables_locked(browser: FlaskClient, session: Session) -> None:
    held = {"pid": 4711, "role": "postgres", "tables": ["clock", "unit"], "is_whole": False, "seconds": 40}
    session.add(ProcessBeat(name="scheduler:node:3", kind="scheduler", beat_at=NOW, detail={"held": [held]}))
    session.flush()

    assert "process 4711 of the database (postgres) has locked clock, unit" in shown(browser, HERE)


def test_the_overview_names_the_job_that_is_overdue_and_the_one_that_failed(
    browser: FlaskClient, session: Session
) -> None:
    leader_jobs.announce(session, {"seal audit trail": 20, "clear away": 600}, now=NOW - timedelta(minutes=5))
    leader_jobs.note_success(session, "clear away", now=NOW - timedelta(minutes=2))
    leader_jobs.note_failure(session, "seal audit trail", failure="too_slow", now=NOW - timedelta(minutes=1))

    rows = re.findall(r"<tr>.*?</tr>", shown(browser, HERE), re.DOTALL)
    [sealing] = [row for row in rows if "Seal the audit trail" in row]
    [clearing] = [row for row in rows if "Clear away" in row]

    assert "overdue" in sealing
    assert "failed last" in sealing
    assert "overdue" not in clearing


def test_the_webhook_log_tells_kinds_and_reasons_and_no_contents(browser: FlaskClient, session: Session) -> None:
    session.execute(
        insert(WebhookEvent).values(
            account="sim", kind="voice", event_key="k", received_at=NOW, form={"From": "+84901234567"},
            answer_status=200, answer_body="<Response/>",
        )
    )  # fmt: skip
    session.add(WebhookRefusal(at=NOW, account="sim", path="/webhooks/sim/voice", reason="wrong_signature"))
    session.flush()

    received, refused = shown(browser, f"{HERE}/webhooks"), shown(browser, f"{HERE}/webhooks?tab=refused")

    assert "A call arrives" in received
    assert ">voice<" not in received
    assert re.search(r'taken</span>\s*<span class="quiet">200', received)
    assert "901234567" not in received + refused
    assert "Its signature does not fit" in refused


def test_a_token_is_shown_once_and_revoked(browser: FlaskClient, session: Session, app: HotlineApp) -> None:
    answer = post(browser, f"{HERE}/tokens", name="1022", scope=["tickets:read"], unit="")
    token = re.search(r"hl_[\w-]+", answer.get_data(as_text=True))
    assert token is not None
    program = app.test_client()
    headers = {"Authorization": f"Bearer {token[0]}"}
    assert program.get("/api/v1/tickets", headers=headers).status_code == 200
    listed = shown(browser, f"{HERE}/tokens")
    assert token[0] not in listed
    assert "read tickets <code>tickets:read</code>" in listed.split("<tbody>")[1]

    row = session.scalars(select(ApiToken).where(ApiToken.name == "1022")).one()
    post(browser, f"{HERE}/tokens/{row.id}/revoke")

    assert program.get("/api/v1/tickets", headers=headers).status_code == 401
    assert [e.staff_id for e in audited(session, "token.revoked")] == [me(session)]
    assert [e.staff_id for e in audited(session, "token.added")] == [me(session)]


@pytest.mark.parametrize(
    "form", [{"name": "", "scope": "admin"}, {"name": "1022", "scope": "root"}, {"name": "taken", "scope": "admin"}]
)
def test_a_token_that_cannot_be_made_is_told_why(browser: FlaskClient, session: Session, form: dict[str, str]) -> None:
    add_token(session, name="taken", scopes=["admin"], unit_code="", now=NOW)
    session.commit()

    answer = post(browser, f"{HERE}/tokens", **form)

    assert answer.status_code == 400
    # A page carries other random words too, and any three letters may stand among them.
    assert not re.search(r"\bhl_[\w-]{20,}", answer.get_data(as_text=True))


def test_units_and_lines_are_found_and_taken_away(browser: FlaskClient) -> None:
    page = shown(browser, f"{HERE}/directory?q=sai gon")

    assert "Sai Gon" in page
    assert browser.get(f"{HERE}/directory/units.csv").mimetype == "text/csv"
    assert browser.get(f"{HERE}/directory/secrets.csv").status_code == 404


def test_the_audit_trail_is_filtered_and_paged(browser: FlaskClient, session: Session) -> None:
    person = staff(session, name="Người Kiểm Tra")
    for number in range(120):
        entries.record(session, actor=SYSTEM, action="test.counted", subject_kind="test", subject_id=number, now=NOW)
    session.commit()
    post(browser, f"{HERE}/people/{person.id}/disable")

    first = shown(browser, f"{HERE}/audit?action=test.")
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = shown(browser, following)

    assert [page.count("<tr>") - 1 for page in (first, second)] == [100, 20]
    assert '<option value="test." selected>' in first
    name = session.get_one(Staff, me(session)).name
    found = shown(browser, f"{HERE}/audit?who={name}&action=staff.disabled")
    assert "Account disabled" in found.split("<tbody>")[1]
    assert "Staff member" in found.split("<tbody>")[1]
    assert "Nothing matches." in shown(browser, f"{HERE}/audit?to=2020-01-01")
    assert "Nothing matches." in shown(browser, f"{HERE}/audit?who=%25")


POSTS = [
    "/people", "/people/1/roles", "/people/1/link", "/people/1/disable", "/roles/1/end", "/messages/1/again",
    "/messages/1/discard", "/promises/preview", "/promises/apply",
    "/promises/retire/preview", "/promises/retire", "/tokens", "/tokens/1/revoke",
]  # fmt: skip


@pytest.mark.parametrize("address", POSTS)
def test_no_other_role_changes_anything_here(app: HotlineApp, session: Session, address: str) -> None:
    with app.bound_to(session, NOW):
        client = app.test_client()
        for role in set(Role) - {Role.ADMINISTRATOR}:
            sign_in(client, session, role=role, now=NOW)
            token = csrf_of(client, "/administration/audit" if role is Role.AUDITOR else "/track")

            answer = client.post(HERE + address, data={"csrf_token": token})

            assert answer.status_code == 403, role


@pytest.mark.parametrize("address", [*POSTS, "/audit/verify"])
def test_a_form_from_elsewhere_changes_nothing(browser: FlaskClient, address: str) -> None:
    assert browser.post(HERE + address, data={"reason": "x"}).status_code == 400


def test_an_administrator_opens_no_ticket_page(browser: FlaskClient) -> None:
    for address in ("/supervisor", "/supervisor/escalations", "/leadership", "/console"):
        assert browser.get(address).status_code == 403, address


@pytest.mark.parametrize(
    "page", ["", "/people", "/messages", "/webhooks", "/promises", "/directory", "/tokens", "/audit"]
)
def test_every_page_says_who_is_signed_in(browser: FlaskClient, session: Session, page: str) -> None:
    name = session.get_one(Staff, me(session)).name

    assert f'<span class="user-name">{name}</span>' in shown(browser, f"{HERE}{page}")
