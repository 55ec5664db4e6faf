"""Rules in words: a target in the time of its calendar, and when a calendar is open."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from babel.dates import get_day_names
from flask_babel import LazyString, get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.wording.spoken_time import duration_phrase
from tickets.promises.calendar import ROUND_THE_CLOCK, WEEKDAYS
from tickets.promises.policy import PolicyTarget

_WHOLE_DAY = ["00:00-24:00"]
_HOUR, _MINUTE = 3600, 60

# By the names of `escalation/firing/actions.py`; a test asks for a word for each.
ACTION_WORDS: Mapping[str, LazyString] = {
    "raise_priority": lazy_gettext("a normal matter becomes urgent"),
    "city_coordinates": lazy_gettext("the city takes over the contact with the citizen"),
}


def target_words(row: PolicyTarget) -> str:
    """A day of a calendar with office hours is eight hours long: there, hours are said as hours."""
    if row.calendar_key == ROUND_THE_CLOCK.key:
        return duration_phrase(row.target_seconds)
    if row.target_seconds % _HOUR == 0:
        return ngettext("%(num)d working hour", "%(num)d working hours", row.target_seconds // _HOUR)
    return ngettext("%(num)d working minute", "%(num)d working minutes", row.target_seconds // _MINUTE)


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


def action_words(names: Sequence[str]) -> list[str]:
    """What a level does beside telling people. A version that is kept for open tickets may name what we do no more."""
    return [str(ACTION_WORDS.get(name, name)) for name in names]
