"""Words of the night check: how a call ended, and the task that a unit gets from one that nobody answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import LazyString, force_locale, gettext, lazy_gettext

from app.wording.codes import word_of
from app.wording.spoken_time import exact_phrase
from tickets.people.phones import readable_phone
from tickets.states import LOCALES, NightResult

NIGHT_RESULTS: Mapping[str, LazyString] = {
    NightResult.ANSWERED: lazy_gettext("answered, 1 was pressed"),
    NightResult.WRONG: lazy_gettext("somebody else's number"),
    NightResult.RANG_OUT: lazy_gettext("rang, and nobody answered"),
    NightResult.BUSY: lazy_gettext("busy"),
    NightResult.MACHINE: lazy_gettext("a machine answered"),
    NightResult.NO_KEY: lazy_gettext("answered, and no key was pressed"),
    NightResult.UNREACHABLE: lazy_gettext("cannot be reached"),
    NightResult.NOT_CALLED: lazy_gettext("not called"),
}


def night_word(result: str) -> str:
    return word_of(NIGHT_RESULTS, result)


def night_task(result: NightResult, phone: str, at: datetime) -> tuple[str, str]:
    """(subject, text) of the unit's task, in the city's language."""
    with force_locale(LOCALES[0]):
        said = {"line": readable_phone(phone), "result": night_word(result), "moment": exact_phrase(at)}
        subject = gettext("Night check of %(line)s: %(result)s", **said)
        body = gettext(
            "The hotline called %(line)s at %(moment)s to see whether somebody answers at night: %(result)s. "
            "Please see to the line and the rota, and answer what was the reason.",
            **said,
        )
    return subject, body
