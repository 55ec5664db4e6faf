"""A unit as one page: everything that belongs to it, where each part is changed, and who changed what."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import NOW, post, shown
from tests.factories import hold_post, staff, unit
from tests.signing_in import sign_in
from tickets.states import Role


def test_a_unit_is_one_page_with_a_link_to_change_each_part(browser: FlaskClient, session: Session) -> None:
    ward = unit(session)
    chair = staff(session, role=Role.LEADER, at="26740")
    hold_post(session, chair, "ward_chair", at="26740")
    post(
        browser, "/administration/data/offices/row", unit="26740", name="Một cửa thử", address="1 Lê Lợi",
        opening_hours="07:30-11:30", counters="6", devices="6 máy tính", duty_staff="Trần Thị Bình",
    )  # fmt: skip

    page = shown(browser, f"/administration/units/{ward.id}")

    assert f"/administration/units/{ward.id}" in shown(browser, "/administration/directory")
    for part in ("lacks", "people", "posts", "tonight", "lines", "offices", "promises", "procedures", "past"):
        assert f'id="{part}"' in page
    assert page.count(chair.name) >= 2
    assert all(told in page for told in ("1 Lê Lợi", "6 máy tính", "Trần Thị Bình", "Một cửa thử"))
    assert "/administration/data/units/row?key=26740" in page


def test_who_reads_for_the_city_office_sees_it_and_changes_nothing(app: HotlineApp, session: Session) -> None:
    ward = unit(session)
    with app.bound_to(session, NOW):
        client = app.test_client()
        client.set_cookie("locale", "en")
        sign_in(client, session, role=Role.CITY_OFFICE, now=NOW)
        page = shown(client, f"/administration/units/{ward.id}")
        sign_in(client, session, role=Role.AGENT, now=NOW)
        refused = client.get(f"/administration/units/{ward.id}")

    assert "/administration/data/" not in page
    assert refused.status_code == 403


def test_a_unit_that_is_none_is_not_found(browser: FlaskClient) -> None:
    assert browser.get("/administration/units/4000000").status_code == 404
