"""Times are said as people say them, in the city's time and the reader's language."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import force_locale

from app.web.frame.application import HotlineApp
from app.wording import spoken_time

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "vietnamese", "english"),
    [
        (timedelta(seconds=59), "dưới 1 phút", "less than a minute"),
        (timedelta(minutes=1), "1 phút", "1 minute"),
        (timedelta(hours=2), "2 giờ", "2 hours"),
        (timedelta(hours=2, minutes=10, seconds=59), "2 giờ 10 phút", "2 hours 10 minutes"),
        (timedelta(days=1, hours=1), "1 ngày 1 giờ", "1 day 1 hour"),
        (timedelta(days=4, hours=7), "4 ngày", "4 days"),
        (-timedelta(minutes=5), "5 phút", "5 minutes"),
    ],
)
def test_a_length_is_said_in_its_two_largest_units(
    app: HotlineApp, length: timedelta, vietnamese: str, english: str
) -> None:
    with app.test_request_context():
        with force_locale("vi"):
            assert spoken_time.duration_phrase(length) == vietnamese
        with force_locale("en"):
            assert spoken_time.duration_phrase(length) == english


def test_a_deadline_is_left_before_and_overdue_after(app: HotlineApp) -> None:
    with app.test_request_context(), force_locale("vi"):
        assert spoken_time.due_phrase(NOW + timedelta(hours=2), NOW) == "còn 2 giờ"
        assert spoken_time.due_phrase(NOW - timedelta(hours=2, minutes=10), NOW) == "quá hạn 2 giờ 10 phút"
        assert spoken_time.due_phrase(NOW, NOW) == "quá hạn dưới 1 phút"


def test_a_deadline_warns_in_the_last_quarter_of_its_target() -> None:
    day = timedelta(days=1)

    assert spoken_time.due_state(NOW + timedelta(hours=7), NOW, target=day) == "running"
    assert spoken_time.due_state(NOW + timedelta(hours=6), NOW, target=day) == "warned"
    assert spoken_time.due_state(NOW + timedelta(minutes=61), NOW) == "running"
    assert spoken_time.due_state(NOW, NOW) == "breached"


def test_an_instant_is_told_in_the_citys_time(app: HotlineApp) -> None:
    with app.test_request_context(), force_locale("vi"):
        # 17:30 UTC is half past midnight of the next day in Ho Chi Minh City.
        assert spoken_time.moment_phrase(datetime(2026, 11, 22, 17, 30, tzinfo=UTC), NOW) == "00:30 hôm nay"
        assert spoken_time.moment_phrase(datetime(2026, 11, 22, 16, 30, tzinfo=UTC), NOW) == "23:30 hôm qua"
        assert spoken_time.moment_phrase(datetime(2026, 1, 2, 1, 5, tzinfo=UTC), NOW) == "08:05 ngày 02/01/2026"
        assert spoken_time.exact_phrase(NOW) == "Thứ Hai, 23/11/2026 09:00:00"


def test_what_happened_is_ago_until_half_a_day_has_passed(app: HotlineApp) -> None:
    with app.test_request_context(), force_locale("vi"):
        assert spoken_time.ago_phrase(NOW - timedelta(seconds=30), NOW) == "vừa xong"
        assert spoken_time.ago_phrase(NOW - timedelta(minutes=5), NOW) == "5 phút trước"
        assert spoken_time.ago_phrase(NOW - timedelta(hours=8), NOW) == "8 giờ trước"
        assert spoken_time.ago_phrase(NOW - timedelta(hours=13), NOW) == "20:00 hôm qua"


def test_a_stopwatch_shows_hours_only_when_there_are_any() -> None:
    assert spoken_time.stopwatch_phrase(7) == "0:07"
    assert spoken_time.stopwatch_phrase(timedelta(minutes=12, seconds=34)) == "12:34"
    assert spoken_time.stopwatch_phrase(3723.9) == "1:02:03"
    assert spoken_time.stopwatch_phrase(-3) == "0:00"
