"""R2 to R9 and R17 through the real verbs on real rows."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, department_code, queue_of, staff
from tests.tickets.promises.one_ticket import HOUR, agent, answer, clocks, office, ticket
from tickets.errors import InvalidInput, LaterDueNeedsApproval
from tickets.people.actor import citizen_actor
from tickets.promises import given_dates
from tickets.schema import Clock, ClockInterval, Ticket, TimelineEntry
from tickets.states import Channel, ClockKind, ClockStatus, Priority, TicketStatus
from tickets.work.assignment import assign, change_category, change_priority, claim, return_ticket, transfer
from tickets.work.conversation import citizen_message, note, reply, talked
from tickets.work.resolution import hold, hold_for_third_party, mark_spam, reopen, wake_due, withdraw
from tickets.work.ticket import lock_ticket

__all__ = ["agent", "office", "ticket"]


def test_r2_accept_stops_when_an_agent_of_the_unit_takes_the_ticket(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW + HOUR)

    [accept] = clocks(session, ticket, ClockKind.ACCEPT)
    assert accept.status is ClockStatus.MET
    assert accept.stopped_at == NOW + HOUR
    assert ticket.status is TicketStatus.OPEN


def test_r3_a_reply_meets_first(session, ticket, agent):
    reply(session, ticket.id, body="Phường đã nhận.", actor=agent, now=NOW + HOUR)

    assert clocks(session, ticket, ClockKind.FIRST)[0].status is ClockStatus.MET
    assert ticket.first_answered_at == NOW + HOUR


def test_r3_ten_seconds_of_talk_are_an_answer_and_nine_are_not(session, ticket, agent):
    talked(session, ticket.id, seconds=9, call_id=1, actor=agent, now=NOW + HOUR)
    after_nine = clocks(session, ticket, ClockKind.FIRST)[0].status
    talked(session, ticket.id, seconds=10, call_id=2, actor=agent, now=NOW + 2 * HOUR)

    assert after_nine is ClockStatus.RUNNING
    assert clocks(session, ticket, ClockKind.FIRST)[0].stopped_at == NOW + 2 * HOUR


def test_r3_notes_and_changes_of_fields_are_no_answer(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    note(session, ticket.id, body="Gọi lại sau", actor=agent, now=NOW)
    change_category(session, ticket.id, category_code="pothole", actor=agent, now=NOW)

    assert clocks(session, ticket, ClockKind.FIRST)[0].status is ClockStatus.RUNNING


def test_r4_next_waits_for_first_then_starts_at_the_oldest_unanswered_contact(session, ticket, agent):
    say = {"channel": Channel.SMS, "actor": citizen_actor()}
    citizen_message(session, ticket.id, body="Có ai không?", now=NOW + timedelta(minutes=5), **say)
    before_first = clocks(session, ticket, ClockKind.NEXT)
    reply(session, ticket.id, body="Chào bác", actor=agent, now=NOW + HOUR)
    citizen_message(session, ticket.id, body="Rác còn nguyên", now=NOW + 2 * HOUR, **say)
    citizen_message(session, ticket.id, body="Vẫn còn", now=NOW + 3 * HOUR, **say)

    [waiting] = clocks(session, ticket, ClockKind.NEXT)
    assert before_first == []
    assert waiting.started_at == NOW + 2 * HOUR
    assert waiting.status is ClockStatus.RUNNING


def test_r4_an_answer_stops_next_and_a_later_contact_is_the_next_cycle(session, ticket, agent):
    say = {"channel": Channel.SMS, "actor": citizen_actor()}
    reply(session, ticket.id, body="Chào bác", actor=agent, now=NOW + HOUR)
    citizen_message(session, ticket.id, body="Rác còn nguyên", now=NOW + 2 * HOUR, **say)
    reply(session, ticket.id, body="Chiều nay sẽ thu", actor=agent, now=NOW + 3 * HOUR)
    citizen_message(session, ticket.id, body="Chưa thấy", now=NOW + 4 * HOUR, **say)

    first, second = clocks(session, ticket, ClockKind.NEXT)
    assert (first.cycle, first.status, second.cycle, second.status) == (1, ClockStatus.MET, 2, ClockStatus.RUNNING)


def test_r4_a_contact_that_arrived_before_the_answer_starts_nothing(session, ticket, agent):
    reply(session, ticket.id, body="Chào bác", actor=agent, now=NOW + HOUR)

    citizen_message(
        session, ticket.id, body="Alo", channel=Channel.SMS, arrived_at=NOW + HOUR / 2, actor=citizen_actor(),
        now=NOW + 2 * HOUR,
    )  # fmt: skip

    assert clocks(session, ticket, ClockKind.NEXT) == []


@pytest.mark.parametrize("by", ["a second reply", "a talk"])
def test_r4_a_contact_that_comes_late_and_arrived_before_any_later_answer_starts_nothing(session, ticket, agent, by):
    reply(session, ticket.id, body="Chào bác", actor=agent, now=NOW + HOUR)
    if by == "a second reply":
        reply(session, ticket.id, body="Đội đã xuất phát", actor=agent, now=NOW + 3 * HOUR)
    else:
        talked(session, ticket.id, seconds=40, call_id=1, actor=agent, now=NOW + 3 * HOUR)

    late = {"channel": Channel.SMS, "actor": citizen_actor()}
    citizen_message(session, ticket.id, body="Alo", arrived_at=NOW + 2 * HOUR, now=NOW + 4 * HOUR, **late)
    nothing = clocks(session, ticket, ClockKind.NEXT)
    citizen_message(session, ticket.id, body="Chưa thấy", arrived_at=NOW + 5 * HOUR, now=NOW + 6 * HOUR, **late)
    citizen_message(session, ticket.id, body="Còn nữa", arrived_at=NOW + 4 * HOUR, now=NOW + 7 * HOUR, **late)

    assert nothing == []
    [waiting] = clocks(session, ticket, ClockKind.NEXT)
    assert (waiting.started_at, waiting.status) == (NOW + 5 * HOUR, ClockStatus.RUNNING)


def test_r2_update_limits_the_silence_after_each_answer(session, ticket, agent):
    reply(session, ticket.id, body="Một", actor=agent, now=NOW + HOUR)
    reply(session, ticket.id, body="Hai", actor=agent, now=NOW + 2 * HOUR)

    first, second = clocks(session, ticket, ClockKind.UPDATE)
    assert (first.status, second.started_at, second.status) == (ClockStatus.MET, NOW + 2 * HOUR, ClockStatus.RUNNING)


def test_r5_resolve_stops_when_resolved_and_closing_changes_nothing(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    answer(session, ticket, agent, now=NOW + 2 * HOUR)

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert (promise.status, promise.stopped_at) == (ClockStatus.MET, NOW + 2 * HOUR)
    assert ticket.next_due_at is None


def test_r6_a_question_to_the_citizen_pauses_resolve_but_never_next(session, ticket, agent):
    reply(session, ticket.id, body="Chào bác", actor=agent, now=NOW)
    hold(session, ticket.id, question="Nhà bác ở hẻm nào?", wake_at=NOW + 48 * HOUR, actor=agent, now=NOW + HOUR)

    assert clocks(session, ticket, ClockKind.RESOLVE)[0].status is ClockStatus.PAUSED
    assert ticket.status is TicketStatus.PENDING_CITIZEN
    assert ticket.wake_at == NOW + 48 * HOUR


def test_r6_an_answer_of_the_citizen_wakes_the_ticket_and_the_pause_moves_the_due_date(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    due_before = clocks(session, ticket, ClockKind.RESOLVE)[0].due_at
    hold(session, ticket.id, question="Hẻm nào?", wake_at=NOW + 48 * HOUR, actor=agent, now=NOW + HOUR)

    citizen_message(session, ticket.id, body="Hẻm 12", channel=Channel.SMS, actor=citizen_actor(), now=NOW + 2 * HOUR)

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert (ticket.status, ticket.wake_at) == (TicketStatus.OPEN, None)
    assert promise.due_at == due_before + HOUR
    parts = session.scalars(
        select(ClockInterval).where(ClockInterval.clock_id == promise.id).order_by(ClockInterval.id)
    ).all()
    assert [(p.from_at, p.to_at) for p in parts] == [(NOW, NOW + HOUR), (NOW + 2 * HOUR, None)]


def test_r6_the_date_wakes_a_held_ticket_once_however_often_the_job_runs(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    hold(session, ticket.id, question="Hẻm nào?", wake_at=NOW + 24 * HOUR, actor=agent, now=NOW + HOUR)

    woken = [wake_due(session, now=NOW + 24 * HOUR), wake_due(session, now=NOW + 24 * HOUR)]

    assert woken == [1, 0]
    assert session.get_one(Ticket, ticket.id).status is TicketStatus.OPEN


@pytest.mark.parametrize(
    ("question", "wake_at", "field", "code"),
    [
        ("", NOW + 24 * HOUR, "body", "required"),
        ("Hẻm nào?", NOW - HOUR, "wake_at", "not_in_the_future"),
        ("Hẻm nào?", NOW + timedelta(days=90), "wake_at", "later_than_allowed"),
    ],
)
def test_r6_a_hold_needs_a_question_and_a_date_within_the_policy(
    session, ticket, agent, question, wake_at, field, code
):
    claim(session, ticket.id, actor=agent, now=NOW)

    with pytest.raises(InvalidInput) as refused:
        hold(session, ticket.id, question=question, wake_at=wake_at, actor=agent, now=NOW)

    assert (refused.value.field, refused.value.code) == (field, code)


def test_r6_waiting_for_another_body_does_not_pause_the_promise_unless_the_policy_says_so(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    hold_for_third_party(session, ticket.id, reason="Chờ điện lực", wake_at=NOW + 24 * HOUR, actor=agent, now=NOW)

    assert clocks(session, ticket, ClockKind.RESOLVE)[0].status is ClockStatus.RUNNING


def test_r7_a_higher_priority_counts_what_was_consumed_under_the_new_calendar(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    old_due = clocks(session, ticket, ClockKind.RESOLVE)[0].due_at

    change_priority(
        session, ticket.id, priority=Priority.URGENT, reason="Cháy bãi rác", actor=agent, now=NOW + 2 * HOUR
    )

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert promise.due_at == NOW + 24 * HOUR
    assert promise.history[0]["due_at"] == old_due.isoformat()
    assert promise.history[0]["cause"] == "priority"


def test_r7_a_change_that_makes_a_promise_late_breaks_it_now_and_blames_nobody(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)

    later = NOW + 30 * HOUR
    change_priority(session, ticket.id, priority=Priority.URGENT, reason="Gấp", actor=agent, now=later)

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert (promise.due_at, promise.breach_cause) == (later, "change")


def test_r7_a_later_manual_due_date_needs_approval_and_keeps_the_old_one_in_history(session, ticket, agent, office):
    claim(session, ticket.id, actor=agent, now=NOW)
    locked = lock_ticket(session, ticket.id)
    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    old, wanted = promise.due_at, promise.due_at + timedelta(days=7)

    with pytest.raises(LaterDueNeedsApproval):
        given_dates.set_manual_due(session, locked, given_dates.NewDate(wanted, "Chờ thi công"), actor=agent, now=NOW)
    approved = given_dates.NewDate(wanted, "Chờ thi công", approved_by_id=office.staff_id)
    given_dates.set_manual_due(session, locked, approved, actor=agent, now=NOW)

    assert promise.due_at == wanted
    assert promise.history[-1]["due_at"] == old.isoformat()
    entry = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "due_changed")).one()
    assert entry.params["reason"] == "Chờ thi công"


def test_r8_a_transfer_keeps_the_promise_to_the_citizen_and_gives_the_receiver_its_own_time(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    due = clocks(session, ticket, ClockKind.RESOLVE)[0].due_at

    transfer(
        session, ticket.id, queue_id=queue_of(session, "26737").id, reason="Thuộc Tân Định", actor=agent, now=NOW + HOUR
    )

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    first, second = clocks(session, ticket, ClockKind.ACCEPT)
    assert promise.due_at == due
    assert (first.status, second.cycle, second.status) == (ClockStatus.MET, 2, ClockStatus.RUNNING)
    assert second.started_at == NOW + HOUR
    assert ticket.assignee_id is None


def test_r8_accept_not_taken_in_time_is_missed_by_the_unit_that_passed_it_on(session, ticket, office):
    giver = ticket.unit_id
    late = NOW + 8 * HOUR

    transfer(
        session, ticket.id, queue_id=queue_of(session, department_code(session)).id, reason="x", actor=office, now=late
    )

    missed = clocks(session, ticket, ClockKind.ACCEPT)[0]
    assert (missed.status, missed.due_unit_id, missed.stopped_unit_id) == (ClockStatus.MISSED, giver, giver)


def test_r8_a_third_hop_and_a_return_to_a_queue_already_visited_are_disputes(session, ticket, agent):
    transfer(
        session, ticket.id, queue_id=queue_of(session, "26737").id, reason="Không thuộc phường", actor=agent, now=NOW
    )
    return_ticket(session, ticket.id, reason="Thuộc Sài Gòn", actor=agent, now=NOW + HOUR)

    hops = session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.ticket_id == ticket.id, TimelineEntry.kind.in_(["transferred", "returned"]))
        .order_by(TimelineEntry.id)
    ).all()
    assert [h.params["is_disputed"] for h in hops] == [False, True]
    assert ticket.hop_count == 3


def test_r9_reopening_resumes_the_same_promise_and_time_spent_answered_does_not_count(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    answer(session, ticket, agent, now=NOW + HOUR)

    reopen(session, ticket.id, reason="Dân báo chưa xong", actor=agent, now=NOW + timedelta(days=7))

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert (promise.status, promise.was_reopened, promise.consumed_seconds) == (ClockStatus.RUNNING, True, 3600)
    assert promise.stopped_at is None
    assert ticket.next_due_at is not None


def test_r9_a_promise_used_up_before_gets_a_little_time_when_reopened_and_never_breaks_at_once(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    answer(session, ticket, agent, now=NOW + timedelta(days=30) - HOUR)
    assert clocks(session, ticket, ClockKind.RESOLVE)[0].status is ClockStatus.MISSED

    again = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
    reopen(session, ticket.id, reason="Chưa xong", actor=agent, now=again)

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert promise.due_at > again + 2 * HOUR
    assert promise.breached_at is None


def test_r17_a_breach_between_two_ticks_is_judged_when_the_clock_stops(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    due = clocks(session, ticket, ClockKind.RESOLVE)[0].due_at

    answer(session, ticket, agent, now=due + timedelta(seconds=1))

    [promise] = clocks(session, ticket, ClockKind.RESOLVE)
    assert (promise.status, promise.breached_at, promise.due_unit_id) == (ClockStatus.MISSED, due, ticket.unit_id)


@pytest.mark.parametrize(("aside", "reason"), [(withdraw, "withdrawn"), (mark_spam, "spam")])
def test_what_is_set_aside_counts_neither_as_kept_nor_as_broken(session, ticket, agent, aside, reason):
    by = citizen_actor() if aside is withdraw else agent
    aside(session, ticket.id, reason="Dân rút", actor=by, now=NOW + HOUR)

    every = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).all()
    assert {(c.status, c.cancel_reason) for c in every} == {(ClockStatus.CANCELLED, reason)}
    assert ticket.next_due_at is None


def test_the_earliest_running_due_is_kept_through_every_change(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    reply(session, ticket.id, body="Chào", actor=agent, now=NOW + HOUR)
    assign(session, ticket.id, staff_id=staff(session, at="26740").id, actor=agent, now=NOW + HOUR)

    running = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.status == "running")).all()
    assert ticket.next_due_at == min(c.due_at for c in running)
