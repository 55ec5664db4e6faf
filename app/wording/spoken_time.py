"""Instants and lengths of time said as people say them, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names
from flask import g
from flask_babel import get_timezone

from app.wording.language import gettext, language, ngettext

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration_phrase(length: timedelta | float) -> str:
    """The two largest units that matter: "2 giờ 10 phút", "3 ngày 4 giờ", "dưới 1 phút". Signs are ignored."""
    seconds = abs(length.total_seconds() if isinstance(length, timedelta) else float(length))
    minutes = int(seconds // _MINUTE)
    if minutes < 1:
        return gettext("less than a minute")
    if minutes < 60:
        return _minutes(minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return " ".join([_hours(hours), _minutes(minutes)] if minutes else [_hours(hours)])
    days, hours = divmod(hours, 24)
    # Beyond three days nobody plans by the hour, and the exact instant stands in the title.
    return " ".join([_days(days), _hours(hours)] if hours and days <= 3 else [_days(days)])


def due_phrase(due_at: datetime, now: datetime) -> str:
    """ "còn 2 giờ" before the deadline, "quá hạn 2 giờ 10 phút" after it."""
    phrase = duration_phrase(due_at - now)
    if due_at <= now:
        return gettext("overdue by %(time)s", time=phrase)
    return gettext("%(time)s left", time=phrase)


def due_state(due_at: datetime, now: datetime, *, target: timedelta | None = None) -> str:
    """`breached`, `warned` (a quarter of the target, else an hour, is left) or `running`: for a sign and a colour."""
    if due_at <= now:
        return "breached"
    margin = target / 4 if target is not None else timedelta(hours=1)
    return "warned" if due_at - now <= margin else "running"


def ago_phrase(at: datetime, now: datetime) -> str:
    """ "vừa xong", "5 phút trước", "2 giờ trước", and from a day on the date itself."""
    past = (now - at).total_seconds()
    if past < _MINUTE:
        return gettext("just now") if past > -_MINUTE else moment_phrase(at, now)
    if past < _HOUR:
        return gettext("%(time)s ago", time=_minutes(int(past // _MINUTE)))
    if past < 12 * _HOUR:
        return gettext("%(time)s ago", time=_hours(int(past // _HOUR)))
    return moment_phrase(at, now)


def moment_phrase(at: datetime, now: datetime) -> str:
    """ "14:05 hôm nay", "14:05 hôm qua", else "14:05 ngày 23/11/2026"; the hour is the city's."""
    zone = _zone()
    local = at.astimezone(zone)
    clock, days = f"{local:%H:%M}", (local.date() - now.astimezone(zone).date()).days
    if days == 0:
        return gettext("%(clock)s today", clock=clock)
    if days == -1:
        return gettext("%(clock)s yesterday", clock=clock)
    if days == 1:
        return gettext("%(clock)s tomorrow", clock=clock)
    return _dated(local)


def dated_phrase(at: datetime) -> str:
    """ "14:05 ngày 23/11/2026", whenever it is said; the hour is the city's."""
    return _dated(at.astimezone(_zone()))


def _dated(local: datetime) -> str:
    return gettext("%(clock)s on %(date)s", clock=f"{local:%H:%M}", date=_day(local))


def span_phrase(from_at: datetime, to_at: datetime) -> str:
    """ "07:00–15:00" within a day and a night, "23/11 17:00 – 30/11 08:00" for what is longer, in the city's hours."""
    first, last = from_at.astimezone(_zone()), to_at.astimezone(_zone())
    if to_at - from_at < timedelta(seconds=_DAY):
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%d/%m %H:%M} – {last:%d/%m %H:%M}"


def weekday_phrase(day: date) -> str:
    """ "Thứ Hai 23/11", for lists of days that say the year above."""
    return f"{_weekdays(language())[day.weekday()]} {day:%d/%m}"


def month_phrase(day: date) -> str:
    """The month in which a day lies, with its year."""
    if language() == "vi":
        return f"tháng {day.month}/{day.year}"
    return f"{_months(language(), 'wide')[day.month]} {day.year}"


def day_phrase(at: datetime) -> str:
    """The date as digits people write: 23/11/2026 in Vietnamese, 23 Nov 2026 elsewhere."""
    return _day(at.astimezone(_zone()))


def last_day_phrase(end: datetime) -> str:
    """The last day of a stretch that ends at this instant, which is its first moment no more."""
    return day_phrase(end - timedelta(seconds=1))


def calendar_day_phrase(day: date) -> str:
    """A day of the calendar, written like `day_phrase`; it has no zone to move it."""
    return _day(day)


def _day(local: date) -> str:
    if language() == "vi":
        return f"{local:%d/%m/%Y}"
    return f"{local.day} {_months(language(), 'abbreviated')[local.month]} {local.year}"


def exact_phrase(at: datetime) -> str:
    """The exact instant in the city's time, for titles: weekday, date and seconds."""
    local, spoken = at.astimezone(_zone()), language()
    weekday, clock = _weekdays(spoken)[local.weekday()], f"{local:%H:%M:%S}"
    if spoken == "vi":
        return f"{weekday}, {local:%d/%m/%Y} {clock}"
    return f"{weekday} {local.day} {_months(spoken, 'wide')[local.month]} {local.year}, {clock}"


@cache
def _weekdays(spoken: str) -> Mapping[int, str]:
    """Monday is 0."""
    return dict(get_day_names("wide", locale=spoken))


@cache
def _months(spoken: str, width: Literal["abbreviated", "wide"]) -> Mapping[int, str]:
    return dict(get_month_names(width, locale=spoken))


def stopwatch_phrase(length: timedelta | float) -> str:
    """Waiting and talking times as a stopwatch shows them: 0:07, 12:34, 1:02:03."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    hours, rest = divmod(max(seconds, 0), _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def ticking_phrases() -> dict[str, str]:
    """The same sentences with %s for the number or the time, for the script that keeps a page's times true."""
    return {
        "left": gettext("%(time)s left", time="%s"),
        "overdue": gettext("overdue by %(time)s", time="%s"),
        "ago": gettext("%(time)s ago", time="%s"),
        "now": gettext("just now"),
        "under": gettext("less than a minute"),
        "minute": _minutes(1).replace("1", "%s"),
        "minutes": _minutes(2).replace("2", "%s"),
        "hour": _hours(1).replace("1", "%s"),
        "hours": _hours(2).replace("2", "%s"),
        "day": _days(1).replace("1", "%s"),
        "days": _days(2).replace("2", "%s"),
    }


def _minutes(number: int) -> str:
    return str(ngettext("%(num)d minute", "%(num)d minutes", number))


def _hours(number: int) -> str:
    return str(ngettext("%(num)d hour", "%(num)d hours", number))


def _days(number: int) -> str:
    return str(ngettext("%(num)d day", "%(num)d days", number))


def _zone() -> tzinfo:
    try:
        # Where it keeps what it found out: a page asks two hundred times, and Flask-Babel looks four times for each.
        return g._flask_babel.babel_tzinfo or ZoneInfo("UTC")
    except (AttributeError, RuntimeError):
        return get_timezone() or ZoneInfo("UTC")
