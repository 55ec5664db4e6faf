"""Whom somebody in danger calls: the country's numbers, those for this danger first, each with whom it reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import LazyString, gettext, lazy_gettext

from tickets.matter.rescuers import ALL_ROUND, Rescuer, rescuers_for

# The number, and whom it reaches.
CALLED_IN_DANGER: Mapping[Rescuer, tuple[str, LazyString]] = {
    Rescuer.POLICE: ("113", lazy_gettext("Police")),
    Rescuer.FIRE: ("114", lazy_gettext("Fire and rescue")),
    Rescuer.AMBULANCE: ("115", lazy_gettext("Ambulance")),
    Rescuer.SEARCH: ("112", lazy_gettext("Search and rescue")),
    Rescuer.CHILD: ("111", lazy_gettext("Child protection")),
}
# Shown as buttons whatever the danger: who protects children is named where it is about a child.
_ALWAYS = (*ALL_ROUND, Rescuer.SEARCH)


def numbers_to_call(kinds: Sequence[str]) -> list[tuple[str, str]]:
    """All numbers as (number, whom it reaches), those for these kinds of danger first."""
    ordered = dict.fromkeys((*rescuers_for(kinds), *_ALWAYS))
    return [(CALLED_IN_DANGER[rescuer][0], str(CALLED_IN_DANGER[rescuer][1])) for rescuer in ordered]


def danger_words(kinds: Sequence[str] = ()) -> str:
    """One sentence: whom to call now."""
    first = rescuers_for(kinds)
    if not first:
        return gettext("If anybody is in danger, call 113, 114 or 115 now.")
    named = ", ".join(
        f"{CALLED_IN_DANGER[rescuer][0]} ({str(CALLED_IN_DANGER[rescuer][1]).lower()})" for rescuer in first
    )
    others = ", ".join(CALLED_IN_DANGER[rescuer][0] for rescuer in ALL_ROUND if rescuer not in first)
    if not others:
        return gettext("If anybody is in danger, call %(first)s now.", first=named)
    return gettext("If anybody is in danger, call %(first)s now. Others: %(others)s.", first=named, others=others)
