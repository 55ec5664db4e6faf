"""Whoever steers an area sets an incident from what many reported in two clicks, extends and ends it."""

import pytest
from sqlalchemy import func, select

from tests.app.web.steering import LIGHT, csrf_of
from tests.factories import open_ticket, staff, unit
from tests.signing_in import sign_in
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry, Incident, Ticket
from tickets.states import Role
from tickets.work import duplicates

HERE = "/supervisor/incidents"
GOOD = {
    "area": "Phường Sài Gòn", "category": "", "bulletin_vi": "Mất điện, đang sửa.", "bulletin_en": "A power cut.",
    "hours": "2", "master": "",
}  # fmt: skip


@pytest.fixture
def browser(client, session, now):
    sign_in(client, session, staff=staff(session, role=Role.SUPERVISOR, at="79"), now=now)
    return client


def page(browser, path=HERE):
    return browser.get(path).get_data(as_text=True)


def send(browser, path=HERE, **fields):
    return browser.post(path, data={"csrf_token": csrf_of(browser, LIGHT), **fields})


def test_two_clicks_make_what_many_reported_an_incident(browser, session, now):
    master = open_ticket(session, now=now)
    for _ in range(3):
        duplicates.link(
            session, open_ticket(session, now=now).ticket_id, master_id=master.ticket_id, actor=SYSTEM, now=now
        )
    first = page(browser)
    assert f"{HERE}?from={master.reference}" in first
    filled = page(browser, f"{HERE}?from={master.reference}")
    assert "Phường Sài Gòn" in filled and f'value="{master.reference}"' in filled

    words = {"bulletin_vi": "Chúng tôi đã biết việc này.", "bulletin_en": "We know of this."}
    answer = send(browser, area="Phường Sài Gòn", category="rubbish", hours="4", master=master.reference, **words)

    assert answer.status_code == 303
    [incident] = session.scalars(select(Incident)).all()
    assert (incident.master_id, incident.unit_ids) == (master.ticket_id, [unit(session).id])
    assert session.scalar(select(func.count()).where(AuditEntry.action == "incident.set")) == 1
    assert f"{HERE}?from={master.reference}" not in page(browser), "it is one already"


def test_without_a_ticket_one_is_opened_and_an_old_district_is_what_came_of_it(browser, session):
    assert send(browser, **{**GOOD, "area": "Quận 1"}).status_code == 303

    [incident] = session.scalars(select(Incident)).all()
    assert len(incident.unit_ids) > 1
    assert session.get_one(Ticket, incident.master_id).subject.startswith("Mất điện")


def test_place_and_kind_are_enough_and_both_languages_say_them(browser, session):
    answer = send(
        browser, area="Phường Sài Gòn", category="flooding", hours="2", master="", bulletin_vi="", bulletin_en=""
    )

    assert answer.status_code == 303
    [incident] = session.scalars(select(Incident)).all()
    assert "Phường Sài Gòn" in incident.bulletin_vi and "Ngập nước" in incident.bulletin_vi
    assert "Sai Gon Ward" in incident.bulletin_en and "looding" in incident.bulletin_en


def test_nothing_said_of_the_whole_city_is_still_a_sentence(browser, session):
    assert send(browser, hours="2", area="", category="", master="", bulletin_vi="", bulletin_en="").status_code == 303

    [incident] = session.scalars(select(Incident)).all()
    assert incident.bulletin_vi == "Chúng tôi đã biết việc này và đang xử lý."
    assert incident.bulletin_en == "We know of this. It is being dealt with."


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("area", "Atlantis"),
        ("bulletin_vi", "xin ông bà chú ý rằng " * 11),
        ("bulletin_en", ""),
        ("hours", "900"),
        ("master", "2600000000"),
        ("most_waiting", "viele"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(browser, session, field, typed):
    before = session.scalar(select(func.count()).select_from(Ticket))

    answer = send(browser, **{**GOOD, "is_disaster": "1", field: typed})

    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert (f'id="f-{field}-error"' in html and "A power cut." in html) or field == "bulletin_en"
    assert session.scalar(select(func.count()).select_from(Incident)) == 0
    assert session.scalar(select(func.count()).select_from(Ticket)) == before
    assert "Mất điện" in page(browser) or field == "bulletin_vi", "a draft stands there when the page is opened again"


def test_a_limit_of_callers_is_not_dropped_in_silence_where_it_would_hold_nobody_back(browser, session):
    answer = send(browser, **{**GOOD, "most_waiting": "5"})

    assert answer.status_code == 422 and 'id="f-most_waiting-error"' in answer.get_data(as_text=True)
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_who_set_a_limit_of_callers_and_which_is_in_the_trail(browser, session):
    assert send(browser, **{**GOOD, "is_disaster": "1", "most_waiting": "5"}).status_code == 303

    assert session.scalars(select(AuditEntry.params).where(AuditEntry.action == "incident.set")).one()["most"] == 5


def test_it_is_extended_and_ended_with_words(browser, session, now):
    send(browser, **GOOD)
    [incident] = session.scalars(select(Incident)).all()
    until = incident.expires_at

    send(browser, f"{HERE}/{incident.id}/extend")
    session.refresh(incident)
    assert (incident.expires_at - until).total_seconds() == 3600
    send(browser, f"{HERE}/{incident.id}/end", closing_vi="Đã có điện.")

    session.refresh(incident)
    assert (incident.ended_at, incident.cause, incident.closing_vi) == (now, "ended", "Đã có điện.")
    again = send(browser, f"{HERE}/{incident.id}/end", closing_vi="Lần nữa")
    assert (again.status_code == 422 and "Lần nữa" in again.get_data(as_text=True)) or again.status_code == 422


def test_a_wards_supervisor_steers_their_ward_alone(client, session, now):
    sign_in(client, session, staff=staff(session, role=Role.SUPERVISOR, at="26740"), now=now)

    assert send(client, **{**GOOD, "area": ""}).status_code == 422
    assert send(client, **{**GOOD, "area": "Phường Bến Thành"}).status_code == 422
    assert send(client, **GOOD).status_code == 303
    other = session.scalars(select(Incident)).one()
    other.unit_ids = [unit(session, "26743").id]
    session.flush()
    assert send(client, f"{HERE}/{other.id}/end").status_code == 403
