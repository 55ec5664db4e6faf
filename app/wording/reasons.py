"""Why a ticket stands where it stands, in words: one sentence for each code that routing gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from flask_babel import LazyString, force_locale, get_locale, lazy_gettext

REASONS: Mapping[str, LazyString] = {
    "emergency_said": lazy_gettext(
        "The citizen said that it is an emergency; the city operations centre follows it too."
    ),
    "emergency_category": lazy_gettext("“%(category)s” is an emergency; the city operations centre follows it too."),
    "emergency_words": lazy_gettext(
        "The words “%(words)s” suggest danger to life; the city operations centre follows it too."
    ),
    "danger_doubtful": lazy_gettext("The words “%(words)s” may mean danger: somebody must check soon and ask."),
    "officials_suspected": lazy_gettext(
        "The words “%(words)s” may accuse officials: only the City Office sees it until a person has read it."
    ),
    "officials_accused": lazy_gettext(
        "Somebody who read it finds that it accuses officials: only the City Office sees it."
    ),
    "officials_in_danger": lazy_gettext(
        "The words “%(words)s” may accuse officials and somebody is in danger: the city desk acts, no ward is told."
    ),
    "conduct_staff": lazy_gettext("It is about the staff of %(unit)s: only its head and the City Office see it."),
    "conduct_city": lazy_gettext(
        "It is about %(unit)s or its head: the city level decides, and that unit does not see it."
    ),
    "conduct_unknown_unit": lazy_gettext("It is about an official's conduct, but it is not yet clear at which unit."),
    "procedure_ward": lazy_gettext("The procedure “%(procedure)s” is handled at ward level."),
    "procedure_city": lazy_gettext("The procedure “%(procedure)s” is handled at city level."),
    "procedure_boundary_free": lazy_gettext("The procedure “%(procedure)s” may be handled at any unit."),
    "category_ward": lazy_gettext("“%(category)s” is a ward matter."),
    "category_city": lazy_gettext("“%(category)s” is a city matter."),
    "category_guessed": lazy_gettext("The words “%(words)s” suggest “%(category)s”; an agent may correct it."),
    "category_learned": lazy_gettext(
        "Agents changed %(count)s reports with words like “%(words)s” to “%(category)s” before; "
        "an agent may correct it."
    ),
    "category_tied": lazy_gettext(
        "The words “%(words)s” suggest “%(category)s” as much as “%(others)s”: the more urgent promise holds until an "
        "agent says which."
    ),
    "city_department": lazy_gettext("%(unit)s is responsible for it."),
    "city_triage_level": lazy_gettext("It is a city matter, but no department is named for it."),
    "unit_chosen": lazy_gettext("The citizen chose %(unit)s."),
    "place_unique": lazy_gettext("“%(said)s” is now in %(unit)s."),
    "place_split": lazy_gettext("“%(said)s” was divided between %(units)s."),
    "place_ambiguous": lazy_gettext("“%(said)s” may mean %(units)s."),
    "place_none": lazy_gettext("No unit could be told from “%(said)s”."),
    "line_dialled": lazy_gettext("The line of %(unit)s was dialled."),
    "undecided": lazy_gettext("The city desk asks where it is and passes it on."),
    "appeal": lazy_gettext(
        "The citizen appeals against the result of %(unit)s: the body above it decides, and another person."
    ),
    "unit_not_live": lazy_gettext("%(unit)s does not work with this system yet: until then %(desk)s handles it."),
    "city_answers": lazy_gettext(
        "Nobody at %(unit)s is on call now: the city takes over, but the ticket stays with the unit."
    ),
}
_NAMED = 4


def reason_text(code: str, params: Mapping[str, Any], locale: str | None = None) -> str:
    """One reason as a sentence, in `locale` or in that of the page."""
    with force_locale(locale) if locale else nullcontext():
        sentence = REASONS.get(code)
        if sentence is None:
            # An old ticket may hold a code that no version knows any more; its bare name is still a trace.
            return code
        return str(sentence) % _words(params, is_english=str(get_locale() or "").startswith("en"))


def reason_texts(reasons: Sequence[Mapping[str, Any]], locale: str | None = None) -> list[str]:
    """The sentences for `ticket.routing_reasons`."""
    return [reason_text(reason["code"], reason.get("params", {}), locale) for reason in reasons]


def _words(params: Mapping[str, Any], *, is_english: bool) -> dict[str, str]:
    """The parameters in the language of the sentence: names stand in both languages in a reason."""
    own = {name: value for name, value in params.items() if not name.endswith("_en")}
    if is_english:
        own |= {name.removesuffix("_en"): value for name, value in params.items() if name.endswith("_en") and value}
    words = {
        "unit": "",
        "units": "",
        "category": "",
        "procedure": "",
        "others": "",
        "said": "",
        "words": "",
        "desk": "",
    }
    for name, value in own.items():
        words[name] = _listed(value) if isinstance(value, list) else str(value)
    return words


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} …" if len(names) > _NAMED else shown
