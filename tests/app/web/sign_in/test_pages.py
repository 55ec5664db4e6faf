"""Signing in: passwords, second factor, enrolment links, and where a session ends."""

import re
from datetime import datetime, timedelta

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import credentials
from app.clock import utc_now
from app.live.hub import Hub
from app.storage.database import transaction
from app.web.frame.application import HotlineApp
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from app.web.sign_in.known_browser import KNOWN_COOKIE
from tests.app.web.console.console_scene import ENGLISH
from tests.conftest import Committed
from tests.signing_in import person_with, sign_in
from tickets.schema import AuditEntry, Staff, WebSession
from tickets.states import Role

PASSWORD = "a short sentence of mine"


def csrf_of(client: FlaskClient, page: str) -> str:
    html = client.get(page).get_data(as_text=True)
    return html.split('name="csrf_token" value="')[1].split('"')[0]


def enrolled(session: Session, *, role: Role, now: datetime) -> Staff:
    staff = person_with(session, role=role, now=now)
    secret = credentials.pending_totp_secret(session, staff)
    code = pyotp.TOTP(secret).at(now - timedelta(minutes=5))
    assert (
        credentials.enrol(
            session, staff, password=PASSWORD, repeated=PASSWORD, code=code, now=now - timedelta(minutes=5)
        )
        == {}
    )
    return staff


def test_the_right_password_opens_the_console_for_an_agent(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)

    form = {"email": agent.email.upper(), "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}
    answer = client.post("/sign-in", data=form)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    assert client.get_cookie(SESSION_COOKIE) is not None


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    token = csrf_of(client, "/sign-in")

    wrong = client.post("/sign-in", data={"email": agent.email, "password": "not it at all", "csrf_token": token})
    unknown = client.post("/sign-in", data={"email": "nobody@x.vn", "password": "not it at all", "csrf_token": token})

    def without_address(page: str, address: str) -> str:
        return re.sub(r'(value|content)="[^"]{60,}"', "", page.replace(address, ""))

    assert wrong.status_code == unknown.status_code == 401
    assert without_address(wrong.get_data(as_text=True), agent.email) == without_address(
        unknown.get_data(as_text=True), "nobody@x.vn"
    )


def test_eight_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(session: Session, now: datetime) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)

    for _attempt in range(8):
        credentials.check_password(session, email=agent.email, password="wrong", now=now)

    assert credentials.check_password(session, email=agent.email, password=PASSWORD, now=now) is None
    later = now + timedelta(minutes=16)
    assert credentials.check_password(session, email=agent.email, password=PASSWORD, now=later) is agent


def test_eight_wrong_codes_lock_the_account_however_often_the_right_password_is_given(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    form = {"email": leader.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}
    code = pyotp.TOTP(leader.totp_secret or "").at(now)
    wrong = f"{(int(code) + 500_000) % 1_000_000:06d}"

    for _attempt in range(8):
        assert client.post("/sign-in", data=form).status_code == 303
        client.post("/sign-in/code", data={"code": wrong, "csrf_token": form["csrf_token"]})
    right = client.post("/sign-in/code", data={"code": code, "csrf_token": form["csrf_token"]})

    assert right.status_code == 401
    assert client.post("/sign-in", data=form).status_code == 401
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "staff.locked")).one().subject_id == leader.id


def test_what_strangers_get_wrong_keeps_nobody_from_the_browser_they_always_use(
    app: HotlineApp, client: FlaskClient, session: Session, now: datetime
) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    totp = pyotp.TOTP(leader.totp_secret or "")
    form = {"email": leader.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}
    client.post("/sign-in", data=form)
    client.post("/sign-in/code", data={"code": totp.at(now - timedelta(seconds=30)), "csrf_token": form["csrf_token"]})
    stranger = app.test_client()
    guess = {**form, "password": "wrong", "csrf_token": csrf_of(stranger, "/sign-in")}

    for _attempt in range(8):
        stranger.post("/sign-in", data=guess)
    of_stranger = stranger.post("/sign-in", data={**guess, "password": PASSWORD})
    of_leader = client.post("/sign-in", data=form)
    code = client.post("/sign-in/code", data={"code": totp.at(now), "csrf_token": form["csrf_token"]})
    once_more = stranger.post("/sign-in", data={**guess, "password": PASSWORD})

    assert (of_stranger.status_code, of_leader.status_code) == (401, 303)
    assert code.headers["Location"] == "/leadership"
    assert once_more.status_code == 401, "the lock stands for strangers"


def test_a_browser_that_somebody_uses_may_guess_no_more_often_than_others(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    form = {"email": agent.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}
    client.post("/sign-in", data=form)
    held = client.get_cookie(KNOWN_COOKIE, path="/sign-in")

    answers = [client.post("/sign-in", data={**form, "password": "wrong"}).status_code for _attempt in range(16)]
    right = client.post("/sign-in", data=form)

    assert held is not None and held.http_only and held.same_site == "Lax"
    assert set(answers) == {401}
    assert right.status_code == 401, "eight here, then eight of the account"
    assert agent.locked_until == now + timedelta(minutes=15)


@pytest.mark.parametrize("forged", ["", "x", "eyJhIjoxfQ.aaa.bbb"])
def test_a_cookie_we_did_not_make_is_no_browser_of_anybody(
    client: FlaskClient, session: Session, now: datetime, forged: str
) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    agent.locked_until = now + timedelta(minutes=5)
    client.set_cookie(KNOWN_COOKIE, forged, path="/sign-in")

    form = {"email": agent.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}

    assert client.post("/sign-in", data=form).status_code == 401


def test_failures_before_a_whole_sign_in_are_forgotten(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    form = {"email": agent.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}

    for _round in range(3):
        for _attempt in range(7):
            credentials.check_password(session, email=agent.email, password="wrong", now=now)
        assert client.post("/sign-in", data=form).status_code == 303


def test_a_code_works_once(session: Session, now: datetime) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    code = pyotp.TOTP(leader.totp_secret or "").at(now)

    assert credentials.check_totp(session, leader.id, code=code, now=now)
    assert not credentials.check_totp(session, leader.id, code=code, now=now)


def test_a_leader_is_asked_for_the_code_before_any_page(client: FlaskClient, session: Session, now: datetime) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    form = {"email": leader.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}

    first = client.post("/sign-in", data=form)
    code = pyotp.TOTP(leader.totp_secret or "").at(now)
    second = client.post("/sign-in/code", data={"code": code, "csrf_token": csrf_of(client, "/sign-in/code")})

    assert first.headers["Location"].startswith("/sign-in/code")
    assert second.headers["Location"] == "/leadership"
    assert client.get("/leadership").status_code == 200


def test_a_token_seen_before_the_second_factor_is_worth_nothing_after_it(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    form = {"email": leader.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}
    client.post("/sign-in", data=form)
    seen = client.get_cookie("hotline_session")
    code = pyotp.TOTP(leader.totp_secret or "").at(now)

    client.post("/sign-in/code", data={"code": code, "csrf_token": csrf_of(client, "/sign-in/code")})
    assert seen is not None
    client.set_cookie("hotline_session", seen.value)

    assert client.get("/leadership").headers["Location"].startswith("/sign-in?")


def test_a_disabled_account_is_not_opened_by_its_password(session: Session, now: datetime) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    agent.disabled_at = now
    session.flush()

    assert credentials.check_password(session, email=agent.email, password=PASSWORD, now=now) is None


def test_nobody_is_sent_to_another_site_by_the_code_page_or_when_signed_in_already(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    form = {"email": leader.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}
    client.post("/sign-in", data=form)
    code = pyotp.TOTP(leader.totp_secret or "").at(now)

    given = client.post(
        "/sign-in/code", data={"code": code, "next": "//evil.example", "csrf_token": form["csrf_token"]}
    )
    already = client.get("/sign-in?next=https://evil.example")

    assert given.headers["Location"] == "/leadership"
    assert already.headers["Location"] == "/leadership"


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    cookie = client.get_cookie(SESSION_COOKIE)
    assert cookie is not None

    client.post("/sign-out", data={"csrf_token": csrf_of(client, "/sign-in/code")})
    client.set_cookie(SESSION_COOKIE, cookie.value)

    assert client.get("/sign-in/code").headers["Location"].startswith("/sign-in?")


def test_a_disabled_account_is_out_at_once(client: FlaskClient, session: Session, now: datetime) -> None:
    staff = sign_in(client, session, role=Role.AGENT, now=now)
    staff.disabled_at = now
    session.flush()

    assert client.get("/sign-in/code").headers["Location"].startswith("/sign-in?")


def test_nobody_is_sent_to_another_site_after_signing_in(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    token = csrf_of(client, "/sign-in")
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "//["):
        form = {"email": agent.email, "password": PASSWORD, "next": target, "csrf_token": token}
        answer = client.post("/sign-in", data=form)

        assert answer.headers["Location"] == "/console", target


def test_a_form_without_its_csrf_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "a@b.vn", "password": "x"})

    assert answer.status_code == 400


def test_live_updates_wait_for_the_second_factor_too(committed: Committed, now: datetime) -> None:
    with transaction(committed.factory) as session:
        leader, agent = (person_with(session, role=role, now=now) for role in (Role.LEADER, Role.AGENT))
        for number, (person, given) in enumerate(((leader, None), (leader, now), (agent, None))):
            session.add(
                WebSession(
                    token_hash=token_hash(f"live-{number}"), staff_id=person.id, created_at=now, last_seen_at=now,
                    expires_at=utc_now() + timedelta(days=1), second_factor_at=given,
                )
            )  # fmt: skip
    hub = Hub(committed.factory)

    assert [hub.listener_of(f"live-{number}") is not None for number in range(3)] == [False, True, True]


def test_a_form_sent_after_the_session_ended_leads_back_to_the_page_it_stood_on(client: FlaskClient) -> None:
    token = {"csrf_token": csrf_of(client, "/sign-in")}

    for action, page in (
        ("/console/tickets/2612345678/reply", "/console/tickets/2612345678"),
        ("/console/calls/5/wrap-up", "/console/calls/5"),
        ("/console/offers/5/accept", "/console"),
        ("/leadership/steps/7", "/leadership"),
    ):
        answer = client.post(action, data=token)

        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={page}&ended=1"), action
    assert "nothing was sent" in client.get("/sign-in?next=/console&ended=1", headers=ENGLISH).get_data(as_text=True)


def test_a_piece_of_a_page_is_refused_and_never_answered_with_the_sign_in_page(client: FlaskClient) -> None:
    answer = client.get("/console/call-bar", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.data) == (401, b"")


def test_a_whole_office_behind_one_address_signs_in_at_the_start_of_a_shift(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    form = {"email": agent.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}

    statuses = {client.post("/sign-in", data=form).status_code for _ in range(22)}

    assert statuses == {303}
