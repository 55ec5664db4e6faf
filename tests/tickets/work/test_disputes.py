"""R8 and R25: units that send a matter back and forth get an arbiter, and its citizen loses nothing by it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, open_ticket, queue_of, rules, staff, unit
from tickets.errors import InDispute, InvalidInput, NotAllowed
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer, visible_ticket
from tickets.queries.list_stretches import ListView
from tickets.queries.lists import work_list
from tickets.routing.decision import RoutingFacts, route
from tickets.schema import AuditEntry, Category, Clock, OutboundMessage, PlannedStep, Ticket
from tickets.states import Channel, ClockKind, ClockStatus, Disposition, Level, Role
from tickets.work.assignment import claim, return_ticket, transfer
from tickets.work.disputes import decide_dispute
from tickets.work.resolution import resolve

HOUR = timedelta(hours=1)
HERE, THERE = "26740", "26737"


@pytest.fixture
def giver(session):
    return staff_actor(staff(session, role=Role.AGENT, at=HERE).id)


@pytest.fixture
def receiver(session):
    return staff_actor(staff(session, role=Role.AGENT, at=THERE).id)


@pytest.fixture
def arbiter(session):
    return staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)


@pytest.fixture
def disputed(session, giver, receiver, arbiter) -> Ticket:
    """Sent from one ward to another, and returned as not theirs."""
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901234567")
    transfer(
        session, opened.ticket_id, queue_id=queue_of(session, THERE).id, reason="Bên kia đường", actor=giver, now=NOW
    )
    return_ticket(session, opened.ticket_id, reason="Không phải của chúng tôi", actor=receiver, now=NOW + HOUR)
    return session.get_one(Ticket, opened.ticket_id)


def clock(session, ticket, kind) -> Clock | None:
    return session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == kind)).first()


def test_r8_a_matter_sent_back_has_an_arbiter_with_a_clock_and_the_citizens_promise_goes_on(session, disputed):
    dispute, promise = clock(session, disputed, ClockKind.DISPUTE), clock(session, disputed, ClockKind.RESOLVE)

    assert (dispute.status, dispute.started_at) == (ClockStatus.RUNNING, NOW + HOUR)
    levels = select(PlannedStep.rank).where(PlannedStep.clock_id == dispute.id).order_by(PlannedStep.rank)
    assert session.scalars(levels).all() == [3, 4]
    assert (promise.status, promise.started_at) == (ClockStatus.RUNNING, NOW)


def test_r8_the_arbiter_is_told_at_once_and_finds_it_in_a_list_of_its_own(session, disputed, arbiter):
    viewer = load_viewer(session, arbiter.staff_id, now=NOW + HOUR)

    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "ticket_disputed")).all()
    listed = work_list(session, viewer, view=ListView.DISPUTED, now=NOW + HOUR).items

    assert arbiter.staff_id in {message.staff_id for message in told}
    assert [line.reference for line in listed] == [disputed.reference]


def test_r8_both_units_see_it_and_neither_sends_it_on_while_it_is_undecided(session, disputed, giver, receiver):
    for person in (giver, receiver):
        viewer = load_viewer(session, person.staff_id, now=NOW + HOUR)
        assert visible_ticket(session, viewer, disputed.reference).id == disputed.id
    with pytest.raises(InDispute):
        transfer(
            session, disputed.id, queue_id=queue_of(session, THERE).id, reason="Vẫn bên kia", actor=giver,
            now=NOW + HOUR,
        )  # fmt: skip


def test_r8_only_the_arbiter_decides_and_after_that_no_unit_sends_it_away(session, disputed, giver, receiver, arbiter):
    there = queue_of(session, THERE).id
    with pytest.raises(NotAllowed):
        decide_dispute(session, disputed.id, queue_id=there, reason="x", as_rule=False, actor=giver, now=NOW + 2 * HOUR)

    decide_dispute(
        session, disputed.id, queue_id=there, reason="Ranh giới mới", as_rule=False, actor=arbiter, now=NOW + 2 * HOUR
    )

    assert disputed.unit_id == unit(session, THERE).id
    assert clock(session, disputed, ClockKind.DISPUTE).status is ClockStatus.MET
    assert clock(session, disputed, ClockKind.RESOLVE).status is ClockStatus.RUNNING
    with pytest.raises(InDispute):
        return_ticket(session, disputed.id, reason="Không nhận", actor=receiver, now=NOW + 3 * HOUR)
    with pytest.raises(InvalidInput):
        decide_dispute(
            session, disputed.id, queue_id=there, reason="x", as_rule=False, actor=arbiter, now=NOW + 3 * HOUR
        )


def test_r8_the_arbiter_may_leave_it_where_it_stands(session, disputed, arbiter):
    before = disputed.queue_id

    decide_dispute(
        session, disputed.id, queue_id=before, reason="Đúng phường", as_rule=False, actor=arbiter, now=NOW + 2 * HOUR
    )

    assert disputed.queue_id == before
    assert clock(session, disputed, ClockKind.DISPUTE).status is ClockStatus.MET


def test_r25_with_one_tick_the_decision_holds_for_all_matters_of_its_kind_and_is_audited(session, disputed, arbiter):
    category = session.get_one(Category, disputed.category_id)
    assert category.level is Level.WARD

    decide_dispute(
        session, disputed.id, queue_id=queue_of(session, "SNNMT").id, reason="Việc của Sở", as_rule=True,
        actor=arbiter, now=NOW + 2 * HOUR,
    )  # fmt: skip

    next_one = route(RoutingFacts(category_id=category.id), rules(session).routing)
    assert next_one.unit_id == unit(session, "SNNMT").id
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "category.routed")).one()


def test_a_rule_that_routing_does_not_know_is_refused_and_nothing_is_decided(session, disputed, arbiter):
    with pytest.raises(InvalidInput), session.begin_nested():
        decide_dispute(
            session, disputed.id, queue_id=queue_of(session, "TTHCC").id, reason="x", as_rule=True, actor=arbiter,
            now=NOW + 2 * HOUR,
        )  # fmt: skip

    session.expire_all()
    assert clock(session, disputed, ClockKind.DISPUTE).status is ClockStatus.RUNNING


def test_a_unit_that_answers_all_the_same_ends_the_dispute(session, disputed, giver):
    claim(session, disputed.id, actor=giver, now=NOW + 2 * HOUR)

    resolve(session, disputed.id, disposition=Disposition.FIXED, answer="Đã dọn.", actor=giver, now=NOW + 2 * HOUR)

    assert clock(session, disputed, ClockKind.DISPUTE).status is ClockStatus.MET
