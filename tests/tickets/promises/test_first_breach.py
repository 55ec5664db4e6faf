"""A1: the first breach is a fact. Whatever is done to a broken promise afterwards, it stays broken, and whose it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import ProgrammingError

from escalation.firing.sweep import note_late, tick
from tests.factories import NOW, open_ticket, queue_of, staff
from tickets.errors import LaterDueNeedsApproval, PromiseBroken
from tickets.people.actor import citizen_actor, staff_actor
from tickets.promises import given_dates
from tickets.promises.figures import promises_kept
from tickets.schema import AuditEntry, Clock, PlannedStep, PromiseBreach, Ticket
from tickets.states import Channel, ClockKind, ClockStatus, Disposition, Priority, Role
from tickets.work.assignment import assign, change_category, change_priority, claim, release, transfer
from tickets.work.conversation import citizen_message, reply
from tickets.work.resolution import hold, mark_spam, not_solved, reopen, resolve, resume, withdraw
from tickets.work.ticket import lock_ticket

HOUR = timedelta(hours=1)


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


@pytest.fixture
def office(session):
    """Somebody above the unit, who may still do what the unit may not do alone any more (A7)."""
    return staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)


@pytest.fixture
def ticket(session, agent) -> Ticket:
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901234567")
    return claim(session, opened.ticket_id, actor=agent, now=NOW)


def resolve_clock(session, ticket) -> Clock:
    wanted = select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == ClockKind.RESOLVE)
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def fact(session, clock) -> PromiseBreach | None:
    return session.get(PromiseBreach, clock.id, populate_existing=True)


def counted(session, *, now, from_at=NOW - HOUR) -> tuple[int, int, int, int]:
    """Promises to resolve that were kept, missed, open and broken, cancelled."""
    kept = promises_kept(session, from_at=from_at, to_at=now + HOUR, now=now, kinds=[ClockKind.RESOLVE])
    return tuple(sum(getattr(one, name) for one in kept) for name in ("met", "missed", "overdue", "cancelled"))


def answer(session, ticket, by, *, now):
    return resolve(session, ticket.id, disposition=Disposition.ANSWERED, answer="Đã thu gom.", actor=by, now=now)


def missed_reopened_answered(session, ticket, agent, office, at):
    answer(session, ticket, agent, now=at)
    reopen(session, ticket.id, reason="Chưa xong", actor=agent, now=at + HOUR)
    return answer(session, ticket, agent, now=at + 2 * HOUR)


def said_not_solved(session, ticket, agent, office, at):
    answer(session, ticket, agent, now=at)
    not_solved(session, ticket.id, reason="Rác còn nguyên", actor=citizen_actor(), now=at + HOUR)
    return answer(session, ticket, agent, now=at + 2 * HOUR)


def answered_again_in_time(session, ticket, agent, office, at):
    """The date a year on, which somebody could write into the row alone."""
    session.execute(update(Clock).where(Clock.ticket_id == ticket.id).values(due_at=at + timedelta(days=365)))
    session.expire_all()
    return answer(session, ticket, agent, now=at + HOUR)


def called_another_kind(session, ticket, agent, office, at):
    change_category(session, ticket.id, category_code="rule_proposal", actor=office, now=at)
    return answer(session, ticket, agent, now=at + HOUR)


def paused_and_answered(session, ticket, agent, office, at):
    hold(session, ticket.id, question="Hẻm nào?", wake_at=at + 24 * HOUR, actor=office, now=at)
    resume(session, ticket.id, actor=office, now=at + 2 * HOUR)
    return answer(session, ticket, agent, now=at + 3 * HOUR)


def sent_elsewhere(session, ticket, agent, office, at):
    other = queue_of(session, "26737")
    transfer(session, ticket.id, queue_id=other.id, reason="Thuộc Tân Định", actor=office, now=at)
    there = staff_actor(staff(session, role=Role.AGENT, at="26737").id)
    claim(session, ticket.id, actor=there, now=at + HOUR)
    return answer(session, ticket, there, now=at + HOUR)


def taken_back_and_taken_up_again(session, ticket, agent, office, at):
    withdraw(session, ticket.id, reason="Đã xong", actor=citizen_actor(), now=at)
    not_solved(session, ticket.id, reason="Chưa xong", actor=citizen_actor(), now=at + 24 * HOUR)
    return answer(session, ticket, agent, now=at + 25 * HOUR)


def called_spam(session, ticket, agent, office, at):
    return mark_spam(session, ticket.id, reason="Thử", actor=office, now=at)


def taken_back(session, ticket, agent, office, at):
    return withdraw(session, ticket.id, reason="Đã xong", actor=citizen_actor(), now=at)


WAYS: list[Callable[..., Ticket]] = [
    missed_reopened_answered, said_not_solved, called_another_kind, paused_and_answered, sent_elsewhere,
    taken_back_and_taken_up_again, called_spam, taken_back,
]  # fmt: skip


@pytest.mark.parametrize("seen_by", ["the tick", "whoever comes next"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_broken_promise_is_counted_as_broken_whatever_is_done_afterwards(
    session, ticket, agent, office, way, seen_by
):
    clock = resolve_clock(session, ticket)
    due, giver = clock.due_at, ticket.unit_id
    late = due + 10 * HOUR
    if seen_by == "the tick":
        tick(session, now=due + timedelta(seconds=3))

    way(session, ticket, agent, office, late)

    clock = resolve_clock(session, ticket)
    broken = fact(session, clock)
    assert (broken.due_at, broken.breached_at, broken.cause) == (due, due, "")
    assert (broken.unit_id, broken.staff_id) == (giver, agent.staff_id)
    assert clock.status is not ClockStatus.MET
    assert counted(session, now=late + timedelta(days=2)) == (0, 1, 0, 0)


def test_a_fact_outlives_a_due_date_that_was_written_into_the_row(session, ticket, agent, office):
    due = resolve_clock(session, ticket).due_at
    note_late(session, now=due + timedelta(seconds=1))

    answered_again_in_time(session, ticket, agent, office, due + 10 * HOUR)

    assert resolve_clock(session, ticket).status is ClockStatus.MISSED
    assert counted(session, now=due + timedelta(days=1)) == (0, 1, 0, 0)


def test_a_lower_priority_does_not_undo_a_breach_by_a_change(session, ticket, agent, office):
    late, promised = NOW + 30 * HOUR, resolve_clock(session, ticket).due_at
    change_priority(session, ticket.id, priority=Priority.URGENT, reason="Gấp", actor=agent, now=late)

    change_priority(session, ticket.id, priority=Priority.NORMAL, reason="Nhầm", actor=office, now=late + HOUR)
    answer(session, ticket, agent, now=late + 2 * HOUR)

    clock = resolve_clock(session, ticket)
    broken = fact(session, clock)
    assert (broken.due_at, broken.breached_at, broken.cause) == (promised, late, "change")
    assert clock.status is ClockStatus.MISSED


def test_a_paused_promise_that_is_broken_stays_among_the_open_ones(session, ticket, office):
    late = resolve_clock(session, ticket).due_at + HOUR

    hold(session, ticket.id, question="Hẻm nào?", wake_at=late + 24 * HOUR, actor=office, now=late)

    assert counted(session, now=late + HOUR) == (0, 0, 1, 0)


def test_the_month_in_which_a_promise_broke_keeps_it_when_it_ends_in_another(session, ticket, agent):
    due = resolve_clock(session, ticket).due_at

    answer(session, ticket, agent, now=due + timedelta(days=40))

    kept = promises_kept(
        session, from_at=NOW, to_at=due + timedelta(days=1), now=due + timedelta(days=41), kinds=[ClockKind.RESOLVE]
    )
    assert [one.missed for one in kept] == [1]


def test_who_held_it_when_it_broke_is_noted_before_somebody_else_gets_it(session, ticket, agent, office):
    due = resolve_clock(session, ticket).due_at
    colleague = staff(session, role=Role.AGENT, at="26740")

    release(session, ticket.id, actor=agent, now=due + HOUR)
    assign(session, ticket.id, staff_id=colleague.id, actor=office, now=due + 2 * HOUR)

    assert fact(session, resolve_clock(session, ticket)).staff_id == agent.staff_id


def test_a_promise_that_tells_nobody_is_noted_all_the_same_once(session, ticket):
    clock = resolve_clock(session, ticket)
    session.execute(delete(PlannedStep).where(PlannedStep.ticket_id == ticket.id))
    at = clock.due_at

    on_the_second = note_late(session, now=at)
    fact_then = fact(session, clock)
    noted = [note_late(session, now=at + timedelta(seconds=seconds)) for seconds in (1, 2)]

    assert (on_the_second, fact_then) == (1, None)
    assert noted == [1, 0]
    audited = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "promise.broken", AuditEntry.subject_id == clock.id)
    ).one()
    assert audited.params["due_at"] == at.isoformat()


@pytest.mark.parametrize("late_by_milliseconds", [0, 1, 999])
def test_a_stop_and_a_tick_in_the_same_second_say_the_same(session, ticket, agent, late_by_milliseconds):
    due = resolve_clock(session, ticket).due_at
    stopped_at = due + timedelta(milliseconds=late_by_milliseconds)

    answer(session, ticket, agent, now=stopped_at)
    note_late(session, now=due + timedelta(seconds=1))

    clock = resolve_clock(session, ticket)
    assert clock.stopped_at == stopped_at
    assert clock.status is (ClockStatus.MISSED if late_by_milliseconds else ClockStatus.MET)
    assert (fact(session, clock) is not None) == bool(late_by_milliseconds)


def test_a_next_contact_and_a_silence_that_were_broken_stay_so_in_their_cycle(session, ticket, agent):
    say = {"channel": Channel.SMS, "actor": citizen_actor()}
    reply(session, ticket.id, body="Phường đã nhận.", actor=agent, now=NOW + HOUR)
    citizen_message(session, ticket.id, body="Rác còn nguyên", now=NOW + 2 * HOUR, **say)
    late = NOW + timedelta(days=6)
    citizen_message(session, ticket.id, body="Vẫn còn", now=late, **say)
    reply(session, ticket.id, body="Sẽ thu.", actor=agent, now=late + HOUR)
    citizen_message(session, ticket.id, body="Cảm ơn", now=late + 2 * HOUR, **say)
    reply(session, ticket.id, body="Chào bác", actor=agent, now=late + 3 * HOUR)

    rows = session.execute(
        select(Clock.kind, Clock.cycle, Clock.status, PromiseBreach.clock_id.is_not(None))
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .where(Clock.ticket_id == ticket.id, Clock.kind.in_([ClockKind.NEXT, ClockKind.UPDATE]), Clock.cycle <= 2)
        .order_by(Clock.kind, Clock.cycle)
    ).all()
    assert [(kind.value, cycle, status.value, broken) for kind, cycle, status, broken in rows] == [
        ("next", 1, "missed", True), ("next", 2, "met", False),
        ("update", 1, "missed", True), ("update", 2, "met", False),
    ]  # fmt: skip


def test_a_date_moves_before_the_breach_only_and_nobody_approves_their_own(session, ticket, agent, office):
    due = resolve_clock(session, ticket).due_at
    locked = lock_ticket(session, ticket.id)
    wanted = given_dates.NewDate(due + timedelta(days=7), "Chờ thi công", approved_by_id=agent.staff_id)

    with pytest.raises(LaterDueNeedsApproval):
        given_dates.set_manual_due(session, locked, wanted, actor=agent, now=NOW)
    from_above = given_dates.NewDate(wanted.due_at, wanted.reason, approved_by_id=office.staff_id)
    with pytest.raises(PromiseBroken):
        given_dates.set_manual_due(session, locked, from_above, actor=agent, now=due + timedelta(seconds=1))
    given_dates.set_manual_due(session, locked, from_above, actor=agent, now=due - HOUR)

    assert resolve_clock(session, ticket).due_at == wanted.due_at


def test_the_applications_own_role_cannot_change_or_remove_a_fact(session, ticket):
    note_late(session, now=NOW + timedelta(days=30))

    for statement in (update(PromiseBreach).values(cause="change"), delete(PromiseBreach)):
        with pytest.raises(ProgrammingError), session.begin_nested():
            session.execute(statement)
