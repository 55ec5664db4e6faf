"""The City Office's desk: what is entered is public when it was released, units confirm each month, late ones hear."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.queries.monthly_directory import remind_of_directory
from tests.app.web.office.entries import desk_at, enter_address, seen_of
from tests.app.web.steering import csrf_of
from tests.factories import staff, unit
from tickets.city import day_of
from tickets.directory import releases
from tickets.directory.procedures import ProcedureFacts, insert_procedures
from tickets.queries.directory_duty import EntryState, directory_duty
from tickets.schema import AuditEntry, Line, OneStopOffice, OutboundMessage, Procedure
from tickets.states import Level, OutboundChannel, Role

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
NEW = "Số 12 đường Mới"


@pytest.fixture
def bound(app: HotlineApp, session: Session):
    releases.begin(session, now=NOW - timedelta(days=60))
    with app.bound_to(session, NOW):
        yield app


def public_page(app: HotlineApp, code: str = "26740") -> str:
    return app.test_client().get(f"/directory/{code}", headers={"Accept-Language": "en"}).get_data(as_text=True)


def post(desk: FlaskClient, address: str, page: str, **form: object):
    return desk.post(address, data={"csrf_token": csrf_of(desk, page), **form})


def state_of(session: Session, unit_id: int) -> EntryState:
    return directory_duty(session, unit_ids=[unit_id], now=NOW)[0].state


def test_where_nobody_ever_decided_everything_entered_is_public(app: HotlineApp, session: Session) -> None:
    enter_address(session, unit(session).id, NEW)

    with app.bound_to(session, NOW):
        page = public_page(app)

    assert NEW in page and "Checked and released" not in page
    assert state_of(session, unit(session).id) is EntryState.RELEASED


def test_the_city_office_has_its_pages_in_the_menu_and_who_comes_by_a_link_has_not(
    bound: HotlineApp, session: Session
) -> None:
    pages = {"/office/catalogue", "/office/night"}
    office = desk_at(bound, session, Role.CITY_OFFICE, "VPUB", now=NOW)
    own = desk_at(bound, session, Role.SUPERVISOR, "26740", now=NOW)

    def in_the_menus(desk: FlaskClient) -> list[set[str]]:
        """Of the narrow screen's menu and of the wide one's."""
        page = desk.get("/my/duty").get_data(as_text=True)
        menus = re.findall(r'<nav class="side(?:-small)?".*?</nav>', page, re.DOTALL)
        return [pages & set(re.findall(r'href="([^"]+)"', one)) for one in menus]

    assert in_the_menus(office) == [pages, pages]
    assert in_the_menus(own) == [set(), set()]
    assert {own.get(one).status_code for one in pages} == {200}


def test_a_new_address_is_public_once_the_unit_confirmed_and_the_city_office_released_it(
    bound: HotlineApp, session: Session
) -> None:
    ward = unit(session).id
    own = desk_at(bound, session, Role.SUPERVISOR, "26740", now=NOW)
    office = desk_at(bound, session, Role.CITY_OFFICE, "VPUB", now=NOW)
    hours_before = public_page(bound)

    enter_address(session, ward, NEW)
    entered = (public_page(bound), state_of(session, ward))
    post(own, f"/supervisor/directory/{ward}/confirm", "/supervisor/directory", seen=seen_of(session, ward, now=NOW))
    confirmed = (public_page(bound), state_of(session, ward))
    waiting = office.get("/office?show=waiting").get_data(as_text=True)
    post(office, "/office/release", "/office", unit=f"{ward}:{seen_of(session, ward, now=NOW)}")

    assert "Opening hours" in hours_before and "not yet given by the unit" in hours_before
    assert NEW not in entered[0] and "Opening hours" in entered[0] and entered[1] is EntryState.CHANGED
    assert NEW not in confirmed[0] and confirmed[1] is EntryState.WAITING
    assert "Sai Gon Ward" in waiting and "Wait for release" in waiting
    assert NEW in public_page(bound) and "Checked and released on" in public_page(bound)
    done = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("directory.%"))).all()
    assert {"directory.confirmed", "directory.released"} <= set(done)


def test_open_data_and_the_poster_say_what_was_released(bound: HotlineApp, session: Session) -> None:
    ward = unit(session).id
    enter_address(session, ward, NEW)
    visitor = bound.test_client()

    before = visitor.get("/open-data/directory.json").json
    releases.release(session, {ward: seen_of(session, ward, now=NOW)}, actor=releases.SYSTEM, now=NOW)
    table = visitor.get("/open-data/directory.csv").get_data(as_text=True)
    after = visitor.get("/open-data/directory.json").json

    assert before["day"] == "2026-11-20" and len({one["code"] for one in before["items"]}) > 168
    [old] = [one for one in before["items"] if one["code"] == "26740"]
    [new] = [one for one in after["items"] if one["code"] == "26740"]
    assert (old["address"], new["address"], new["released_on"]) == ("", NEW, "2026-11-20")
    assert new["hotlines"][0].startswith("+84") and NEW in table
    assert visitor.get("/directory/26740/poster.pdf").mimetype == "application/pdf"


def test_what_was_changed_since_it_was_read_is_not_released(bound: HotlineApp, session: Session) -> None:
    ward = unit(session).id
    office = desk_at(bound, session, Role.CITY_OFFICE, "VPUB", now=NOW)
    read = seen_of(session, ward, now=NOW)
    enter_address(session, ward, NEW)

    refused = post(office, "/office/release", "/office", unit=f"{ward}:{read}")

    assert refused.status_code == 400 and "changed it meanwhile" in refused.get_data(as_text=True)
    assert NEW not in public_page(bound)


def test_a_return_needs_a_reason_reaches_the_unit_and_hides_nothing(bound: HotlineApp, session: Session) -> None:
    ward = unit(session).id
    office = desk_at(bound, session, Role.CITY_OFFICE, "VPUB", now=NOW)
    lead = staff(session, role=Role.SUPERVISOR, at="26740")
    enter_address(session, ward, NEW)
    value = f"{ward}:{seen_of(session, ward, now=NOW)}"

    without = post(office, "/office/return", "/office", unit=value, reason="  ")
    post(office, "/office/return", "/office", unit=value, reason="Thiếu số nhà")

    assert without.status_code == 400 and f'value="{value}" id="unit-{ward}" checked' in without.get_data(as_text=True)
    assert state_of(session, ward) is EntryState.RETURNED
    told = select(OutboundMessage).where(OutboundMessage.staff_id == lead.id)
    [notice] = [one for one in session.scalars(told) if one.channel is OutboundChannel.SCREEN]
    assert (notice.template, notice.params["reason"]) == ("directory_returned", "Thiếu số nhà")
    assert NEW not in public_page(bound) and "Opening hours" in public_page(bound)


def test_a_line_that_has_ended_is_told_to_nobody_and_a_new_one_waits(bound: HotlineApp, session: Session) -> None:
    ward = unit(session).id
    [line] = session.scalars(
        select(Line).join(OneStopOffice, OneStopOffice.id == Line.office_id).where(OneStopOffice.unit_id == ward)
    )
    line.valid_to = day_of(NOW)
    session.add(Line(phone="+842800000999", label="mới", office_id=line.office_id))
    session.flush()

    [shown] = [
        one for one in bound.test_client().get("/open-data/directory.json").json["items"] if one["code"] == "26740"
    ]

    assert shown["hotlines"] == []


def test_a_new_procedure_of_a_department_is_public_when_its_list_was_released(
    bound: HotlineApp, session: Session
) -> None:
    keeper = unit(session, "SXD").id
    insert_procedures(
        session, [ProcedureFacts("9.999999", "Thủ tục rất mới", "Xây dựng", Level.CITY, department_id=keeper)]
    )
    number = session.scalars(select(Procedure.id).where(Procedure.code == "9.999999")).one()
    session.commit()
    visitor = bound.test_client()

    before = [visitor.get(f"/procedures/{number}").status_code, visitor.get("/procedures?q=rat moi").status_code]
    listed = "Thủ tục rất mới" in visitor.get("/procedures?q=rat moi").get_data(as_text=True)
    releases.release(session, {keeper: seen_of(session, keeper, now=NOW)}, actor=releases.SYSTEM, now=NOW)

    assert before == [404, 200] and not listed
    assert "Thủ tục rất mới" in visitor.get("/procedures?q=rat moi").get_data(as_text=True)
    assert visitor.get(f"/procedures/{number}").status_code == 200


def test_who_has_not_confirmed_by_the_fifth_is_late_and_is_told_once_a_day(bound: HotlineApp, session: Session) -> None:
    ward, punctual = unit(session).id, unit(session, "26743").id
    lead, office = staff(session, role=Role.SUPERVISOR, at="26740"), staff(session, role=Role.CITY_OFFICE, at="VPUB")
    other = desk_at(bound, session, Role.SUPERVISOR, "26743", now=NOW)
    post(
        other,
        f"/supervisor/directory/{punctual}/confirm",
        "/supervisor/directory",
        seen=seen_of(session, punctual, now=NOW),
    )
    december = [datetime(2026, 12, day, 3, tzinfo=UTC) for day in (1, 3, 6)]

    told = [remind_of_directory(session, now=at) for at in (*december, december[-1])]

    assert told[0] > 0 and told[1] == 0 and told[2] > 0 and told[3] == 0
    late = {one.facts.unit_id: one.is_late for one in directory_duty(session, now=december[2])}
    november = {one.facts.unit_id: one.is_late for one in directory_duty(session, now=NOW)}
    assert late[ward] and late[punctual] and november[ward] and not november[punctual]
    of_lead = session.scalars(
        select(OutboundMessage).where(OutboundMessage.staff_id == lead.id).order_by(OutboundMessage.id)
    ).all()
    assert [one.params["is_late"] for one in of_lead if one.channel is OutboundChannel.SCREEN] == [False, True]
    of_office = session.scalars(select(OutboundMessage.template).where(OutboundMessage.staff_id == office.id)).all()
    assert set(of_office) == {"directory_late"}


def test_nobody_confirms_for_another_unit_and_only_the_city_office_decides(bound: HotlineApp, session: Session) -> None:
    other = unit(session, "26743").id
    own = desk_at(bound, session, Role.SUPERVISOR, "26740", now=NOW)
    admin = desk_at(bound, session, Role.ADMINISTRATOR, "79", now=NOW)
    seen = seen_of(session, other, now=NOW)

    foreign = post(own, f"/supervisor/directory/{other}/confirm", "/supervisor/directory", seen=seen)
    looked = admin.get("/office").get_data(as_text=True)

    assert foreign.status_code == 404 and own.get("/office").status_code == 403
    assert "Release what is entered" not in looked
    assert post(admin, "/office/release", "/office", unit=f"{other}:{seen}").status_code == 403
