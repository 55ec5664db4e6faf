"""An entry of the directory as pages show it: part by part, what the public reads beside what is entered now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext, ngettext

from app.web.pieces.names import in_locale
from app.wording.codes import word_of
from tickets.people.phones import readable_phone
from tickets.queries.directory_duty import EntryState, Facet, UnitDuty
from tickets.schema.base import Json

_FACETS: Mapping[str, LazyString] = {
    Facet.ADDRESS: lazy_gettext("Address"),
    Facet.HOURS: lazy_gettext("Opening hours"),
    Facet.LINE: lazy_gettext("Hotline"),
    Facet.PROCEDURES: lazy_gettext("Procedures"),
}
_STATES: Mapping[str, LazyString] = {
    EntryState.RELEASED: lazy_gettext("released as entered"),
    EntryState.CHANGED: lazy_gettext("changed, not confirmed by the unit"),
    EntryState.WAITING: lazy_gettext("confirmed, waits for release"),
    EntryState.RETURNED: lazy_gettext("returned to the unit"),
}


@dataclass(frozen=True, slots=True)
class EntryPart:
    """One thing the directory says; `public` is empty where the public reads nothing of it."""

    label: str
    public: str
    entered: str

    @property
    def differs(self) -> bool:
        return self.public != self.entered


def facet_word(facet: str) -> str:
    return word_of(_FACETS, facet)


def state_word(state: str) -> str:
    return word_of(_STATES, state)


def entry_parts(one: UnitDuty) -> list[EntryPart]:
    public: Json = one.released.content if one.released is not None else {"offices": [], "procedures": []}
    entered = one.entry.content
    before = {office["id"]: office for office in public["offices"]}
    now = {office["id"]: office for office in entered["offices"]}
    parts = []
    for number in sorted({*before, *now}):
        parts += _of_office(before.get(number), now.get(number))
    if entered["procedures"] or public["procedures"]:
        parts.append(
            EntryPart(facet_word(Facet.PROCEDURES), _counted(public["procedures"]), _counted(entered["procedures"]))
        )
    return parts


def _of_office(before: Json | None, now: Json | None) -> list[EntryPart]:
    named = now or before or {}
    name = in_locale(named["name"], named["name_en"])
    labels = (
        (name, lambda office: in_locale(office["name"], office["name_en"])),
        (facet_word(Facet.ADDRESS), lambda office: office["address"]),
        (facet_word(Facet.HOURS), lambda office: office["hours"]),
        (facet_word(Facet.LINE), lambda office: ", ".join(readable_phone(line["phone"]) for line in office["lines"])),
    )
    return [EntryPart(label, say(before) if before else "", say(now) if now else "") for label, say in labels]


def _counted(procedures: list[int]) -> str:
    if not procedures:
        return ""
    return ngettext("%(num)d procedure", "%(num)d procedures", len(procedures))
