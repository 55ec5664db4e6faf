"""The dry run of the real chain: what it tells of tonight is what firing then does."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.web.frame.application import HotlineApp
from escalation.firing.sweep import tick
from tests.escalation.scene import full_house, level_at, messages, ticket, told, ward
from tickets.directory import contact_methods
from tickets.directory.contact_hours import Hours
from tickets.people.actor import SYSTEM
from tickets.states import OutboundChannel, Priority

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def client(app: HotlineApp, session: Session):
    with app.bound_to(session, MONDAY):
        yield app.test_client()


def tonight(client: FlaskClient, session: Session, code: str, *, of: str = "79", **query: str):
    token = add_token(session, name=f"watch {of} {code}", scopes=["tickets:read"], unit_code=of, now=MONDAY)
    return client.get(f"/api/v1/units/{code}/tonight", query_string=query, headers={"Authorization": f"Bearer {token}"})


def test_who_is_named_beforehand_is_told_by_the_way_that_was_named(client: FlaskClient, session: Session) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    mail = contact_methods.save(
        session, people[1].id, kind=OutboundChannel.EMAIL, address="a@b.vn", hours=Hours(), actor=SYSTEM, now=MONDAY
    )
    mail.verified_at = MONDAY
    session.flush()

    answer = tonight(client, session, unit.code, priority="urgent")
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    tick(session, now=level_at(session, matter, 1))

    levels = {one["level"]: one for one in answer.json["levels"] if one["chain"] == "to-city-leadership"}
    first = levels[1]["people"][0]
    assert [first["name"], first["method"], first["verified"]] == [people[1].name, "email", True]
    assert [levels[2]["people"][0][key] for key in ("name", "method", "verified")] == [people[2].name, "sms", False]
    assert all(one["reached"] and one["why"] == "" for one in levels.values())
    assert told(session, matter, 1) == [people[1].id]
    [sent] = messages(session, template="escalation_level", channel=OutboundChannel.EMAIL, staff_id=people[1].id)
    assert sent.address == "a@b.vn"


def test_a_level_on_which_nobody_stands_says_so_and_who_is_told_instead(client: FlaskClient, session: Session) -> None:
    people = full_house(session, ward(session), now=MONDAY)
    elsewhere = ward(session, "Phường Bến Thành")

    at = (MONDAY + timedelta(days=1)).isoformat()
    levels = tonight(client, session, elsewhere.code, at=at, restricted="false").json["levels"]

    whole = [one for one in levels if one["chain"] == "to-city-leadership"]
    assert [(one["level"], one["why"]) for one in whole[:2]] == [(1, "told_above"), (2, "told_above")]
    assert whole[0]["people"][0]["name"] == people[3].name
    assert whole[0]["at"].startswith("2026-11-24")


def test_a_wards_program_reads_of_its_own_unit_only(client: FlaskClient, session: Session) -> None:
    own, foreign = ward(session), ward(session, "Phường Bến Thành")

    codes = [tonight(client, session, unit.code, of=own.code).status_code for unit in (own, foreign)]

    assert codes == [200, 404]
    assert tonight(client, session, "no-such").status_code == 404
    assert client.get(f"/api/v1/units/{own.code}/tonight").status_code == 401
