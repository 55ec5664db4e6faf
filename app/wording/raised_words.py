"""Levels that were raised, in words: the one sentence that says whose delay it is, and whether a message arrived."""

from collections.abc import Mapping
from datetime import datetime

from flask_babel import LazyString, force_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from app.settings import Settings
from app.wording.codes import word_of
from app.wording.locale import chosen_locale
from app.wording.messages import message_app
from app.wording.spoken_time import due_phrase, moment_phrase
from escalation.queries.raised import Raised, ToldPerson
from tickets.states import LOCALES, AttemptState, ClockKind

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

ANSWER_WAYS: Mapping[str, LazyString] = {
    "web": lazy_gettext("on the web page"),
    "link": lazy_gettext("by the link in the message"),
    "keypad": lazy_gettext("by phone key"),
    "sms": lazy_gettext("by SMS"),
    "api": lazy_gettext("by another system"),
}

CAUSES: Mapping[str, LazyString] = {
    "": lazy_gettext("lateness"),
    "change": lazy_gettext("change of rules or priority"),
    "downtime": lazy_gettext("outage of this system"),
}


def way_word(via: str) -> str:
    """By which way somebody acknowledged."""
    return word_of(ANSWER_WAYS, via)


def cause_word(cause: str) -> str:
    """Why a level was raised."""
    return word_of(CAUSES, cause)


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


def desk_sentence(raised: Raised, *, matter: str, place: str, people: int, since: datetime, now: datetime) -> str:
    """What, where, since when, by whose delay, and what it needs: one sentence of the leader's desk."""
    lateness = due_phrase(raised.due_at, now)
    if raised.due_at <= now:
        lateness = _("%(due)s, since %(at)s", due=lateness, at=moment_phrase(raised.due_at, now))
    return _(
        "%(delay)s%(where)s%(many)s: %(due)s; reported to you at %(moment)s; it needs %(need)s.",
        delay=_delay(raised.clock, unit_of(raised), _short(matter)),
        where=_(" (at %(place)s)", place=_short(place)) if place else "",
        many=ngettext(" – %(num)d person waits", " – %(num)d people wait", people) if people > 1 else "",
        due=lateness,
        moment=moment_phrase(since, now),
        need=_need(raised),
    )


def _need(raised: Raised) -> str:
    """What would end the delay, so that a leader knows what to tell the unit."""
    if raised.clock is ClockKind.RESOLVE and raised.assignee is None:
        return _("somebody to take it and a date by which it is settled")
    needs = {
        ClockKind.ACCEPT: _("the unit to take it on, or to say whose it is"),
        ClockKind.FIRST: _("a first answer to the citizen"),
        ClockKind.NEXT: _("an answer to what the citizen wrote since"),
        ClockKind.UPDATE: _("a word to the citizen about how it stands"),
        ClockKind.RESOLVE: _("to be settled, or a date by which it will be"),
    }
    return needs.get(raised.clock) or _("a decision")


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


def instruction_by_key(settings: Settings) -> str:
    """What a leader instructs by a key of a call, in the city's language: its unit reads it.

    With an application of its own: a call is answered in a thread that has none, where every word would be English.
    """
    with message_app(settings).app_context(), force_locale(LOCALES[0]):
        return str(_("By telephone: report at once what is being done about this."))
