"""Which warnings and levels a clock has ahead of it, and when (R11-R13, R18, R20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.tickets.promises.test_calendar import WORKING, WORKING_DAY, local
from tickets.promises.calendar import ROUND_THE_CLOCK, WorkingCalendar
from tickets.promises.plan import (
    ChainLevel,
    EscalationChain,
    StepDelivery,
    StepPlan,
    hold_until,
    not_later,
    plan,
    posts_to_ask,
    warning_notice,
)
from tickets.promises.recompute import ClockState, pause, reopen, resume, retarget, start, stop
from tickets.states import ClockKind, Priority, StepKind

HOUR = 3600
MONDAY = local("2026-03-09 08:00")
CALENDARS = {"working": WORKING, "24x7": ROUND_THE_CLOCK}

CLIMB = EscalationChain(
    "climb",
    (
        ChainLevel(1, ("section_head", "unit_lead"), offset_seconds=0, procedure_posts=("service_centre_director",)),
        ChainLevel(2, ("ward_chair",), offset_percent=25, least_seconds=15 * 60),
        ChainLevel(3, ("city_office_duty",), offset_percent=50, least_seconds=30 * 60, actions=("city_coordinates",)),
        ChainLevel(4, ("city_leader",), offset_percent=100, least_seconds=2 * HOUR),
        ChainLevel(5, ("city_chair",), after_level_seconds=WORKING_DAY, calendar_key="working", daily_list=True),
    ),
)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def clock(
    target_seconds: int = 4 * HOUR, *, kind: ClockKind = ClockKind.RESOLVE, calendar: WorkingCalendar = ROUND_THE_CLOCK
) -> ClockState:
    return start(calendar, kind=kind, target_seconds=target_seconds, now=MONDAY)


def planned(
    state: ClockState,
    *,
    calendar: WorkingCalendar = ROUND_THE_CLOCK,
    chain: EscalationChain | None = CLIMB,
    warn: tuple[int, ...] = (50, 75, 90),
    priority: Priority = Priority.URGENT,
    fired: frozenset[tuple[StepKind, int]] = frozenset(),
    now: datetime = MONDAY,
) -> tuple[StepPlan, ...]:
    return plan(state, calendar, chain=chain, warn=warn, calendars=CALENDARS, priority=priority, fired=fired, now=now)


def warnings(steps: tuple[StepPlan, ...]) -> dict[int, datetime]:
    return {step.rank: step.planned_at for step in steps if step.kind is StepKind.WARNING}


def levels(steps: tuple[StepPlan, ...]) -> dict[int, datetime]:
    return {step.rank: step.planned_at for step in steps if step.kind is StepKind.LEVEL}


# R11 ----------------------------------------------------------------------------------------------------------------


def test_r11_warnings_come_at_half_three_quarters_and_nine_tenths() -> None:
    assert warnings(planned(clock(10 * HOUR))) == {
        50: MONDAY + hours(5),
        75: MONDAY + hours(7.5),
        90: MONDAY + hours(9),
    }


def test_r11_a_promise_under_half_an_hour_warns_only_once() -> None:
    assert warnings(planned(clock(20 * 60))) == {75: MONDAY + timedelta(minutes=15)}
    assert warnings(planned(clock(20 * 60), warn=())) == {}
    assert set(warnings(planned(clock(30 * 60)))) == {50, 75, 90}


def test_r11_warnings_count_working_time_and_wait_with_a_pause() -> None:
    office = clock(2 * WORKING_DAY, calendar=WORKING)
    waited = resume(
        pause(clock(10 * HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(6)), ROUND_THE_CLOCK, now=MONDAY + hours(8)
    )

    assert warnings(planned(office, calendar=WORKING))[50] == local("2026-03-10 08:00")
    assert warnings(planned(waited, now=MONDAY + hours(8)))[75] == MONDAY + hours(9.5)


def test_r11_of_the_warnings_that_time_has_overtaken_only_the_last_is_given() -> None:
    hurried = retarget(clock(10 * HOUR), ROUND_THE_CLOCK, target_seconds=5 * HOUR, now=MONDAY + hours(4))

    assert warnings(planned(hurried, now=MONDAY + hours(4))) == {
        75: MONDAY + hours(3.75),
        90: MONDAY + hours(4.5),
    }


def test_r11_nobody_is_warned_of_a_promise_that_is_already_broken() -> None:
    assert warnings(planned(clock(HOUR), now=MONDAY + hours(1))) == {}


def test_r11_the_assignee_is_warned_first_then_the_lead_then_the_lead_by_sms() -> None:
    half, three_quarters, last = (warning_notice(share) for share in (50, 75, 90))

    assert (half.to_assignee, half.to_lead, half.channels) == (True, False, ("screen",))
    assert (three_quarters.to_assignee, three_quarters.to_lead) == (True, True)
    assert last.to_lead
    assert "sms" in last.channels


# R12 ----------------------------------------------------------------------------------------------------------------


def test_r12_levels_come_at_due_and_then_by_share_of_the_target() -> None:
    due = MONDAY + hours(4)

    at = levels(planned(clock(4 * HOUR)))

    assert at == {
        1: due,
        2: due + hours(1),
        3: due + hours(2),
        4: due + hours(4),
        5: local("2026-03-10 16:00"),
    }


def test_r12_the_least_distance_holds_for_short_promises() -> None:
    due = MONDAY + timedelta(minutes=5)

    at = levels(planned(clock(5 * 60)))

    assert [at[level] - due for level in (1, 2, 3, 4)] == [
        timedelta(0),
        timedelta(minutes=15),
        timedelta(minutes=30),
        timedelta(hours=2),
    ]


def test_r12_level_five_is_one_working_day_after_level_four_in_the_list_of_seven_o_clock() -> None:
    friday = start(ROUND_THE_CLOCK, kind=ClockKind.RESOLVE, target_seconds=4 * HOUR, now=local("2026-03-06 08:00"))

    steps = {step.rank: step for step in planned(friday) if step.kind is StepKind.LEVEL}

    assert steps[4].planned_at == local("2026-03-06 16:00")
    assert steps[5].planned_at == local("2026-03-09 16:00")
    assert steps[5].delivery is StepDelivery.DAILY_LIST


def test_r12_steps_of_a_working_promise_count_working_time() -> None:
    at = levels(planned(clock(WORKING_DAY, calendar=WORKING), calendar=WORKING, priority=Priority.NORMAL))

    assert at[1] == local("2026-03-10 08:00")
    assert at[2] == local("2026-03-10 10:00")
    assert at[3] == local("2026-03-10 13:30")
    assert at[4] == local("2026-03-11 08:00")


def test_r12_an_emergency_tells_the_first_level_when_half_of_the_time_is_gone() -> None:
    at = levels(planned(clock(4 * HOUR), priority=Priority.EMERGENCY))

    assert at[1] == MONDAY + hours(2)
    assert at[2] == MONDAY + hours(5)


def test_r12_an_emergency_counts_round_the_clock_at_every_level() -> None:
    friday_night = start(
        ROUND_THE_CLOCK, kind=ClockKind.RESOLVE, target_seconds=4 * HOUR, now=local("2026-03-06 22:00")
    )

    at = levels(planned(friday_night, priority=Priority.EMERGENCY))

    assert at[4] == local("2026-03-07 06:00")
    assert at[5] == local("2026-03-07 14:00")


def test_r12_at_night_level_four_is_woken_only_by_the_resolve_clock_of_an_emergency() -> None:
    def delivery_of_level_four(kind: ClockKind, priority: Priority) -> StepDelivery:
        steps = planned(clock(kind=kind), priority=priority)
        return next(step.delivery for step in steps if step.rank == 4)

    assert delivery_of_level_four(ClockKind.RESOLVE, Priority.EMERGENCY) is StepDelivery.AT_ONCE
    assert delivery_of_level_four(ClockKind.RESOLVE, Priority.URGENT) is StepDelivery.DUTY_HOURS
    assert delivery_of_level_four(ClockKind.FIRST, Priority.EMERGENCY) is StepDelivery.DUTY_HOURS


def test_r12_offsets_must_increase_for_the_promise_they_serve() -> None:
    crossing = EscalationChain(
        "crossing", (ChainLevel(1, ("a",), offset_percent=50), ChainLevel(2, ("b",), offset_seconds=HOUR))
    )

    assert not_later(crossing, target_seconds=HOUR) is None
    assert not_later(crossing, target_seconds=4 * HOUR) == crossing.steps[1]
    assert not any(not_later(CLIMB, target_seconds=target) for target in (60, 300, HOUR, 15 * WORKING_DAY))


def test_r12_levels_only_climb_even_when_their_calendars_disagree() -> None:
    chain = EscalationChain(
        "mixed",
        (
            ChainLevel(1, ("a",), offset_seconds=HOUR, calendar_key="working"),
            ChainLevel(2, ("b",), offset_seconds=2 * HOUR, calendar_key="24x7"),
        ),
    )
    evening = start(ROUND_THE_CLOCK, kind=ClockKind.RESOLVE, target_seconds=HOUR, now=local("2026-03-06 16:30"))

    at = levels(planned(evening, chain=chain))

    assert at[1] == local("2026-03-09 08:30")
    assert at[2] == at[1] + timedelta(seconds=1)


def test_r12_a_ticket_about_a_procedure_asks_the_service_centre_first() -> None:
    assert posts_to_ask(CLIMB.steps[0], procedure_id=5)[0] == "service_centre_director"
    assert posts_to_ask(CLIMB.steps[0], procedure_id=None) == ("section_head", "unit_lead")


# R13 ----------------------------------------------------------------------------------------------------------------


def test_r13_a_clock_that_does_not_run_has_nothing_ahead_of_it() -> None:
    paused = pause(clock(), ROUND_THE_CLOCK, now=MONDAY + hours(1))
    stopped = stop(clock(), ROUND_THE_CLOCK, now=MONDAY + hours(1))

    assert planned(paused) == ()
    assert planned(stopped) == ()


def test_r13_a_new_plan_leaves_out_what_has_fired() -> None:
    fired = frozenset({(StepKind.WARNING, 50), (StepKind.LEVEL, 1)})

    steps = planned(clock(), fired=fired)

    assert set(levels(steps)) == {2, 3, 4, 5}
    assert set(warnings(steps)) == {75, 90}


def test_r13_a_reopened_clock_is_planned_from_its_new_due_date() -> None:
    solved = stop(clock(4 * HOUR), ROUND_THE_CLOCK, now=MONDAY + hours(4))
    reopened = reopen(solved, ROUND_THE_CLOCK, now=MONDAY + hours(30))

    assert levels(planned(reopened, now=MONDAY + hours(30)))[1] == MONDAY + hours(31)


def test_r13_a_policy_without_a_chain_still_warns() -> None:
    steps = planned(clock(), chain=None)

    assert levels(steps) == {}
    assert set(warnings(steps)) == {50, 75, 90}


def test_r16_levels_missed_during_downtime_stay_planned_at_their_own_instants() -> None:
    late = MONDAY + hours(100)

    assert levels(planned(clock(4 * HOUR), now=late))[1] == MONDAY + hours(4)


@pytest.mark.parametrize(
    ("priority", "delivery"),
    [
        (Priority.NORMAL, StepDelivery.DUTY_HOURS),
        (Priority.URGENT, StepDelivery.AT_ONCE),
        (Priority.EMERGENCY, StepDelivery.AT_ONCE),
    ],
)
def test_r18_only_urgent_matters_reach_people_outside_their_hours(priority: Priority, delivery: StepDelivery) -> None:
    steps = planned(clock(), priority=priority)

    assert {step.delivery for step in steps if step.rank in (1, 2, 3, 50, 75, 90)} == {delivery}


def test_a_pause_after_the_breach_moves_the_levels_and_jumps_none() -> None:
    before = levels(planned(clock()))
    asked_at = before[1] + timedelta(minutes=30)
    waited = pause(clock(), ROUND_THE_CLOCK, now=asked_at)
    resumed = resume(waited, ROUND_THE_CLOCK, now=asked_at + hours(7.5))

    after = levels(planned(resumed, now=asked_at + hours(7.5)))

    assert resumed.due_at == before[1]
    assert after[1] == before[1]
    assert {rank: after[rank] - before[rank] for rank in (2, 3, 4)} == dict.fromkeys((2, 3, 4), hours(7.5))


def test_r20_an_acknowledgement_holds_the_next_level_for_four_open_hours_or_a_quarter_of_the_target_at_most() -> None:
    day = {"target_seconds": 24 * HOUR}
    assert hold_until(WORKING, **day, new_due_at=None, now=local("2026-03-06 15:00")) == local("2026-03-09 09:30")
    assert hold_until(ROUND_THE_CLOCK, **day, new_due_at=MONDAY + hours(1), now=MONDAY) == MONDAY + hours(1)
    assert hold_until(ROUND_THE_CLOCK, **day, new_due_at=MONDAY + hours(9), now=MONDAY) == MONDAY + hours(4)
    assert hold_until(ROUND_THE_CLOCK, target_seconds=300, new_due_at=None, now=MONDAY) == MONDAY + hours(75 / 3600)


def test_a_sixty_second_promise_with_its_own_chain_climbs_in_seconds() -> None:
    quick = EscalationChain(
        "quick", tuple(replace(CLIMB.steps[0], level=n, offset_seconds=20 * (n - 1)) for n in (1, 2, 3, 4))
    )

    at = levels(planned(clock(60), chain=quick, priority=Priority.NORMAL))

    assert [at[n] - MONDAY for n in (1, 2, 3, 4)] == [timedelta(seconds=s) for s in (60, 80, 100, 120)]
