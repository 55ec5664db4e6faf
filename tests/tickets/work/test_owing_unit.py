"""A7: once a warning or a level is out, the unit that owes the promise ends, pauses and eases nothing alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.actions import ACTIONS
from escalation.firing.sweep import tick
from tests.factories import NOW, give_role, hold_post, open_ticket, queue_of, staff, unit
from tickets.errors import AboutItself, CitizensOwnWord, InvalidInput, OwingUnitAlone, ReopeningWindowOver
from tickets.people.actor import SYSTEM, Actor, citizen_actor, staff_actor
from tickets.promises.policies import import_policies, known_names
from tickets.promises.policy_file import parse_policies
from tickets.schema import AuditEntry, Clock, PlannedStep, Procedure, Ticket, TicketAccess
from tickets.states import ActorKind, ClockKind, Disposition, Priority, Role, StepKind, TicketStatus
from tickets.work.assignment import change_category, change_priority, claim, correct_place, return_ticket, transfer
from tickets.work.dossier import change_dossier
from tickets.work.resolution import hold, hold_for_third_party, mark_spam, not_solved, resolve, withdraw
from tickets.work.suspicion import lift_suspicion

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Way = Callable[[Session, Ticket, Actor, datetime], object]


def _lower(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return change_priority(session, ticket.id, priority=Priority.NORMAL, reason="x", actor=actor, now=now)


def _slower_kind(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    """Of a kind for which the city promises thirty days."""
    return change_category(session, ticket.id, category_code="street_light", actor=actor, now=now)


def _spam(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return mark_spam(session, ticket.id, reason="x", actor=actor, now=now)


def _hold(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return hold(session, ticket.id, question="?", wake_at=now + HOUR, actor=actor, now=now)


def _to_a_slower_unit(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return transfer(session, ticket.id, queue_id=queue_of(session, "SXD").id, reason="x", actor=actor, now=now)


def _elsewhere(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return transfer(session, ticket.id, queue_id=queue_of(session, "26743").id, reason="x", actor=actor, now=now)


def _another_kind(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return change_category(session, ticket.id, category_code="noise", actor=actor, now=now)


def _another_place(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return correct_place(session, ticket.id, unit_id=unit(session, "26743").id, actor=actor, now=now)


def _a_procedure(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    code = session.scalars(select(Procedure.code)).first()
    return change_dossier(session, ticket.id, number="", due_on=None, procedure_code=code, actor=actor, now=now)


AWAY: list[Way] = [_elsewhere, _another_kind, _another_place, _a_procedure]
WAYS: list[Way] = [_spam, _hold, _lower, _slower_kind, _to_a_slower_unit, *AWAY]

# A kind of matter and a unit whose promises are slower than everybody's.
SLOWER = """
policies:
  - name: Slow matter
    match: {category: street_light}
    rows:
      - {priority: urgent, clock: resolve, target_seconds: 2592000, calendar: 24x7, chain: to-city-leadership}
  - name: Slow unit
    match: {unit: SXD}
    rows:
      - {priority: urgent, clock: resolve, target_seconds: 2592000, calendar: 24x7, chain: to-city-leadership}
"""


@pytest.fixture
def ticket(session: Session) -> Ticket:
    ticket = session.get_one(Ticket, open_ticket(session).ticket_id)
    change_priority(session, ticket.id, priority=Priority.URGENT, reason="x", actor=SYSTEM, now=NOW)
    import_policies(session, parse_policies(SLOWER, known=known_names(session, actions=ACTIONS)), actor=SYSTEM, now=NOW)
    return ticket


def facts(session: Session, ticket: Ticket) -> tuple[object, ...]:
    """What one of the ways changes."""
    session.refresh(ticket)
    what = (ticket.category_id, ticket.procedure_id, ticket.place_unit_id)
    return (ticket.status, ticket.priority, ticket.queue_id, *what)


def by(session: Session, role: Role, at: str) -> Actor:
    return staff_actor(staff(session, role=role, at=at).id)


def warned(session: Session, ticket: Ticket) -> datetime:
    """Taken up in time, and then left until the first warning of the answer is out."""
    claim(session, ticket.id, actor=by(session, Role.AGENT, "26740"), now=NOW)
    resolve_clock = select(Clock.id).where(Clock.ticket_id == ticket.id, Clock.kind == ClockKind.RESOLVE)
    at = session.scalars(
        select(PlannedStep.planned_at)
        .where(PlannedStep.clock_id.in_(resolve_clock), PlannedStep.kind == StepKind.WARNING)
        .order_by(PlannedStep.planned_at)
    ).first()
    assert at is not None
    tick(session, now=at)
    return at


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR])
def test_after_the_first_warning_the_unit_itself_can_not(session, ticket, way, role):
    at = warned(session, ticket)
    person = by(session, role, "26740")

    with pytest.raises(OwingUnitAlone), session.begin_nested():
        way(session, ticket, person, at)

    session.refresh(ticket)
    assert (ticket.status, ticket.priority, ticket.unit_id) == (TicketStatus.OPEN, Priority.URGENT, ticket.unit_id)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("role", "at_unit"), [(Role.CITY_OFFICE, "VPUB"), (Role.SUPERVISOR, "TTDH")])
def test_the_city_office_and_a_supervisor_of_the_city_still_can(session, ticket, way, role, at_unit):
    at = warned(session, ticket)
    before = facts(session, ticket)

    way(session, ticket, by(session, role, at_unit), at)

    assert facts(session, ticket) != before


@pytest.mark.parametrize("way", WAYS)
def test_before_any_warning_the_unit_still_can(session, ticket, way):
    claim(session, ticket.id, actor=by(session, Role.AGENT, "26740"), now=NOW)
    before = facts(session, ticket)

    way(session, ticket, by(session, Role.AGENT, "26740"), NOW + timedelta(minutes=1))

    assert facts(session, ticket) != before


@pytest.mark.parametrize("way", WAYS)
def test_a_program_decides_for_nobody(session, ticket, way):
    at = warned(session, ticket)

    with pytest.raises(OwingUnitAlone), session.begin_nested():
        way(session, ticket, Actor(ActorKind.TOKEN), at)


def test_a_warning_whose_time_has_come_counts_though_no_scheduler_has_ticked(session, ticket):
    claim(session, ticket.id, actor=by(session, Role.AGENT, "26740"), now=NOW)

    with pytest.raises(OwingUnitAlone):
        _spam(session, ticket, by(session, Role.SUPERVISOR, "26740"), NOW + 3 * DAY)


def test_an_answer_does_not_open_the_way_to_set_it_aside(session, ticket):
    at = warned(session, ticket)
    agent = by(session, Role.AGENT, "26740")
    resolve(session, ticket.id, disposition=Disposition.REFUSED, answer="Không.", actor=agent, now=at)

    with pytest.raises(OwingUnitAlone):
        _spam(session, ticket, agent, at)


def test_waiting_for_others_is_open_to_the_unit_as_long_as_it_pauses_nothing(session, ticket):
    at = warned(session, ticket)
    due_at = ticket.next_due_at

    hold_for_third_party(
        session, ticket.id, reason="x", wake_at=at + HOUR, actor=by(session, Role.AGENT, "26740"), now=at
    )

    assert ticket.next_due_at == due_at


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.CITY_OFFICE])
def test_only_the_citizen_takes_a_matter_back(session, ticket, role):
    with pytest.raises(CitizensOwnWord):
        withdraw(session, ticket.id, reason="x", actor=by(session, role, "26740"), now=NOW)
    withdraw(session, ticket.id, reason="x", actor=citizen_actor(), now=NOW)

    assert ticket.status is TicketStatus.WITHDRAWN


def test_not_solved_opens_again_what_the_unit_set_aside_and_its_promise_goes_on(session, ticket):
    agent = by(session, Role.AGENT, "26740")
    claim(session, ticket.id, actor=agent, now=NOW)
    _spam(session, ticket, agent, NOW + timedelta(minutes=5))

    not_solved(session, ticket.id, reason="Vẫn còn!", actor=citizen_actor(), now=NOW + 2 * HOUR)
    tick(session, now=NOW + 5 * DAY)
    session.refresh(ticket)

    assert ticket.status is TicketStatus.OPEN
    reopened = session.scalars(select(AuditEntry).where(AuditEntry.action == "ticket.reopened")).one()
    assert (reopened.params["from"], reopened.ticket_id) == ("spam", ticket.id)
    assert ticket.escalation_level >= 1


def test_not_solved_opens_again_what_was_taken_back_too_but_not_after_the_window(session, ticket):
    withdraw(session, ticket.id, reason="x", actor=citizen_actor(), now=NOW)
    with pytest.raises(ReopeningWindowOver):
        not_solved(session, ticket.id, reason="x", actor=citizen_actor(), now=NOW + 16 * DAY)

    not_solved(session, ticket.id, reason="x", actor=citizen_actor(), now=NOW + 14 * DAY)

    assert ticket.status is TicketStatus.OPEN


@pytest.mark.parametrize("way", AWAY)
def test_a_warning_of_the_time_to_accept_leaves_the_unit_free_to_send_on_what_is_not_its_own(session, ticket, way):
    accept = select(Clock.id).where(Clock.ticket_id == ticket.id, Clock.kind == ClockKind.ACCEPT)
    first = select(PlannedStep.planned_at).where(PlannedStep.clock_id.in_(accept)).order_by(PlannedStep.planned_at)
    at = session.scalars(first).first()
    tick(session, now=at)
    before = facts(session, ticket)

    way(session, ticket, by(session, Role.SUPERVISOR, "26740"), at)

    assert facts(session, ticket) != before


def test_a_warned_ticket_is_not_given_back_by_the_unit_that_owes_it(session, ticket):
    agent = by(session, Role.AGENT, "26743")
    transfer(session, ticket.id, queue_id=queue_of(session, "26743").id, reason="x", actor=agent, now=NOW)
    claim(session, ticket.id, actor=agent, now=NOW)

    with pytest.raises(OwingUnitAlone):
        return_ticket(session, ticket.id, reason="x", actor=agent, now=NOW + 5 * DAY)


ACCUSED = "Cán bộ phường Sài Gòn đòi 500 ngàn mới chịu nhận hồ sơ"


@pytest.fixture
def suspected(session: Session) -> Ticket:
    opened = open_ticket(session, body=ACCUSED, place_text="phường Sài Gòn")
    return session.get_one(Ticket, opened.ticket_id)


def _clear(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> object:
    return lift_suspicion(session, ticket.id, reason="x", actor=actor, now=now)


@pytest.mark.parametrize("way", [_clear, _spam, _hold, *AWAY])
def test_the_accused_does_nothing_of_it_from_the_beginning_whatever_else_they_are(session, suspected, way):
    accused = staff(session, role=Role.SUPERVISOR, at="26740")
    give_role(session, accused, role=Role.CITY_OFFICE, at="VPUB")
    claim(session, suspected.id, actor=by(session, Role.CITY_OFFICE, "VPUB"), now=NOW)

    with pytest.raises(AboutItself), session.begin_nested():
        way(session, suspected, staff_actor(accused.id), NOW + timedelta(minutes=1))

    session.refresh(suspected)
    assert suspected.is_restricted


def test_the_city_office_lifts_a_suspicion_and_the_ticket_goes_to_the_ward(session, suspected):
    _clear(session, suspected, by(session, Role.CITY_OFFICE, "VPUB"), NOW)

    assert (suspected.is_restricted, suspected.unit_id) == (False, unit(session, "26740").id)


def test_a_matter_about_the_city_office_is_not_shown_to_the_city_office(session):
    clerk, lead = staff(session, role=Role.CITY_OFFICE, at="VPUB"), staff(session, role=Role.SUPERVISOR, at="TTDH")
    hold_post(session, clerk, "city_office_duty", at="VPUB")
    hold_post(session, lead, "unit_lead", at="TTDH")

    opened = open_ticket(session, body="Cán bộ ở đó đòi hối lộ", unit_code="VPUB")

    about = session.get_one(Ticket, opened.ticket_id)
    named = set(session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == about.id)))
    assert about.is_restricted and about.about_unit_id == unit(session, "VPUB").id
    assert clerk.id not in named
    assert lead.id in named


@pytest.mark.parametrize("answer", [".", " … ", "-", "\u200b"])
def test_a_sign_is_no_answer_for_good(session, ticket, answer):
    agent = by(session, Role.AGENT, "26740")
    claim(session, ticket.id, actor=agent, now=NOW)

    with pytest.raises(InvalidInput):
        resolve(session, ticket.id, disposition=Disposition.ANSWERED, answer=answer, actor=agent, now=NOW)
