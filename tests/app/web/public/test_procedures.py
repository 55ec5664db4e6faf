"""Procedures for everybody: found without accents, and who serves one now; and the poster of an office."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tickets.directory import going_live
from tickets.schema import OneStopOffice, Procedure, Unit
from tickets.states import Level

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def client(app: HotlineApp, session: Session):
    with app.bound_to(session, NOW):
        reader = app.test_client()
        reader.set_cookie("locale", "en")
        yield reader


def shown(client: FlaskClient, address: str, **query: str) -> str:
    answer = client.get(address, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def a_procedure(session: Session, level: Level) -> Procedure:
    wanted = select(Procedure).where(Procedure.level == level, Procedure.boundary_free.is_(False))
    if level is Level.CITY:
        wanted = wanted.where(Procedure.department_id.is_not(None))
    return session.scalars(wanted.order_by(Procedure.id).limit(1)).one()


def test_a_procedure_is_found_without_accents_and_pages_of_them_go_on(client: FlaskClient, session: Session) -> None:
    found = shown(client, "/procedures", q="khai sinh")
    nothing = shown(client, "/procedures", q="zzzz qqqq")

    assert "khai sinh" in found
    assert "Nothing found" in nothing


def test_who_serves_it_now_and_whose_dossiers_they_took_over(client: FlaskClient, session: Session) -> None:
    here = f"/procedures/{a_procedure(session, Level.WARD).id}"

    today = shown(client, here, place="phường Bến Nghé quận 1")
    before = shown(client, here, place="phường Bến Nghé quận 1", filed="2025-03-01")
    unclear = shown(client, here, place="zzzz")
    wrong = shown(client, here, place="phường Bến Nghé quận 1", filed="31/02/2025")

    assert "Sai Gon Ward" in today and "has taken over" not in today
    assert "Sai Gon Ward has taken over its dossiers" in before
    assert "We cannot tell yet" in unclear
    assert "This is not a date." in wrong


def test_a_procedure_of_the_city_is_served_by_its_department_wherever_one_lives(
    client: FlaskClient, session: Session
) -> None:
    procedure = a_procedure(session, Level.CITY)

    page = shown(client, f"/procedures/{procedure.id}")

    assert session.get_one(Unit, procedure.department_id).name_en in page


def test_the_poster_of_an_office_is_a_page_to_print(client: FlaskClient, session: Session) -> None:
    office = session.scalars(
        select(OneStopOffice).join(Unit, Unit.id == OneStopOffice.unit_id).where(Unit.code == "26740")
    ).one()
    office.address = "45-47 Lê Duẩn"
    session.flush()

    answer = client.get("/directory/26740/poster.pdf")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-1.7") and answer.data.rstrip().endswith(b"%%EOF")
    assert answer.data.count(b"/Type /Page ") == 1
    assert client.get("/directory/VPUB/poster.pdf").status_code == 404


def test_the_page_of_a_unit_says_that_it_is_not_live(client: FlaskClient, session: Session) -> None:
    going_live.begin(session, are_live=False, now=NOW)

    waiting = shown(client, "/directory/26740")

    assert "does not receive requests in this system yet" in waiting
