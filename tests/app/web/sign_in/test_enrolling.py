"""Enrolling by a link: password and second factor, once, for nobody but its owner; links of the demonstration."""

from datetime import datetime, timedelta

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import credentials
from app.settings import Settings
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from app.web.frame.session_cookie import SESSION_COOKIE
from tests.app.web.sign_in.test_pages import PASSWORD, csrf_of, enrolled
from tests.signing_in import person_with
from tickets.directory import going_live, one_time_links
from tickets.people.actor import SYSTEM
from tickets.schema import OneTimeLink
from tickets.states import Role


def test_an_enrolment_link_sets_password_and_second_factor_and_works_once(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    staff = person_with(session, role=Role.SUPERVISOR, now=now)
    secret = credentials.pending_totp_secret(session, staff)
    token = one_time_links.make(session, staff_id=staff.id, purpose="enrol", lifetime=timedelta(days=1), now=now)
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
    assert session.scalars(select(OneTimeLink.used_at).where(OneTimeLink.staff_id == staff.id)).one() == now


def test_whoever_sets_a_city_up_lands_at_its_guide_until_they_leave_it_or_the_city_is_live(
    client: FlaskClient, session: Session, now: datetime, app: HotlineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "settings", app.settings.model_copy(update={"demo": False}))
    going_live.begin(session, are_live=False, now=now)
    staff = person_with(session, role=Role.ADMINISTRATOR, now=now)
    secret = credentials.pending_totp_secret(session, staff)
    token = one_time_links.make(session, staff_id=staff.id, purpose="enrol", lifetime=timedelta(days=1), now=now)
    session.flush()
    csrf = csrf_of(client, f"/sign-in/link/{token}")
    form = {"password": PASSWORD, "repeated": PASSWORD, "code": pyotp.TOTP(secret).at(now), "csrf_token": csrf}

    landed = [client.post(f"/sign-in/link/{token}", data=form).headers["Location"]]
    for choice in ("left", "open"):
        page = "/administration/setting-up"
        client.post("/preferences", data={"guide": choice, "next": page, "csrf_token": csrf_of(client, page)})
        landed.append(client.get("/sign-in").headers["Location"])
    going_live.go_live(session, going_live.bodies(session, on=now.date()), on_day=now.date(), actor=SYSTEM, now=now)
    landed.append(client.get("/sign-in").headers["Location"])

    assert landed == ["/administration/setting-up", "/administration", "/administration/setting-up", "/administration"]


def test_a_demonstration_link_sets_nobodys_password(client: FlaskClient, session: Session, now: datetime) -> None:
    staff = person_with(session, role=Role.SUPERVISOR, now=now)
    secret = credentials.pending_totp_secret(session, staff)
    token = one_time_links.make(session, staff_id=staff.id, purpose="demo", lifetime=timedelta(days=1), now=now)
    session.commit()
    form = {"password": PASSWORD, "repeated": PASSWORD, "code": pyotp.TOTP(secret).at(now)}

    answer = client.post(f"/sign-in/link/{token}", data={**form, "csrf_token": csrf_of(client, "/sign-in")})

    assert answer.status_code == 404
    assert (staff.password_hash, staff.totp_enrolled_at) == (None, None)


def test_a_link_of_a_disabled_account_opens_nothing(client: FlaskClient, session: Session, now: datetime) -> None:
    leader = person_with(session, role=Role.LEADER, now=now)
    token = one_time_links.make(session, staff_id=leader.id, purpose="demo", lifetime=timedelta(days=1), now=now)
    leader.disabled_at = now
    session.commit()

    answer = client.get(f"/sign-in/link/{token}")

    assert answer.status_code == 404
    assert client.get_cookie(SESSION_COOKIE) is None


def test_a_key_that_was_shown_but_never_enrolled_gives_no_second_factor(session: Session, now: datetime) -> None:
    leader = person_with(session, role=Role.LEADER, now=now)
    secret = credentials.pending_totp_secret(session, leader)

    assert not credentials.check_totp(session, leader.id, code=pyotp.TOTP(secret).at(now), now=now)


def test_enrolment_says_everything_that_is_wrong_at_once(client: FlaskClient, session: Session, now: datetime) -> None:
    staff = person_with(session, role=Role.AGENT, now=now)
    token = one_time_links.make(session, staff_id=staff.id, purpose="enrol", lifetime=timedelta(days=1), now=now)
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
    assert "Wrong code" in page
    assert staff.password_hash is None


@pytest.mark.parametrize("guessed", ["Matkhau-cua-toi", "xin-123456-chao", "{name}-va-con-meo"])
def test_a_password_that_is_guessed_first_is_not_taken(session: Session, now: datetime, guessed: str) -> None:
    staff = person_with(session, role=Role.AGENT, now=now)
    secret = credentials.pending_totp_secret(session, staff)
    password = guessed.format(name=staff.email.split("@")[0])

    errors = credentials.enrol(
        session, staff, password=password, repeated=password, code=pyotp.TOTP(secret).at(now), now=now
    )

    assert errors == {"password": "too_common"}
    assert staff.password_hash is None


def test_a_name_of_two_letters_forbids_no_sentence_that_holds_them(session: Session, now: datetime) -> None:
    staff = person_with(session, role=Role.AGENT, now=now)
    staff.email = "an@example.vn"
    code = pyotp.TOTP(credentials.pending_totp_secret(session, staff)).at(now)
    sentence = "anh em cùng làm"

    assert credentials.enrol(session, staff, password=sentence, repeated=sentence, code=code, now=now) == {}


def test_an_enrolment_link_does_not_show_the_second_factor_of_who_has_enrolled(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader = enrolled(session, role=Role.LEADER, now=now)
    token = one_time_links.make(session, staff_id=leader.id, purpose="enrol", lifetime=timedelta(days=1), now=now)
    session.flush()

    answer = client.get(f"/sign-in/link/{token}")

    assert answer.status_code == 404
    assert (leader.totp_secret or "?") not in answer.get_data(as_text=True)


def test_a_demonstration_link_is_worth_nothing_on_a_public_address(
    settings: Settings, session: Session, now: datetime
) -> None:
    leader = person_with(session, role=Role.LEADER, now=now)
    token = one_time_links.make(session, staff_id=leader.id, purpose="demo", lifetime=timedelta(days=1), now=now)
    session.flush()
    public = Settings(
        **{**settings.model_dump(), "public_base_url": "https://hotline.example.vn", "demo": False}, _env_file=None
    )
    app = create_app(public)

    with app.bound_to(session, now):
        answer = app.test_client().get(f"/sign-in/link/{token}")

    assert answer.status_code == 404


def test_a_demonstration_link_signs_in_fully_and_once(client: FlaskClient, session: Session, now: datetime) -> None:
    leader = person_with(session, role=Role.LEADER, now=now)
    token = one_time_links.make(session, staff_id=leader.id, purpose="demo", lifetime=timedelta(days=1), now=now)
    session.flush()

    first = client.get(f"/sign-in/link/{token}")
    again = client.get(f"/sign-in/link/{token}")

    assert first.headers["Location"] == "/leadership"
    assert again.status_code == 404
