"""Working calendars: which seconds count, and the arithmetic over them (rule R1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tickets.city import zone
from tickets.errors import CalendarRefused, NeverOpen

DAY_SECONDS = 86_400
HORIZON_DAYS = 366
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_WINDOW = re.compile(r"^(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$")
# As people write it here: 7h30, 13h.
_HOUR_SIGN = re.compile(r"(\d)[hH](\d{2})?")

OpenSpan = tuple[int, int]
"""Open time as a half-open pair of microseconds since 1970."""


@dataclass(frozen=True, order=True)
class Window:
    """Half-open `[opens, closes)` in seconds after local midnight of the day it opens on.

    `closes` past 24:00 means the window ends on the next day; a night shift that begins before a holiday
    therefore runs to its end, as the people on it do. No window is longer than 24 hours.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{_clock_text(self.opens)}-{_clock_text(self.closes)}"


Windows = tuple[Window, ...]

ALL_DAY: Windows = (Window(0, DAY_SECONDS),)


@dataclass(frozen=True)
class WorkingCalendar:
    """When time counts. A swapped working day beats a holiday, a holiday beats the week."""

    key: str
    weekly: tuple[Windows, ...]
    zone: str = field(default_factory=lambda: zone().key)
    holidays: frozenset[date] = frozenset()
    swapped: Mapping[date, Windows] = field(default_factory=dict, hash=False)

    @cached_property
    def is_24x7(self) -> bool:
        """Whether every second counts, so that no arithmetic is needed."""
        return not self.holidays and not self.swapped and all(_covers_the_day(day) for day in self.weekly)

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _open_by_day(self) -> dict[int, tuple[tuple[OpenSpan, ...], int]]:
        # Filled as days are asked for: a calendar is immutable, so a day computed once stays right.
        return {}


ROUND_THE_CLOCK = WorkingCalendar(key="24x7", weekly=(ALL_DAY,) * 7)


def parse_window(text: str) -> Window:
    """Read `07:30-11:30` or `7h30-11h30`; `24:00` may close, and `22:00-06:00` ends on the next day."""
    match = _WINDOW.match(_HOUR_SIGN.sub(_with_colon, text.strip()))
    if match is None:
        raise CalendarRefused("bad_window", text)
    hour, minute, to_hour, to_minute = (int(part) for part in match.groups())
    opens, closes = hour * 3600 + minute * 60, to_hour * 3600 + to_minute * 60
    if minute > 59 or to_minute > 59 or opens >= DAY_SECONDS or closes > DAY_SECONDS or opens == closes:
        raise CalendarRefused("bad_window", text)
    return Window(opens, closes if closes > opens else closes + DAY_SECONDS)


def _with_colon(written: re.Match[str]) -> str:
    return f"{written[1]}:{written[2] or '00'}"


def parse_windows(texts: Iterable[str]) -> Windows:
    return tuple(sorted(parse_window(text) for text in texts))


def weekly_windows(by_weekday: Mapping[str, Sequence[str]]) -> tuple[Windows, ...]:
    """Seven days of windows, Monday first, from `{"mon": ["07:30-11:30"], …}`; a missing weekday is closed."""
    unknown = set(by_weekday) - set(WEEKDAYS)
    if unknown:
        raise CalendarRefused("bad_window", ", ".join(sorted(unknown)))
    return tuple(parse_windows(by_weekday.get(name, ())) for name in WEEKDAYS)


def check_nights(weekly: Sequence[Windows]) -> None:
    """Refuse a week in which a night runs into the hours of the morning after it: one of the two is a slip.

    Raises CalendarRefused with the weekday whose hours it runs into. Not asked of versions that stand: they count on.
    """
    for number, windows in enumerate(weekly):
        following = (number + 1) % len(WEEKDAYS)
        night_ends = max((window.closes for window in windows), default=0) - DAY_SECONDS
        if any(window.opens < night_ends for window in weekly[following]):
            raise CalendarRefused("night_overlaps", WEEKDAYS[following])


def with_days(
    calendar: WorkingCalendar, *, holidays: Iterable[date], swapped: Mapping[date, Windows]
) -> WorkingCalendar:
    """The same week with further days off and further swapped working days."""
    return replace(
        calendar,
        holidays=calendar.holidays | frozenset(holidays),
        swapped={**calendar.swapped, **swapped},
    )


def check(calendar: WorkingCalendar, *, now: datetime) -> None:
    """Refuse a calendar that must not be saved (R1).

    Raises CalendarRefused when the zone is unknown, a window is impossible or overlaps another of its day, the week
    has not seven days, or no second is open in the next 366 days.
    """
    try:
        ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise CalendarRefused("no_such_zone", calendar.zone) from unknown
    if len(calendar.weekly) != len(WEEKDAYS):
        raise CalendarRefused("seven_weekdays", str(len(calendar.weekly)))
    for window in (w for day in (*calendar.weekly, *calendar.swapped.values()) for w in day):
        if not (0 <= window.opens < DAY_SECONDS and window.opens < window.closes <= window.opens + DAY_SECONDS):
            raise CalendarRefused("bad_window", f"{window.opens}-{window.closes}")
    for day in (*calendar.weekly, *calendar.swapped.values()):
        for earlier, later in pairwise(sorted(day)):
            if later.opens < earlier.closes:
                raise CalendarRefused("windows_overlap", f"{earlier}, {later}")
    try:
        next_opening(calendar, now)
    except NeverOpen as closed:
        raise CalendarRefused("never_open", calendar.key) from closed


def add(calendar: WorkingCalendar, at: datetime, seconds: int) -> datetime:
    """The first instant at which `seconds` open seconds have passed since `at`.

    Zero seconds give `at` itself, open or not. Work that fills a window to its last second is due when the window
    closes, not when the next one opens. Raises NeverOpen if 366 days pass without an open second.
    """
    _require_aware(at)
    if seconds <= 0:
        return at
    if calendar.is_24x7:
        return at + timedelta(seconds=seconds)
    left, moment = seconds * 1_000_000, _micros(at)
    today = _local_ordinal(calendar, at)
    ordinal, last_open = today - 1, today
    while ordinal <= last_open + HORIZON_DAYS:
        spans, open_micros = _open_time(calendar, ordinal)
        if open_micros and ordinal > today:
            last_open = ordinal
            if left > open_micros:
                left -= open_micros
                ordinal += 1
                continue
        for opens, closes in spans:
            usable = closes - max(opens, moment)
            if usable >= left:
                return _EPOCH + timedelta(microseconds=max(opens, moment) + left)
            left -= max(usable, 0)
        ordinal += 1
    raise NeverOpen(calendar.key, at)


def between(calendar: WorkingCalendar, earlier: datetime, later: datetime) -> int:
    """Open seconds in `[earlier, later)`; zero when the clocks of two machines disagree and `later` is not later.

    Both instants are cut to whole seconds first, so that the parts of a divided interval add up to the whole.
    """
    _require_aware(earlier)
    _require_aware(later)
    start, end = _micros(earlier) // 1_000_000 * 1_000_000, _micros(later) // 1_000_000 * 1_000_000
    if end <= start:
        return 0
    if calendar.is_24x7:
        return (end - start) // 1_000_000
    first, last = _local_ordinal(calendar, earlier), _local_ordinal(calendar, later)
    total = 0
    for ordinal in range(first - 1, last + 1):
        spans, open_micros = _open_time(calendar, ordinal)
        if first < ordinal < last - 1:
            total += open_micros
            continue
        total += sum(max(0, min(closes, end) - max(opens, start)) for opens, closes in spans)
    return total // 1_000_000


def next_opening(calendar: WorkingCalendar, at: datetime) -> datetime:
    """`at` itself when open, else the next opening. Raises NeverOpen after 366 closed days."""
    _require_aware(at)
    if calendar.is_24x7:
        return at
    moment = _micros(at)
    today = _local_ordinal(calendar, at)
    for ordinal in range(today - 1, today + HORIZON_DAYS + 1):
        for opens, closes in _open_time(calendar, ordinal)[0]:
            if closes > moment:
                return _EPOCH + timedelta(microseconds=max(opens, moment))
    raise NeverOpen(calendar.key, at)


def is_open(calendar: WorkingCalendar, at: datetime) -> bool:
    _require_aware(at)
    if calendar.is_24x7:
        return True
    moment, today = _micros(at), _local_ordinal(calendar, at)
    return any(
        opens <= moment < closes for ordinal in (today - 1, today) for opens, closes in _open_time(calendar, ordinal)[0]
    )


def windows_on(calendar: WorkingCalendar, day: date) -> Windows:
    """The windows that open on a local day: swapped working day, else holiday, else the week (R1)."""
    if day in calendar.swapped:
        return calendar.swapped[day]
    if day in calendar.holidays:
        return ()
    return calendar.weekly[day.weekday()]


def open_spans(calendar: WorkingCalendar, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    """The open stretches of the local days from one instant's to another's, in whole seconds since 1970, in order."""
    for ordinal in range(_local_ordinal(calendar, first), _local_ordinal(calendar, last) + 1):
        for opens, closes in _open_time(calendar, ordinal)[0]:
            yield opens // 1_000_000, closes // 1_000_000


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _open_time(calendar: WorkingCalendar, ordinal: int) -> tuple[tuple[OpenSpan, ...], int]:
    """The spans opening on a local day, and how long they are together."""
    known = calendar._open_by_day.get(ordinal)
    if known is None:
        spans = _joined_spans(calendar, date.fromordinal(ordinal))
        known = calendar._open_by_day[ordinal] = spans, sum(closes - opens for opens, closes in spans)
    return known


def _joined_spans(calendar: WorkingCalendar, day: date) -> tuple[OpenSpan, ...]:
    """Spans opening on `day`, overlaps joined, without what the night shift of the day before already covers."""
    floor = max((closes for _, closes in _raw_spans(calendar, day - timedelta(days=1))), default=0)
    joined: list[OpenSpan] = []
    for opens, closes in _raw_spans(calendar, day):
        start = max(opens, floor)
        if closes > start:
            joined.append((start, closes))
            floor = closes
    return tuple(joined)


def _raw_spans(calendar: WorkingCalendar, day: date) -> list[OpenSpan]:
    spans = ((_moment(calendar, day, w.opens), _moment(calendar, day, w.closes)) for w in windows_on(calendar, day))
    return sorted(span for span in spans if span[1] > span[0])


def _moment(calendar: WorkingCalendar, day: date, seconds: int) -> int:
    """Microseconds since 1970 at a wall-clock time: the wall decides, so a change of summer time moves it."""
    local_day = day + timedelta(days=seconds // DAY_SECONDS)
    hours, rest = divmod(seconds % DAY_SECONDS, 3600)
    minutes, seconds_left = divmod(rest, 60)
    wall = datetime(local_day.year, local_day.month, local_day.day, hours, minutes, seconds_left, tzinfo=calendar.tz)
    return _micros(wall)


def _local_ordinal(calendar: WorkingCalendar, at: datetime) -> int:
    return at.astimezone(calendar.tz).toordinal()


def _micros(at: datetime) -> int:
    passed = at - _EPOCH
    return (passed.days * DAY_SECONDS + passed.seconds) * 1_000_000 + passed.microseconds


def _require_aware(at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError("an instant without a zone cannot be placed in a calendar")


def _covers_the_day(windows: Windows) -> bool:
    reached = 0
    for window in sorted(windows):
        if window.opens > reached:
            return False
        reached = max(reached, window.closes)
    return reached >= DAY_SECONDS


def _clock_text(seconds: int) -> str:
    of_day = seconds if seconds <= DAY_SECONDS else seconds - DAY_SECONDS
    return f"{of_day // 3600:02d}:{of_day % 3600 // 60:02d}"
