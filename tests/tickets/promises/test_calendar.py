"""Working calendars: windows, holidays, swapped days, and how fast the arithmetic is (R1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.work_done import calls_made
from tickets.errors import CalendarRefused, NeverOpen
from tickets.promises.calendar import (
    ALL_DAY,
    ROUND_THE_CLOCK,
    Window,
    WorkingCalendar,
    add,
    between,
    check,
    is_open,
    next_opening,
    parse_window,
    parse_windows,
    weekly_windows,
    windows_on,
    with_days,
)

HCMC = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE_DAY = ["07:30-11:30", "13:00-17:00"]
WEEK = weekly_windows({day: OFFICE_DAY for day in ("mon", "tue", "wed", "thu", "fri")})
WORKING = WorkingCalendar(key="working", weekly=WEEK)
WORKING_DAY = 8 * 3600


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HCMC).astimezone(UTC)


def test_r1_five_working_hours_from_friday_afternoon_end_on_monday() -> None:
    friday = local("2026-03-06 16:00")

    due_at = add(WORKING, friday, 5 * 3600)

    assert due_at == local("2026-03-09 11:30")
    assert between(WORKING, friday, due_at) == 5 * 3600


def test_r1_windows_are_half_open() -> None:
    assert is_open(WORKING, local("2026-03-06 07:30"))
    assert is_open(WORKING, local("2026-03-06 11:29:59"))
    assert not is_open(WORKING, local("2026-03-06 11:30"))
    assert not is_open(WORKING, local("2026-03-06 07:29:59"))


def test_r1_work_that_fills_the_day_is_due_when_the_day_closes() -> None:
    assert add(WORKING, local("2026-03-06 07:30"), WORKING_DAY) == local("2026-03-06 17:00")


def test_r1_no_time_at_all_is_due_at_once_even_when_closed() -> None:
    sunday = local("2026-03-08 03:00")

    assert add(WORKING, sunday, 0) == sunday


def test_r1_the_next_opening_skips_noon_night_and_weekend() -> None:
    assert next_opening(WORKING, local("2026-03-06 12:00")) == local("2026-03-06 13:00")
    assert next_opening(WORKING, local("2026-03-06 17:00")) == local("2026-03-09 07:30")
    assert next_opening(WORKING, local("2026-03-06 08:00")) == local("2026-03-06 08:00")


def test_r1_a_holiday_closes_a_working_day() -> None:
    calendar = with_days(WORKING, holidays=[date(2026, 4, 30), date(2026, 5, 1)], swapped={})

    assert add(calendar, local("2026-04-29 16:00"), 2 * 3600) == local("2026-05-04 08:30")


def test_r1_a_swapped_working_day_beats_a_holiday_and_a_holiday_beats_the_week() -> None:
    saturday = date(2026, 8, 22)
    windows = parse_windows(OFFICE_DAY)

    both = with_days(WORKING, holidays=[saturday], swapped={saturday: windows})
    holiday = with_days(WORKING, holidays=[date(2026, 8, 31)], swapped={})

    assert windows_on(both, saturday) == windows
    assert windows_on(holiday, date(2026, 8, 31)) == ()
    assert windows_on(WORKING, saturday) == ()


def test_r1_the_make_up_saturday_of_january_2026_counts_and_the_second_does_not() -> None:
    calendar = with_days(
        WORKING,
        holidays=[date(2026, 1, 1), date(2026, 1, 2)],
        swapped={date(2026, 1, 10): parse_windows(OFFICE_DAY)},
    )

    assert add(calendar, local("2025-12-31 17:00"), WORKING_DAY) == local("2026-01-05 17:00")
    assert add(calendar, local("2026-01-09 17:00"), WORKING_DAY) == local("2026-01-10 17:00")


def test_r1_five_working_days_over_tet_2026() -> None:
    tet = [date(2026, 2, day) for day in range(16, 21)]
    calendar = with_days(WORKING, holidays=tet, swapped={})

    assert add(calendar, local("2026-02-12 08:00"), 5 * WORKING_DAY) == local("2026-02-26 08:00")


def test_r1_a_window_over_midnight_belongs_to_the_day_it_opens_on() -> None:
    nights = WorkingCalendar(key="duty", weekly=weekly_windows({"fri": ["22:00-06:00"]}))

    assert is_open(nights, local("2026-03-07 05:59"))
    assert not is_open(nights, local("2026-03-07 06:00"))
    assert not is_open(nights, local("2026-03-06 05:00"))
    assert add(nights, local("2026-03-06 23:00"), 7 * 3600) == local("2026-03-07 06:00")


def test_r1_a_night_shift_begun_before_a_holiday_runs_to_its_end() -> None:
    nights = WorkingCalendar(key="duty", weekly=weekly_windows({"wed": ["22:00-06:00"], "thu": ["22:00-06:00"]}))
    calendar = with_days(nights, holidays=[date(2026, 4, 30)], swapped={})

    assert is_open(calendar, local("2026-04-30 05:00"))
    assert not is_open(calendar, local("2026-04-30 23:00"))


def test_r1_overlapping_windows_count_a_second_once() -> None:
    calendar = WorkingCalendar(
        key="overlap", weekly=weekly_windows({"mon": ["20:00-04:00", "22:00-23:00"], "tue": ["02:00-05:00"]})
    )

    assert between(calendar, local("2026-03-09 00:00"), local("2026-03-11 00:00")) == 9 * 3600


def test_r1_a_day_may_close_at_24_00() -> None:
    assert parse_window("13:00-24:00") == Window(13 * 3600, 24 * 3600)
    evenings = WorkingCalendar(key="evening", weekly=weekly_windows({"mon": ["20:00-24:00"], "tue": ["00:00-02:00"]}))

    assert between(evenings, local("2026-03-09 00:00"), local("2026-03-11 00:00")) == 6 * 3600


def test_r1_round_the_clock_needs_no_arithmetic() -> None:
    sunday = local("2026-03-08 03:00")

    assert ROUND_THE_CLOCK.is_24x7
    assert add(ROUND_THE_CLOCK, sunday, 90) == local("2026-03-08 03:01:30")
    assert not with_days(ROUND_THE_CLOCK, holidays=[date(2026, 3, 8)], swapped={}).is_24x7
    assert WorkingCalendar(key="halves", weekly=(parse_windows(["00:00-12:00", "12:00-24:00"]),) * 7).is_24x7


def test_r1_summer_time_moves_with_the_wall_clock() -> None:
    berlin = WorkingCalendar(key="berlin", weekly=(parse_windows(["00:00-24:00"]),) * 7, zone="Europe/Berlin")
    spring = with_days(berlin, holidays=[date(2026, 1, 1)], swapped={})
    zone = ZoneInfo("Europe/Berlin")

    opened = between(spring, datetime(2026, 3, 29, tzinfo=zone), datetime(2026, 3, 30, tzinfo=zone))

    assert opened == 23 * 3600


def test_r1_a_calendar_that_never_opens_is_refused_on_save() -> None:
    never = WorkingCalendar(key="never", weekly=((),) * 7)
    now = local("2026-03-06 08:00")

    with pytest.raises(CalendarRefused) as refused:
        check(never, now=now)
    with pytest.raises(NeverOpen):
        add(never, now, 1)
    with pytest.raises(NeverOpen):
        next_opening(never, now)

    assert refused.value.code == "never_open"
    check(WORKING, now=now)


def test_r1_a_calendar_closed_by_a_year_of_holidays_is_refused() -> None:
    days = [date.fromordinal(date(2026, 3, 1).toordinal() + n) for n in range(400)]

    with pytest.raises(CalendarRefused):
        check(with_days(WORKING, holidays=days, swapped={}), now=local("2026-03-06 08:00"))


@pytest.mark.parametrize(
    ("calendar", "code"),
    [
        (replace(WORKING, zone="Asia/Saigon_City"), "no_such_zone"),
        (replace(WORKING, zone="../etc/passwd"), "no_such_zone"),
        (replace(WORKING, weekly=WEEK[:6]), "seven_weekdays"),
        (replace(WORKING, weekly=((Window(500, 400),),) * 7), "bad_window"),
        (replace(WORKING, weekly=((Window(0, 90_000),),) * 7), "bad_window"),
    ],
)
def test_r1_an_impossible_calendar_is_refused_with_the_reason(calendar: WorkingCalendar, code: str) -> None:
    with pytest.raises(CalendarRefused) as refused:
        check(calendar, now=local("2026-03-06 08:00"))

    assert refused.value.code == code


@pytest.mark.parametrize("text", ["", "7-11", "07:30", "07:30-07:30", "25:00-26:00", "24:00-25:00", "07:60-08:00"])
def test_r1_a_window_nobody_can_keep_is_refused(text: str) -> None:
    with pytest.raises(CalendarRefused):
        parse_window(text)


def test_r1_windows_are_written_as_they_are_read() -> None:
    for text in ("07:30-11:30", "22:00-06:00", "13:00-24:00"):
        assert str(parse_window(text)) == text


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        add(WORKING, datetime(2026, 3, 6, 8), 1)


def test_time_running_backwards_between_two_machines_counts_nothing() -> None:
    later, earlier = local("2026-03-06 08:05"), local("2026-03-06 08:00")

    assert between(WORKING, later, earlier) == 0
    assert between(ROUND_THE_CLOCK, later, earlier) == 0


def test_r1_fifteen_working_days_over_tet_are_counted_in_one_step_once_the_year_is_laid_out() -> None:
    calendar = with_days(WORKING, holidays=[date(2026, 2, day) for day in range(16, 21)], swapped={})
    start = local("2026-02-05 09:17")
    add(calendar, start, 15 * WORKING_DAY)

    work = calls_made(lambda: add(calendar, start, 15 * WORKING_DAY))

    assert add(calendar, start, 15 * WORKING_DAY) == local("2026-03-05 09:17")
    assert work < 160


def test_all_day_means_every_second() -> None:
    assert sum(window.closes - window.opens for window in ALL_DAY) == 86_400
