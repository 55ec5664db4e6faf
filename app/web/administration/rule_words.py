"""Rules in words: a target in the time of its calendar, and when a calendar is open."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from babel.dates import get_day_names
from flask_babel import LazyString, get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.wording.spoken_time import duration_phrase
from escalation.queries.tonight import ABOVE, NO_WAY, NOBODY
from tickets.promises.calendar import ROUND_THE_CLOCK, WEEKDAYS
from tickets.promises.plan import ChainLevel, offset_of
from tickets.promises.policy import PolicyTarget
from tickets.states import Priority

_WHOLE_DAY = ["00:00-24:00"]
_HOUR, _MINUTE = 3600, 60

# By the names of `escalation/firing/actions.py`; a test asks for a word for each.
ACTION_WORDS: Mapping[str, LazyString] = {
    "raise_priority": lazy_gettext("a normal matter becomes urgent"),
    "city_coordinates": lazy_gettext("the city takes over the contact with the citizen"),
}


# What is wrong with a step, by the codes of `escalation/queries/tonight.py`.
WHY_WORDS: Mapping[str, LazyString] = {
    NOBODY: lazy_gettext("Nobody stands on this step: nobody would be told, and administrators are alarmed."),
    ABOVE: lazy_gettext("Nobody stands on this step: a higher step is told instead, and administrators are alarmed."),
    NO_WAY: lazy_gettext("Whoever stands here cannot be reached: no telephone or mail that this step uses."),
}


def target_words(row: PolicyTarget) -> str:
    return open_time_words(row.target_seconds, row.calendar_key)


def open_time_words(seconds: int, calendar_key: str) -> str:
    """A day of a calendar with office hours is eight hours long: there, hours are said as hours."""
    if calendar_key == ROUND_THE_CLOCK.key:
        return duration_phrase(seconds)
    if seconds % _HOUR == 0:
        return ngettext("%(num)d working hour", "%(num)d working hours", seconds // _HOUR)
    return ngettext("%(num)d working minute", "%(num)d working minutes", seconds // _MINUTE)


def when_words(step: ChainLevel, row: PolicyTarget, *, is_first: bool) -> str:
    """When a step comes for this promise, in the time of the calendar it counts in."""
    is_emergency = row.priority is Priority.EMERGENCY
    calendar_key = ROUND_THE_CLOCK.key if is_emergency else step.calendar_key or row.calendar_key
    if step.after_level_seconds is not None:
        return _("%(time)s after the previous level", time=open_time_words(step.after_level_seconds, calendar_key))
    offset = offset_of(step, target_seconds=row.target_seconds)
    if is_emergency and is_first and offset >= 0:
        return _("when half of the time is gone")
    if offset < 0:
        return _("%(time)s before the deadline", time=open_time_words(-offset, row.calendar_key))
    return (
        _("%(time)s after the deadline", time=open_time_words(offset, calendar_key)) if offset else _("when it is due")
    )


def why_words(why: str) -> str:
    return str(WHY_WORDS.get(why, why))


def opening_words(spec: Mapping[str, Any]) -> list[str]:
    """Days with the same hours together: "Monday – Friday: 07:30-11:30, 13:00-17:00"."""
    weekly: Mapping[str, Sequence[str]] = spec.get("weekly", {})
    if not weekly or all(list(weekly.get(day, [])) == _WHOLE_DAY for day in WEEKDAYS):
        return [_("day and night")]
    names = get_day_names("wide", locale=get_locale())
    said = []
    for windows, days in groupby(range(7), key=lambda day: tuple(weekly.get(WEEKDAYS[day], ()))):
        stretch = list(days)
        if windows:
            first, last = names[stretch[0]], names[stretch[-1]]
            span = first if len(stretch) == 1 else f"{first} – {last}"
            said.append(f"{span}: {', '.join(windows)}")
    return said


def weekday_names() -> dict[str, str]:
    """By the names that stand in calendars, Monday first."""
    names = get_day_names("wide", locale=get_locale())
    return {day: names[number] for number, day in enumerate(WEEKDAYS)}


def action_words(names: Sequence[str]) -> list[str]:
    """What a level does beside telling people. A version that is kept for open tickets may name what we do no more."""
    return [str(ACTION_WORDS.get(name, name)) for name in names]
