"""Levels that were raised, in words: the one sentence that says whose delay it is, and whether a message arrived."""

from datetime import datetime

from flask_babel import gettext as _

from app.wording.locale import chosen_locale
from app.wording.spoken_time import due_phrase, moment_phrase
from escalation.queries.raised import Raised, ToldPerson
from tickets.states import AttemptState, ClockKind

# How far a person's attempts came, the best first: one that arrived makes up for one that did not.
_BEST_FIRST = (
    AttemptState.ACKNOWLEDGED,
    AttemptState.READ,
    AttemptState.DELIVERED,
    AttemptState.SENT,
    AttemptState.PLANNED,
    AttemptState.WITHDRAWN,
    AttemptState.SUPPRESSED,
    AttemptState.FAILED,
)
_LONGEST_MATTER = 90


def unit_of(raised: Raised) -> str:
    return raised.unit_en if chosen_locale() == "en" else raised.unit


def category_of(raised: Raised) -> str:
    return raised.category_en if chosen_locale() == "en" else raised.category


def delay_sentence(raised: Raised, *, matter: str, since: datetime, now: datetime) -> str:
    """Whose delay it is, of what, for how long, and since when it is before the reader: one sentence."""
    return _(
        "%(delay)s: %(due)s, reported to you at %(moment)s.",
        delay=_delay(raised.clock, unit_of(raised), _short(matter)),
        due=due_phrase(raised.due_at, now),
        moment=moment_phrase(since, now),
    )


def matter_for_outsiders(raised: Raised) -> str:
    """What it is about without a word of the citizen's: the kind of matter, or only that it is confidential."""
    if raised.is_restricted:
        return _("a confidential matter")
    return category_of(raised) or _("a matter not yet sorted")


def delivery_state(person: ToldPerson) -> AttemptState | None:
    """How far the best of the attempts to reach a person came; None when there was none."""
    states = {attempt.state for attempt in person.attempts}
    return next((state for state in _BEST_FIRST if state in states), None)


def _delay(clock: ClockKind, unit: str, matter: str) -> str:
    words = {
        ClockKind.ACCEPT: _("%(unit)s has not taken on “%(matter)s”", unit=unit, matter=matter),
        ClockKind.FIRST: _("%(unit)s has given no first answer about “%(matter)s”", unit=unit, matter=matter),
        ClockKind.NEXT: _("%(unit)s has not answered the citizen again about “%(matter)s”", unit=unit, matter=matter),
        ClockKind.UPDATE: _(
            "%(unit)s has not told the citizen how “%(matter)s” is progressing", unit=unit, matter=matter
        ),
        ClockKind.RESOLVE: _("%(unit)s has not settled “%(matter)s”", unit=unit, matter=matter),
    }
    return words.get(clock) or _("%(unit)s has not decided about “%(matter)s”", unit=unit, matter=matter)


def _short(matter: str) -> str:
    words = " ".join(matter.split())
    return words if len(words) <= _LONGEST_MATTER else words[:_LONGEST_MATTER].rstrip() + "…"
