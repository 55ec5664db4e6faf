"""Until a unit is live the city works for it: pure rules over the shipped directory."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.factories import rules, staff, unit
from tickets.city import day_of
from tickets.directory import going_live
from tickets.people.actor import staff_actor
from tickets.routing.decision import RoutingFacts
from tickets.routing.receiving import NOT_LIVE, receive
from tickets.schema import AuditEntry, Category, Staff
from tickets.states import Level, Role

LATER = NOW + timedelta(days=3)


def _administrator(session: Session) -> Staff:
    return staff(session, email="boss@example.vn", role=Role.ADMINISTRATOR, at="79")


def test_without_any_decision_every_unit_receives_what_is_its_own(session: Session) -> None:
    ward = unit(session)

    decision = receive(RoutingFacts(chosen_unit_id=ward.id), rules(session).routing)

    assert decision.unit_id == ward.id


def test_a_city_that_begins_works_for_a_ward_until_somebody_decides_that_it_is_live(session: Session) -> None:
    ward, boss = unit(session), _administrator(session)
    going_live.begin(session, are_live=False, now=NOW)

    before = receive(RoutingFacts(chosen_unit_id=ward.id), rules(session).routing)
    decided = going_live.go_live(session, [ward.id], on_day=day_of(NOW), actor=staff_actor(boss.id), now=NOW)
    after = receive(RoutingFacts(chosen_unit_id=ward.id), rules(session).routing)

    desk = rules(session).routing.operations_unit_id
    assert (before.unit_id, before.level, before.needs_question) == (desk, Level.WARD, False)
    reason = before.reasons[-1]
    assert (reason.code, reason.params["unit"], reason.params["desk_id"]) == (NOT_LIVE, ward.name, desk)
    assert (decided, after.unit_id) == (1, ward.id)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "unit.went_live")).one()
    assert (entry.staff_id, entry.params["units"]) == (boss.id, [ward.code])


def test_a_decision_for_a_day_to_come_holds_from_that_day_on_and_can_be_taken_back(session: Session) -> None:
    ward, actor = unit(session), staff_actor(_administrator(session).id)
    going_live.begin(session, are_live=False, now=NOW)

    going_live.go_live(session, [ward.id], on_day=day_of(LATER), actor=actor, now=NOW)
    today, then = (ward.id in going_live.not_live(session, on=day_of(at)) for at in (NOW, LATER))
    going_live.take_back(session, [ward.id], reason="Chưa có cán bộ trực", actor=actor, now=NOW)

    assert (today, then) == (True, False)
    assert ward.id in going_live.not_live(session, on=day_of(LATER))
    assert going_live.last_decisions(session, [ward.id])[ward.id].reason == "Chưa có cán bộ trực"


def test_what_few_may_read_of_a_unit_that_is_not_live_goes_to_the_office_and_not_to_the_desk(session: Session) -> None:
    ward = unit(session)
    conduct = session.scalars(select(Category).where(Category.conduct == "staff").limit(1)).one()
    going_live.begin(session, are_live=False, now=NOW)

    decision = receive(RoutingFacts(chosen_unit_id=ward.id, category_id=conduct.id), rules(session).routing)

    assert decision.is_restricted
    assert decision.unit_id == rules(session).routing.office_unit_id
    assert decision.coordinating_unit_id is None
