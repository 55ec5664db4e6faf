"""The links that a start prints."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts import demo_links
from app.seeding import people
from app.settings import Settings
from tickets.directory.staff import person_by_email
from tickets.people.roles import load_viewer
from tickets.states import Role

BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("role", "held"),
    [
        ("agent", Role.AGENT),
        ("supervisor", Role.SUPERVISOR),
        ("office", Role.CITY_OFFICE),
        ("leader", Role.LEADER),
        ("administrator", Role.ADMINISTRATOR),
    ],
)
def test_a_link_belongs_to_somebody_who_holds_the_role(
    session: Session, settings: Settings, now: datetime, role: str, held: Role
) -> None:
    people.load(session, now=now, zone=settings.zone)

    links = demo_links.demonstration_links(session, base_url=BASE, now=now)

    assert links[role].startswith(f"{BASE}/sign-in/link/")
    person = person_by_email(session, demo_links.DEMO_PEOPLE[role])
    assert person is not None
    viewer = load_viewer(session, person.id, now=now)
    assert viewer is not None and viewer.holds(held)


def test_a_link_signs_in(session: Session, settings: Settings, client: FlaskClient, now: datetime) -> None:
    people.load(session, now=now, zone=settings.zone)
    links = demo_links.demonstration_links(session, base_url=BASE, now=now)

    answer = client.get(links["supervisor"].removeprefix(BASE))

    assert answer.status_code in (302, 303)
    assert "Set-Cookie" in answer.headers


def test_without_the_demonstration_the_first_administrator_enrols(session: Session, now: datetime) -> None:
    first = demo_links.administrator_link(session, base_url=BASE, now=now)
    second = demo_links.administrator_link(session, base_url=BASE, now=now)

    person = person_by_email(session, demo_links.FIRST_ADMINISTRATOR)
    assert person is not None and not person.is_demo
    assert first != second
    assert first.startswith(f"{BASE}/sign-in/link/")


def test_once_an_administrator_has_enrolled_no_link_is_given_away(session: Session, now: datetime) -> None:
    demo_links.administrator_link(session, base_url=BASE, now=now)
    person = person_by_email(session, demo_links.FIRST_ADMINISTRATOR)
    assert person is not None
    person.totp_enrolled_at = now
    session.flush()

    assert demo_links.administrator_link(session, base_url=BASE, now=now) == f"{BASE}/sign-in"
