"""What a program sends and nobody could work on opens no ticket: it is kept, looked at, and the program is told so."""

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from tests.factories import unit
from tests.signing_in import sign_in
from tests.whole_app.test_rights import csrf
from tickets.schema import Clock, NoiseContact, Ticket
from tickets.states import Role


@pytest.fixture
def city(session: Session, now: datetime) -> dict[str, str]:
    token = add_token(session, name="program", scopes=("tickets:write",), unit_code="", now=now)
    session.commit()
    return {"Authorization": f"Bearer {token}", "Accept-Language": "vi"}


def send(client: FlaskClient, headers: dict[str, str], said: str, **more: Any) -> Any:
    return client.post("/api/v1/tickets", json={"subject": said, "body": said, **more}, headers=headers)


def count(session: Session, of: Any) -> int:
    return session.scalar(select(func.count()).select_from(of)) or 0


def test_a_greeting_is_kept_to_be_looked_at_and_the_program_learns_that_no_ticket_was_opened(
    client: FlaskClient, session: Session, city: dict[str, str]
) -> None:
    answer = send(client, city, "alo")

    told = answer.get_json()
    assert answer.status_code == 202
    assert (told["reference"], told["pin"], told["clocks"]) == (None, None, [])
    assert told["contact"]["kind"] == "greeting" and "không mở phiếu" in told["warnings"][0]["message"]
    assert (count(session, Ticket), count(session, Clock)) == (0, 0)
    assert session.scalars(select(NoiseContact.said)).all() == ["alo"]


def test_the_same_request_again_keeps_nothing_twice_and_tells_the_ticket_once_somebody_has_made_one(
    client: FlaskClient, session: Session, city: dict[str, str], now: datetime
) -> None:
    keyed = {**city, "Idempotency-Key": "matter-1"}
    first = send(client, keyed, "alo").get_json()
    assert send(client, keyed, "alo").get_json()["contact"] == first["contact"]

    sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    client.post(f"/console/noise/{first['contact']['id']}/ticket", data={"csrf_token": csrf(client)})
    again = send(client, keyed, "alo")

    assert again.status_code == 201 and again.get_json()["reference"] is not None
    assert count(session, Ticket) == 1


@pytest.mark.parametrize("more", [{"unit": "26740"}, {"place": "phường Sài Gòn"}, {"emergency": True}])
def test_whoever_names_where_or_that_it_is_urgent_gets_a_ticket_whatever_the_words(
    client: FlaskClient, city: dict[str, str], more: dict[str, Any]
) -> None:
    assert send(client, city, "alo", **more).status_code == 201


def test_a_short_report_and_a_cry_for_help_are_no_noise(client: FlaskClient, city: dict[str, str]) -> None:
    assert send(client, city, "ngập q8").status_code == 201
    assert send(client, city, "cứu với").status_code == 201
