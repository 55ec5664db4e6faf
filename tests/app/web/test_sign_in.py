"""Signing in: passwords, second factor, enrolment links, and where a session ends."""

import re
from datetime import datetime, timedelta

import pyotp
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import accounts
from app.web.session_cookie import COOKIE
from tests.signing_in import person_with, sign_in
from tickets.schema import Staff
from tickets.states import Role

PASSWORD = "a short sentence of mine"


def csrf_of(client: FlaskClient, page: str) -> str:
    html = client.get(page).get_data(as_text=True)
    return html.split('name="csrf_token" value="')[1].split('"')[0]


def enrolled(session: Session, *, role: Role, now: datetime) -> Staff:
    staff = person_with(session, role=role, now=now)
    secret = accounts.pending_totp_secret(session, staff)
    code = pyotp.TOTP(secret).at(now - timedelta(minutes=5))
    assert (
        accounts.enrol(session, staff, password=PASSWORD, repeated=PASSWORD, code=code, now=now - timedelta(minutes=5))
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
    assert client.get_cookie(COOKIE) is not None


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
        accounts.check_password(session, email=agent.email, password="wrong", now=now)

    assert accounts.check_password(session, email=agent.email, password=PASSWORD, now=now) is None
    later = now + timedelta(minutes=16)
    assert accounts.check_password(session, email=agent.email, password=PASSWORD, now=later) is agent


def test_a_code_works_once(session: Session, now: datetime) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    code = pyotp.TOTP(leader.totp_secret or "").at(now)

    assert accounts.check_totp(session, leader.id, code=code, now=now)
    assert not accounts.check_totp(session, leader.id, code=code, now=now)


def test_a_leader_is_asked_for_the_code_before_any_page(client: FlaskClient, session: Session, now: datetime) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    form = {"email": leader.email, "password": PASSWORD, "csrf_token": csrf_of(client, "/sign-in")}

    first = client.post("/sign-in", data=form)
    code = pyotp.TOTP(leader.totp_secret or "").at(now)
    second = client.post("/sign-in/code", data={"code": code, "csrf_token": csrf_of(client, "/sign-in/code")})

    assert first.headers["Location"].startswith("/sign-in/code")
    assert second.headers["Location"] == "/leadership"


def test_an_enrolment_link_sets_password_and_second_factor_and_works_once(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    staff = person_with(session, role=Role.SUPERVISOR, now=now)
    secret = accounts.pending_totp_secret(session, staff)
    token = accounts.make_link(session, staff_id=staff.id, purpose="enrol", lifetime=timedelta(days=1), now=now)
    session.flush()
    form = {
        "password": PASSWORD,
        "repeated": PASSWORD,
        "code": pyotp.TOTP(secret).at(now),
        "csrf_token": csrf_of(client, f"/sign-in/link/{token}"),
    }

    first = client.post(f"/sign-in/link/{token}", data=form)
    again = client.get(f"/sign-in/link/{token}")

    assert first.headers["Location"] == "/supervisor"
    assert again.status_code == 404


def test_enrolment_says_everything_that_is_wrong_at_once(client: FlaskClient, session: Session, now: datetime) -> None:
    staff = person_with(session, role=Role.AGENT, now=now)
    token = accounts.make_link(session, staff_id=staff.id, purpose="enrol", lifetime=timedelta(days=1), now=now)
    session.flush()

    form = {
        "password": "short",
        "repeated": "",
        "code": "000000",
        "csrf_token": csrf_of(client, f"/sign-in/link/{token}"),
    }
    answer = client.post(f"/sign-in/link/{token}", data=form, headers={"Accept-Language": "en"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "At least 12 characters" in page
    assert "This code is not right" in page
    assert staff.password_hash is None


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None

    client.post("/sign-out", data={"csrf_token": csrf_of(client, "/sign-in/code")})
    client.set_cookie(COOKIE, cookie.value)

    assert client.get("/sign-in/code").headers["Location"].startswith("/sign-in?")


def test_a_disabled_account_is_out_at_once(client: FlaskClient, session: Session, now: datetime) -> None:
    staff = sign_in(client, session, role=Role.AGENT, now=now)
    staff.disabled_at = now
    session.flush()

    assert client.get("/sign-in/code").headers["Location"].startswith("/sign-in?")


def test_nobody_is_sent_to_another_site_after_signing_in(client: FlaskClient, session: Session, now: datetime) -> None:
    agent = enrolled(session, role=Role.AGENT, now=now)
    token = csrf_of(client, "/sign-in")
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        form = {"email": agent.email, "password": PASSWORD, "next": target, "csrf_token": token}
        answer = client.post("/sign-in", data=form)

        assert answer.headers["Location"] == "/console", target


def test_a_form_without_its_csrf_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "a@b.vn", "password": "x"})

    assert answer.status_code == 400


def test_a_demonstration_link_signs_in_fully_and_once(client: FlaskClient, session: Session, now: datetime) -> None:
    leader = person_with(session, role=Role.LEADER, now=now)
    token = accounts.make_link(session, staff_id=leader.id, purpose="demo", lifetime=timedelta(days=1), now=now)
    session.flush()

    first = client.get(f"/sign-in/link/{token}")
    again = client.get(f"/sign-in/link/{token}")

    assert first.headers["Location"] == "/leadership"
    assert again.status_code == 404
