"""What units and the city lack, in words; and what a test call to a line came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from flask_babel import LazyString, force_locale, gettext, lazy_gettext, ngettext

from app.wording.codes import word_of
from app.wording.field_words import field_word
from app.wording.locale import chosen_locale
from app.wording.posted_words import failure_word
from app.wording.spoken_time import moment_phrase
from escalation.queries.readiness_rules import Missing, Shortfall

_WORDS: Mapping[str, LazyString] = {
    Shortfall.OFFICE: lazy_gettext("No one-stop office is entered: nobody knows where to go."),
    Shortfall.ADDRESS: lazy_gettext("The address of the one-stop office is missing."),
    Shortfall.HOURS: lazy_gettext("The opening hours of the one-stop office are missing."),
    Shortfall.LINE: lazy_gettext("No hotline is entered."),
    Shortfall.LINE_SILENT: lazy_gettext("In the last 30 days nobody was seen to answer %(lines)s."),
    Shortfall.AGENTS: lazy_gettext("Nobody here takes calls and tickets."),
    Shortfall.LEVEL_NOBODY: lazy_gettext("A late ticket would tell nobody at level %(levels)s."),
    Shortfall.LEVEL_ABOVE: lazy_gettext("Nobody of its own stands at level %(levels)s: the level above would be told."),
    Shortfall.LEVEL_UNPROVED: lazy_gettext("At level %(levels)s nobody has proved how they are reached."),
    Shortfall.PROCEDURES: lazy_gettext("No procedure is entered that is received here."),
    Shortfall.CITY_LINE: lazy_gettext("No number is the city's line."),
    Shortfall.CALENDARS: lazy_gettext("No days off are entered for %(years)s: dates promised then would be wrong."),
    Shortfall.PROVIDER: lazy_gettext("No telephone provider is set up: no call and no text arrives or leaves."),
    Shortfall.MAIL: lazy_gettext("No mail server is set up: no mail leaves."),
}
TESTED: Mapping[str, LazyString] = {
    "": lazy_gettext("not tried yet"),
    "waiting": lazy_gettext("is being called"),
    "claimed": lazy_gettext("is being called"),
    "sent": lazy_gettext("rings"),
    "delivered": lazy_gettext("somebody answered"),
    "suppressed": lazy_gettext("was not called"),
    "uncertain": lazy_gettext("it is not known how the call ended"),
}


def lack_text(lack: Missing, *, now: datetime, locale: str | None = None) -> str:
    """One lack as a sentence, in `locale` or in that of the page."""
    with force_locale(locale) if locale else nullcontext():
        return _text(lack, now)


def _text(lack: Missing, now: datetime) -> str:
    params = lack.params
    match lack.code:
        case Shortfall.AGENT_PHONES:
            return ngettext(
                "%(num)d of %(agents)s agents has no proved telephone.",
                "%(num)d of %(agents)s agents have no proved telephone.",
                params["count"],
                agents=params["agents"],
            )
        case Shortfall.LEVEL_NOBODY if params.get("of_leaders"):
            return _without_leader(params)
        case Shortfall.DUTY:
            return _duty(params, now)
        case Shortfall.CATEGORIES:
            return ngettext(
                "%(num)d kind of matter of the city has no department.",
                "%(num)d kinds of matter of the city have no department.",
                params["count"],
            )
        case Shortfall.BACKUP:
            return _backup(params, now)
        case _:
            return str(_WORDS[lack.code]) % {name: _listed(value) for name, value in params.items()}


def _without_leader(params: Mapping[str, Any]) -> str:
    levels = _listed(params["levels"])
    if params["fields"]:
        fields = fields_phrase(params["fields"])
        return gettext(
            "At level %(levels)s no leader of the city would be told of matters of these fields: %(fields)s.",
            levels=levels,
            fields=fields,
        )
    return gettext("At level %(levels)s no leader of the city would be told of a late ticket.", levels=levels)


def fields_phrase(fields: Sequence[str]) -> str:
    """Fields of matters in words; that of a matter nobody has sorted yet, too."""
    return ", ".join(field_word(field) if field else gettext("not sorted yet") for field in fields)


def tested_word(tested: str) -> str:
    """How the last test call of a line ended."""
    return word_of(TESTED, tested) if tested in TESTED else failure_word(tested)


def _backup(params: Mapping[str, Any], now: datetime) -> str:
    if params.get("since") is None:
        return gettext("There is no backup yet.")
    return gettext("The last backup is of %(moment)s.", moment=moment_phrase(params["since"], now))


def _duty(params: Mapping[str, Any], now: datetime) -> str:
    post = params["post_en"] if chosen_locale() == "en" and params["post_en"] else params["post"]
    return ngettext(
        "In the next seven days nobody is on duty at %(num)d time; first from %(moment)s (%(post)s).",
        "In the next seven days nobody is on duty at %(num)d times; first from %(moment)s (%(post)s).",
        params["count"],
        moment=moment_phrase(params["first_at"], now),
        post=post,
    )


def _listed(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


_TONIGHT: Mapping[str, LazyString] = {
    "nobody": lazy_gettext("nobody would be told"),
    "told_above": lazy_gettext("nobody of its own: somebody above would be told"),
    "no_way": lazy_gettext("no telephone and no mail box: nobody would be reached"),
    "received_by_city": lazy_gettext("not live: the city's desk would be told"),
}


def tonight_word(why: str) -> str:
    """What is wrong with a level, as the dry run of the chain found it."""
    return word_of(_TONIGHT, why)
