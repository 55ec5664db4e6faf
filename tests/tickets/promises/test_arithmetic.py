"""The clock as a state machine: starting, pausing, changing, reopening, stopping (R4-R10, R17)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.tickets.promises.test_calendar import WORKING, WORKING_DAY, local
from tickets.errors import LaterDueNeedsApproval
from tickets.promises.arithmetic import (
    Interval,
    consumed_seconds,
    due_after,
    pauses,
    reached_at,
    reopening_floor_seconds,
)
from tickets.promises.calendar import ROUND_THE_CLOCK, with_days
from tickets.promises.recompute import (
    CHANGE,
    ClockState,
    cancel,
    is_breached,
    latest_wake_at,
    pause,
    pause_left_seconds,
    reopen,
    restore,
    resume,
    retarget,
    set_manual_due,
    share_reached_at,
    start,
    stop,
)
from tickets.states import ClockKind, ClockStatus, TicketStatus

HOUR = 3600
MONDAY = local("2026-03-09 08:00")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def resolve_clock(target_seconds: int = 10 * HOUR, *, now: datetime = MONDAY) -> ClockState:
    return start(ROUND_THE_CLOCK, kind=ClockKind.RESOLVE, target_seconds=target_seconds, now=now)


# R4 -----------------------------------------------------------------------------------------------------------------


def test_r4_a_later_contact_is_the_next_cycle() -> None:
    clock = start(ROUND_THE_CLOCK, kind=ClockKind.NEXT, target_seconds=HOUR, cycle=2, now=MONDAY)

    assert (clock.cycle, clock.due_at) == (2, MONDAY + hours(1))


# R5 -----------------------------------------------------------------------------------------------------------------


def test_r5_resolve_counts_from_the_arrival_of_the_contact() -> None:
    arrived = local("2026-03-06 22:40")

    clock = start(WORKING, kind=ClockKind.RESOLVE, target_seconds=5 * WORKING_DAY, now=arrived)

    assert clock.running_since == arrived
    assert clock.due_at == local("2026-03-13 17:00")


# R6 -----------------------------------------------------------------------------------------------------------------


def test_r6_a_pause_moves_the_due_instant_by_its_length() -> None:
    clock = pause(resolve_clock(), ROUND_THE_CLOCK, now=MONDAY + hours(2))
    assert (clock.status, clock.due_at, clock.consumed_seconds) == (ClockStatus.PAUSED, None, 2 * HOUR)

    clock = resume(clock, ROUND_THE_CLOCK, now=MONDAY + hours(5))

    assert clock.status is ClockStatus.RUNNING
    assert clock.due_at == MONDAY + hours(13)
    assert clock.paused_seconds == 3 * HOUR
    assert clock.intervals == (
        Interval(MONDAY, MONDAY + hours(2)),
        Interval(MONDAY + hours(5), None),
    )


def test_r6_only_resolve_accept_update_and_the_decision_on_an_appeal_pause() -> None:
    waiting = {
        kind for kind in ClockKind if pauses(kind, in_status=TicketStatus.PENDING_CITIZEN, third_party_pauses=False)
    }
    third = {
        kind for kind in ClockKind if pauses(kind, in_status=TicketStatus.PENDING_THIRD_PARTY, third_party_pauses=True)
    }

    assert waiting == third == {ClockKind.RESOLVE, ClockKind.ACCEPT, ClockKind.UPDATE, ClockKind.APPEAL}
    assert not pauses(ClockKind.RESOLVE, in_status=TicketStatus.PENDING_THIRD_PARTY, third_party_pauses=False)
    assert not pauses(ClockKind.RESOLVE, in_status=TicketStatus.OPEN, third_party_pauses=True)


def test_r6_the_total_pause_is_capped_at_twice_the_target_even_if_nobody_wakes_the_clock() -> None:
    clock = pause(resolve_clock(HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(0.5))
    assert latest_wake_at(clock, ROUND_THE_CLOCK) == MONDAY + hours(2.5)

    late = resume(clock, ROUND_THE_CLOCK, now=MONDAY + hours(40))

    assert late.running_since == MONDAY + hours(2.5)
    assert late.due_at == MONDAY + hours(3)
    assert pause_left_seconds(late, ROUND_THE_CLOCK, now=MONDAY + hours(40)) == 0
    assert pause(late, ROUND_THE_CLOCK, now=MONDAY + hours(40)) is late


def test_r6_two_pauses_share_one_cap() -> None:
    clock = pause(resolve_clock(HOUR), ROUND_THE_CLOCK, now=MONDAY)
    clock = resume(clock, ROUND_THE_CLOCK, now=MONDAY + hours(1.5))

    again = pause(clock, ROUND_THE_CLOCK, now=MONDAY + hours(2))

    assert latest_wake_at(again, ROUND_THE_CLOCK) == MONDAY + hours(2.5)


def test_r6_a_pause_after_the_breach_does_not_move_the_breach() -> None:
    clock = pause(resolve_clock(HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(2))
    clock = resume(clock, ROUND_THE_CLOCK, now=MONDAY + hours(3))

    assert clock.due_at == MONDAY + hours(1)
    assert is_breached(clock, now=MONDAY + hours(3))


def test_r6_a_clock_stopped_long_after_its_pause_cap_is_missed() -> None:
    clock = pause(resolve_clock(HOUR), ROUND_THE_CLOCK, now=MONDAY)

    stopped = stop(clock, ROUND_THE_CLOCK, now=MONDAY + hours(30))

    assert stopped.status is ClockStatus.MISSED
    assert stopped.due_at == MONDAY + hours(3)


def test_r6_a_clock_stopped_while_it_waits_for_the_citizen_is_met() -> None:
    clock = pause(resolve_clock(), ROUND_THE_CLOCK, now=MONDAY + hours(2))

    stopped = stop(clock, ROUND_THE_CLOCK, now=MONDAY + hours(6))

    assert (stopped.status, stopped.consumed_seconds, stopped.paused_seconds) == (ClockStatus.MET, 2 * HOUR, 4 * HOUR)


# R7 -----------------------------------------------------------------------------------------------------------------


def test_r7_a_new_priority_keeps_what_was_consumed() -> None:
    clock = retarget(resolve_clock(10 * HOUR), ROUND_THE_CLOCK, target_seconds=4 * HOUR, now=MONDAY + hours(1))

    assert clock.due_at == MONDAY + hours(4)
    assert clock.breach_cause == ""


def test_r7_consumed_time_is_recounted_under_the_new_calendar() -> None:
    friday = local("2026-03-06 16:00")
    clock = start(WORKING, kind=ClockKind.RESOLVE, target_seconds=5 * WORKING_DAY, now=friday)

    urgent = retarget(clock, ROUND_THE_CLOCK, target_seconds=24 * HOUR, now=local("2026-03-07 10:00"))

    assert urgent.due_at == local("2026-03-07 16:00")


def test_r7_a_promise_shortened_below_what_has_passed_breaks_now_by_the_change() -> None:
    now = MONDAY + hours(5)

    clock = retarget(resolve_clock(10 * HOUR), ROUND_THE_CLOCK, target_seconds=4 * HOUR, now=now)

    assert (clock.due_at, clock.breach_cause) == (now, CHANGE)


def test_r7_a_promise_already_broken_is_not_made_fresh_by_a_change() -> None:
    broken = resolve_clock(2 * HOUR)

    clock = retarget(broken, ROUND_THE_CLOCK, target_seconds=HOUR, now=MONDAY + hours(5))

    assert (clock.due_at, clock.breach_cause) == (MONDAY + hours(2), "")


def test_r7_the_same_promise_again_changes_nothing() -> None:
    clock = start(WORKING, kind=ClockKind.RESOLVE, target_seconds=3 * WORKING_DAY, now=MONDAY)

    again = retarget(clock, WORKING, target_seconds=3 * WORKING_DAY, now=local("2026-03-10 20:00"))

    assert again == clock


def test_r7_a_change_while_paused_waits_for_the_citizen_too() -> None:
    paused = pause(resolve_clock(10 * HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(2))

    longer = retarget(paused, ROUND_THE_CLOCK, target_seconds=20 * HOUR, now=MONDAY + hours(3))
    shorter = retarget(paused, ROUND_THE_CLOCK, target_seconds=HOUR, now=MONDAY + hours(3))

    assert (longer.status, longer.due_at) == (ClockStatus.PAUSED, None)
    assert (shorter.due_at, shorter.breach_cause) == (MONDAY + hours(3), CHANGE)
    assert resume(longer, ROUND_THE_CLOCK, now=MONDAY + hours(4)).due_at == MONDAY + hours(22)


def test_r7_closed_clocks_never_change() -> None:
    stopped = stop(resolve_clock(), ROUND_THE_CLOCK, now=MONDAY + hours(1))

    assert retarget(stopped, ROUND_THE_CLOCK, target_seconds=60, now=MONDAY + hours(2)) is stopped


def test_r7_a_manual_due_date_may_come_earlier_but_later_only_with_approval() -> None:
    clock = resolve_clock(10 * HOUR)

    earlier = set_manual_due(clock, ROUND_THE_CLOCK, due_at=MONDAY + hours(6), now=MONDAY + hours(1))
    approved = set_manual_due(
        clock, ROUND_THE_CLOCK, due_at=MONDAY + hours(20), approved_by_supervisor_id=7, now=MONDAY + hours(1)
    )

    assert earlier.due_at == MONDAY + hours(6)
    assert approved.due_at == MONDAY + hours(20)
    with pytest.raises(LaterDueNeedsApproval):
        set_manual_due(clock, ROUND_THE_CLOCK, due_at=MONDAY + hours(20), now=MONDAY + hours(1))


def test_r7_a_manual_due_date_outlives_a_change_of_policy_and_moves_with_a_pause() -> None:
    clock = set_manual_due(resolve_clock(10 * HOUR), ROUND_THE_CLOCK, due_at=MONDAY + hours(6), now=MONDAY)

    changed = retarget(clock, ROUND_THE_CLOCK, target_seconds=2 * HOUR, now=MONDAY + hours(1))
    paused = resume(pause(clock, ROUND_THE_CLOCK, now=MONDAY + hours(1)), ROUND_THE_CLOCK, now=MONDAY + hours(3))

    assert changed.due_at == MONDAY + hours(6)
    assert paused.due_at == MONDAY + hours(8)


def test_r7_a_manual_due_date_in_the_past_breaks_the_promise_now() -> None:
    now = MONDAY + hours(3)

    clock = set_manual_due(resolve_clock(10 * HOUR), ROUND_THE_CLOCK, due_at=MONDAY + hours(1), now=now)

    assert (clock.due_at, clock.breach_cause) == (now, CHANGE)


# R8 -----------------------------------------------------------------------------------------------------------------


def test_r8_a_transfer_gives_the_receiver_a_fresh_accept_and_leaves_resolve_alone() -> None:
    resolve = resolve_clock(10 * HOUR)
    accept = start(ROUND_THE_CLOCK, kind=ClockKind.ACCEPT, target_seconds=HOUR, now=MONDAY)
    moved = MONDAY + hours(2)

    given_up = stop(accept, ROUND_THE_CLOCK, now=moved)
    received = start(ROUND_THE_CLOCK, kind=ClockKind.ACCEPT, target_seconds=HOUR, cycle=given_up.cycle + 1, now=moved)

    assert given_up.status is ClockStatus.MISSED
    assert (received.cycle, received.due_at) == (2, MONDAY + hours(3))
    assert resolve.due_at == MONDAY + hours(10)


# R9 -----------------------------------------------------------------------------------------------------------------


def test_r9_a_reopened_promise_resumes_with_what_was_consumed() -> None:
    solved = stop(resolve_clock(40 * HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(10))

    reopened = reopen(solved, ROUND_THE_CLOCK, now=MONDAY + hours(100))

    assert reopened.status is ClockStatus.RUNNING
    assert reopened.cycle == solved.cycle
    assert reopened.due_at == MONDAY + hours(130)
    assert reopened.was_reopened


def test_r9_a_reopening_never_breaks_the_promise_at_once() -> None:
    solved = stop(resolve_clock(8 * HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(8))

    reopened = reopen(solved, ROUND_THE_CLOCK, now=MONDAY + hours(50))

    assert reopened.due_at == MONDAY + hours(52)
    assert reopening_floor_seconds(8 * HOUR) == 2 * HOUR
    assert reopening_floor_seconds(100 * HOUR) == 4 * HOUR


def test_r9_the_floor_survives_a_pause_after_reopening() -> None:
    reopened = reopen(
        stop(resolve_clock(8 * HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(8)), ROUND_THE_CLOCK, now=MONDAY + hours(50)
    )

    waited = resume(pause(reopened, ROUND_THE_CLOCK, now=MONDAY + hours(51)), ROUND_THE_CLOCK, now=MONDAY + hours(54))

    assert waited.due_at == MONDAY + hours(55)


def test_r9_the_floor_counts_open_hours() -> None:
    solved = stop(
        start(WORKING, kind=ClockKind.RESOLVE, target_seconds=WORKING_DAY, now=local("2026-03-06 08:00")),
        WORKING,
        now=local("2026-03-06 17:00"),
    )

    reopened = reopen(solved, WORKING, now=local("2026-03-07 21:00"))

    assert reopened.due_at == local("2026-03-09 09:30")


# R10 ----------------------------------------------------------------------------------------------------------------


def test_r10_a_duplicate_is_neither_met_nor_missed_and_comes_back_from_its_intervals() -> None:
    clock = cancel(resolve_clock(10 * HOUR), ROUND_THE_CLOCK, reason="duplicate", now=MONDAY + hours(3))
    assert clock.status is ClockStatus.CANCELLED
    assert not is_breached(clock, now=MONDAY + hours(30))

    back = restore(clock, ROUND_THE_CLOCK, now=MONDAY + hours(5))

    assert (back.status, back.due_at, back.cancel_reason) == (ClockStatus.RUNNING, MONDAY + hours(12), "")


def test_r10_a_clock_met_before_it_became_a_duplicate_is_met_again_afterwards() -> None:
    met = stop(resolve_clock(), ROUND_THE_CLOCK, now=MONDAY + hours(3))

    assert (
        restore(
            cancel(met, ROUND_THE_CLOCK, reason="duplicate", now=MONDAY + hours(4)),
            ROUND_THE_CLOCK,
            now=MONDAY + hours(5),
        )
        == met
    )


def test_r10_a_promise_broken_before_the_link_is_still_broken_after_it() -> None:
    late = cancel(resolve_clock(HOUR), ROUND_THE_CLOCK, reason="duplicate", now=MONDAY + hours(3))

    assert restore(late, ROUND_THE_CLOCK, now=MONDAY + hours(9)).due_at == MONDAY + hours(1)


# R17 ----------------------------------------------------------------------------------------------------------------


def test_r17_a_breach_between_two_ticks_is_seen_when_the_clock_stops() -> None:
    clock = resolve_clock(HOUR)

    on_time = stop(clock, ROUND_THE_CLOCK, now=MONDAY + hours(1))
    a_second_late = stop(clock, ROUND_THE_CLOCK, now=MONDAY + hours(1) + timedelta(seconds=1))

    assert on_time.status is ClockStatus.MET
    assert a_second_late.status is ClockStatus.MISSED
    assert a_second_late.due_at == MONDAY + hours(1)


def test_r17_stopping_twice_keeps_the_first_verdict() -> None:
    stopped = stop(resolve_clock(HOUR), ROUND_THE_CLOCK, now=MONDAY)

    assert stop(stopped, ROUND_THE_CLOCK, now=MONDAY + hours(5)) is stopped


def test_the_clocks_of_two_machines_may_disagree_by_five_minutes() -> None:
    clock = resolve_clock(HOUR)
    behind = MONDAY - timedelta(minutes=5)

    stopped = stop(clock, ROUND_THE_CLOCK, now=behind)
    paused = resume(pause(clock, ROUND_THE_CLOCK, now=behind), ROUND_THE_CLOCK, now=behind)

    assert (stopped.status, stopped.consumed_seconds, stopped.stopped_at) == (ClockStatus.MET, 0, MONDAY)
    assert paused.due_at == clock.due_at


def test_a_due_instant_can_be_replayed_from_the_intervals() -> None:
    calendar = with_days(WORKING, holidays=[date(2026, 3, 11)], swapped={})
    parts = [Interval(MONDAY, local("2026-03-09 10:00")), Interval(local("2026-03-10 09:00"))]
    now = local("2026-03-10 09:00")

    consumed = consumed_seconds(calendar, parts, now=now)

    assert consumed == 2 * HOUR
    assert due_after(calendar, target_seconds=12 * HOUR, consumed=consumed, now=now) == local("2026-03-12 11:00")
    assert reached_at(calendar, parts, 12 * HOUR) == local("2026-03-12 11:00")
    assert reached_at(calendar, parts[:1], 12 * HOUR) is None


def test_the_share_of_a_promise_is_reached_where_it_was_used_not_where_it_was_planned() -> None:
    clock = resolve_clock(10 * HOUR)
    waited = resume(pause(clock, ROUND_THE_CLOCK, now=MONDAY + hours(6)), ROUND_THE_CLOCK, now=MONDAY + hours(8))

    assert share_reached_at(waited, ROUND_THE_CLOCK, share=0.5) == MONDAY + hours(5)
    assert share_reached_at(waited, ROUND_THE_CLOCK, share=0.75) == MONDAY + hours(9.5)


def test_instants_are_whole_utc_seconds_but_for_the_one_that_decides() -> None:
    clock = resolve_clock(HOUR, now=datetime(2026, 3, 9, 1, 0, 0, 999_999, tzinfo=UTC))

    assert clock.running_since == datetime(2026, 3, 9, 1, tzinfo=UTC)
    on_the_second = datetime(2026, 3, 9, 2, tzinfo=UTC)
    half_a_second_late = stop(clock, ROUND_THE_CLOCK, now=on_the_second + timedelta(milliseconds=500))
    assert stop(clock, ROUND_THE_CLOCK, now=on_the_second).status is ClockStatus.MET
    assert half_a_second_late.status is ClockStatus.MISSED
    assert (half_a_second_late.consumed_seconds, half_a_second_late.intervals[-1].to_at) == (HOUR, on_the_second)
