"""The catalogue as a duty: stages one after the other, late ones, shares by month, and what nobody used for years."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.office.entries import desk_at
from tests.app.web.steering import csrf_of
from tests.factories import unit
from tickets.directory.catalogue_months import keep_month, months_kept
from tickets.directory.catalogue_steps import enter_step
from tickets.directory.catalogue_years import insert_counts, unused_procedures
from tickets.directory.procedures import correct_procedure
from tickets.people.actor import SYSTEM
from tickets.queries.catalogue_duty import catalogued
from tickets.schema import AuditEntry, Procedure
from tickets.states import CatalogueStage, Role

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
HERE = "/office/catalogue"


@pytest.fixture
def bound(app: HotlineApp, session: Session):
    with app.bound_to(session, NOW):
        yield app


def kept_by(session: Session, code: str) -> Procedure:
    """A procedure of the department with this code."""
    procedure = session.scalars(select(Procedure).order_by(Procedure.id).limit(1)).one()
    procedure.department_id = unit(session, code).id
    session.flush()
    return procedure


def test_stages_are_entered_in_order_and_the_published_one_names_its_decision(
    bound: HotlineApp, session: Session
) -> None:
    procedure = kept_by(session, "SXD")
    desk = desk_at(bound, session, Role.SUPERVISOR, "SXD", now=NOW)
    page = f"{HERE}/{procedure.id}"

    def send(stage: str, day: str, document: str = ""):
        form = {"csrf_token": csrf_of(desk, page), "stage": stage, "on_day": day, "document_no": document}
        return desk.post(f"{page}/step", data=form)

    answers = [
        send("proposed", "2026-11-01"),
        send("announced", "2026-12-01"),
        send("announced", "31/02/2026"),
        send("announced", "01/10/2026"),
        send("proposed", "2026-09-01"),
        send("proposed", "2026-10-05"),
        send("published", "2026-10-20", "  "),
        send("published", "2026-10-20", "99/QĐ-UBND"),
    ]

    assert [one.status_code for one in answers] == [400, 400, 400, 303, 400, 303, 400, 303]
    said = [one.get_data(as_text=True) for one in answers]
    assert "stage before is not entered" in said[0] and "still to come" in said[1] and "not a date" in said[2]
    assert "before the day of the stage before" in said[4] and "This field is required" in said[6]
    shown = desk.get(page).get_data(as_text=True)
    assert "99/QĐ-UBND" in shown and "Internal procedure on the day" in shown
    assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "catalogue.entered")).all()) == 3


def test_a_stage_that_does_not_follow_in_time_is_late_until_it_is_entered(session: Session) -> None:
    procedure = kept_by(session, "SXD")
    for stage, day in ((CatalogueStage.ANNOUNCED, date(2026, 10, 1)), (CatalogueStage.PROPOSED, date(2026, 10, 8))):
        enter_step(session, procedure.id, stage, on_day=day, document_no="", actor=SYSTEM, now=NOW)

    def late_at(now: datetime) -> list[int]:
        rows = catalogued(session, department_ids=[unit(session, "SXD").id], now=now)
        return [row.procedure.id for row in rows if row.is_late]

    in_time, late = late_at(datetime(2026, 10, 18, 3, tzinfo=UTC)), late_at(datetime(2026, 10, 19, 3, tzinfo=UTC))
    published = {"on_day": date(2026, 11, 19), "document_no": "9/QĐ", "actor": SYSTEM, "now": NOW}
    enter_step(session, procedure.id, CatalogueStage.PUBLISHED, **published)

    assert (in_time, late, late_at(NOW)) == ([], [procedure.id], [])


def test_a_department_sees_and_changes_only_what_it_keeps(bound: HotlineApp, session: Session) -> None:
    procedure = kept_by(session, "SXD")
    other = desk_at(bound, session, Role.SUPERVISOR, "26740", now=NOW)
    office = desk_at(bound, session, Role.CITY_OFFICE, "VPUB", now=NOW)

    assert other.get(f"{HERE}/{procedure.id}").status_code == 404
    assert procedure.name not in other.get(HERE).get_data(as_text=True)
    assert procedure.name in office.get(f"{HERE}?q={procedure.code}").get_data(as_text=True)


def test_the_last_stage_is_taken_out_with_a_reason(bound: HotlineApp, session: Session) -> None:
    procedure = kept_by(session, "SXD")
    announced = CatalogueStage.ANNOUNCED
    enter_step(session, procedure.id, announced, on_day=date(2026, 10, 1), document_no="", actor=SYSTEM, now=NOW)
    desk = desk_at(bound, session, Role.CITY_OFFICE, "VPUB", now=NOW)
    page = f"{HERE}/{procedure.id}"

    def take_out(reason: str):
        form = {"csrf_token": csrf_of(desk, page), "stage": "announced", "reason": reason}
        return desk.post(f"{page}/take-out", data=form).status_code

    assert [take_out(""), take_out("Nhập nhầm thủ tục"), take_out("Lần nữa")] == [400, 303, 400]
    assert not catalogued(session, department_ids=[unit(session, "SXD").id], now=NOW)[0].steps


def test_shares_of_a_month_that_is_over_stay_as_they_were(session: Session) -> None:
    procedure = kept_by(session, "SXD")
    unit_id = unit(session, "SXD").id
    correct_procedure(session, procedure.id, {"boundary_free": False, "online_level": "none", "for_business": True})
    keep_month(session, now=NOW)
    before = months_kept(session, unit_ids=[unit_id])[0][1]

    correct_procedure(session, procedure.id, {"boundary_free": True, "online_level": "full"})
    keep_month(session, now=NOW + timedelta(days=20))
    december, november = months_kept(session, unit_ids=[unit_id])

    assert (november[0], december[0]) == (date(2026, 11, 1), date(2026, 12, 1))
    assert november[1] == before
    assert december[1].boundary_free == before.boundary_free + 1
    assert (before.business_share, december[1].business_share) == (0.0, 1.0)


def test_only_three_whole_years_of_counts_say_that_nobody_used_it(session: Session) -> None:
    rows = session.scalars(select(Procedure.id).order_by(Procedure.id).limit(3)).all()
    insert_counts(session, [(rows[0], year, 0) for year in (2023, 2024, 2025)])
    insert_counts(session, [(rows[1], year, 0) for year in (2024, 2025)])
    insert_counts(session, [(rows[2], year, 2 if year == 2024 else 0) for year in (2023, 2024, 2025)])

    assert unused_procedures(session, this_year=2026) == {rows[0]}
