"""R13 through the real verbs on real rows: whatever is computed anew is planned anew."""

from datetime import timedelta

from tests.factories import NOW
from tests.tickets.promises.one_ticket import HOUR, agent, answer, clocks, office, steps, ticket
from tickets.states import ClockKind, Priority, StepKind, StepResult
from tickets.work.assignment import change_category, change_priority, claim
from tickets.work.resolution import hold, reopen, wake_due

__all__ = ["agent", "office", "ticket"]


def test_r13_every_recomputation_plans_anew_and_leaves_no_step_of_the_old_plan(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    before = steps(session, promise)

    change_priority(session, ticket.id, priority=Priority.URGENT, reason="Gấp", actor=agent, now=NOW + HOUR)

    after = steps(session, promise)
    assert before
    assert {s.due_at for s in after} == {promise.due_at}
    assert [s.rank for s in after if s.kind is StepKind.LEVEL] == [1, 2, 3, 4, 5]


def test_r13_a_paused_clock_plans_nothing_and_a_stopped_one_neither(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    hold(session, ticket.id, question="Hẻm nào?", wake_at=NOW + 24 * HOUR, actor=agent, now=NOW)
    while_paused = steps(session, promise)
    wake_due(session, now=NOW + 24 * HOUR)
    while_running = steps(session, promise)
    answer(session, ticket, agent, now=NOW + 25 * HOUR)

    assert while_paused == []
    assert while_running
    assert steps(session, promise) == []


def test_r13_a_level_that_fired_is_kept_and_not_planned_again_for_the_same_due_date(session, ticket, agent, office):
    claim(session, ticket.id, actor=agent, now=NOW)
    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    late = promise.due_at + HOUR / 2
    fired = next(s for s in steps(session, promise) if s.kind is StepKind.LEVEL and s.rank == 1)
    fired.fired_at, fired.result = late, StepResult.NOTIFIED
    session.flush()

    change_category(session, ticket.id, category_code="pothole", actor=office, now=late)

    levels = [s for s in steps(session, promise) if s.kind is StepKind.LEVEL]
    assert [(s.rank, s.plan, s.fired_at is not None) for s in levels][:2] == [(1, 1, True), (2, 1, False)]


def test_r13_a_reopened_promise_climbs_the_same_levels_a_second_time(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    fired = next(s for s in steps(session, promise) if s.kind is StepKind.LEVEL and s.rank == 1)
    late = promise.due_at + HOUR
    fired.fired_at, fired.result = late, StepResult.NOTIFIED
    session.flush()
    answer(session, ticket, agent, now=late)

    reopen(session, ticket.id, reason="Chưa xong", actor=agent, now=late + timedelta(days=1))

    first_level = [s for s in steps(session, promise) if s.kind is StepKind.LEVEL and s.rank == 1]
    assert sorted((s.plan, s.fired_at is not None) for s in first_level) == [(1, True), (2, False)]
