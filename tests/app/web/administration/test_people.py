"""People in administration: added, found, given roles, closed, enrolled anew."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets.directory.staff import NewPerson, add_people
from tickets.people.roles import load_viewer
from tickets.schema import RoleAssignment, Staff, WebSession
from tickets.states import Role


def test_a_new_person_gets_a_link_that_is_shown_once_and_opens_the_enrolment(
    browser: FlaskClient, session: Session, app: HotlineApp
) -> None:
    answer = post(browser, f"{HERE}/people", name="Lê Văn Mới", email="moi@example.vn", role="agent", unit="26740")

    page = answer.get_data(as_text=True)
    link = re.search(r"https?://[^<]+/sign-in/link/[^<]+", page)
    assert link is not None
    assert "no-store" in answer.headers["Cache-Control"]
    assert app.test_client().get(link[0].split(":8000")[-1]).status_code == 200
    assert link[0] not in shown(browser, f"{HERE}/people?q=moi@example.vn")
    [entry] = [e for e in audited(session, "staff.role_given") if e.params.get("is_new")]
    assert entry.staff_id == me(session)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "A", "email": "no-address", "role": "agent", "unit": "26740"}, "not an e-mail"),
        ({"name": "A", "email": "a@example.vn", "role": "king", "unit": "26740"}, "required"),
        ({"name": "A", "email": "a@example.vn", "role": "agent", "unit": "00000"}, "no such unit"),
        ({"name": " ", "email": "a@example.vn", "role": "agent", "unit": "26740"}, "required"),
    ],
)
def test_a_person_who_cannot_be_added_is_told_why_and_nothing_is_left(
    browser: FlaskClient, session: Session, form: dict[str, str], words: str
) -> None:
    answer = post(browser, f"{HERE}/people", **form)

    assert answer.status_code == 400
    assert words in answer.get_data(as_text=True)
    assert session.scalars(select(Staff).where(Staff.email == "a@example.vn")).first() is None


def test_adding_an_address_that_is_known_gives_no_link_to_take_the_account_over(
    browser: FlaskClient, session: Session
) -> None:
    known = staff(session, role=Role.LEADER, at="79")
    session.commit()

    form = {"name": "X", "email": known.email.upper(), "role": "administrator", "unit": "79"}
    answer = post(browser, f"{HERE}/people", **form)

    assert answer.status_code == 400
    assert "/sign-in/link/" not in answer.get_data(as_text=True)
    viewer = load_viewer(session, known.id, now=NOW)
    assert viewer is not None
    assert viewer.roles == {Role.LEADER}


def test_a_role_is_given_and_ended(browser: FlaskClient, session: Session) -> None:
    person = staff(session, role=None)
    post(browser, f"{HERE}/people/{person.id}/roles", role="supervisor", unit="26740")
    held = session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == person.id)).one()
    again = post(browser, f"{HERE}/people/{person.id}/roles", role="supervisor", unit="26740")

    ended = post(browser, f"{HERE}/roles/{held.id}/end")

    assert (again.status_code, ended.status_code) == (400, 303)
    viewer = load_viewer(session, person.id, now=NOW)
    assert viewer is not None
    assert viewer.roles == frozenset()
    assert [e.staff_id for e in audited(session, "staff.role_ended")] == [me(session)]


def test_nobody_locks_themselves_out(browser: FlaskClient, session: Session) -> None:
    own = session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == me(session))).one()

    role = post(browser, f"{HERE}/roles/{own.id}/end")
    account = post(browser, f"{HERE}/people/{me(session)}/disable")

    assert (role.status_code, account.status_code) == (400, 400)
    assert browser.get(HERE).status_code == 200


def test_a_closed_account_is_signed_out_everywhere(browser: FlaskClient, session: Session, app: HotlineApp) -> None:
    theirs = app.test_client()
    person = sign_in(theirs, session, role=Role.AGENT, unit=unit(session), now=NOW)
    assert theirs.get("/console").status_code == 200

    post(browser, f"{HERE}/people/{person.id}/disable")

    assert theirs.get("/console").status_code == 303
    assert session.get_one(Staff, person.id, populate_existing=True).disabled_at == NOW
    assert len(audited(session, "staff.disabled")) == 1


def test_a_renewed_enrolment_ends_what_was_before(browser: FlaskClient, session: Session) -> None:
    person = staff(session, password_hash="x", totp_secret="y", totp_enrolled_at=NOW)
    session.add(
        WebSession(
            token_hash="t", staff_id=person.id, created_at=NOW, last_seen_at=NOW, expires_at=NOW + timedelta(days=1)
        )
    )
    session.flush()

    answer = post(browser, f"{HERE}/people/{person.id}/link")

    assert "/sign-in/link/" in answer.get_data(as_text=True)
    row = session.get_one(Staff, person.id, populate_existing=True)
    assert (row.password_hash, row.totp_secret, row.totp_enrolled_at) == (None, None, None)
    assert session.scalars(select(WebSession.revoked_at).where(WebSession.staff_id == person.id)).one() == NOW
    assert len(audited(session, "staff.enrolment_renewed")) == 1


def test_people_are_found_with_and_without_marks(browser: FlaskClient, session: Session) -> None:
    add_people(session, [NewPerson("huong@example.vn", "Đặng Thị Hường")], now=NOW)
    session.commit()

    for text in ("Hường", "huong", "dang thi"):
        assert "Đặng Thị Hường" in shown(browser, f"{HERE}/people?q={text}"), text
    assert "No one matches." in shown(browser, f"{HERE}/people?q=100%25")


def test_a_long_list_of_people_is_paged_and_complete(browser: FlaskClient, session: Session) -> None:
    for number in range(60):
        staff(session, role=None, name=f"Nguyễn Văn Thử{number:02}")
    session.commit()

    first = shown(browser, f"{HERE}/people?q=Thử")
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = shown(browser, following)

    names = re.findall(r">(Nguyễn Văn Thử\d\d)<", first + second)
    assert len(names) == len(set(names)) == 60
