"""An area as people write it: wards and communes, old names too; nothing written is the whole city."""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from tickets.directory.places import PlaceIndex, resolve
from tickets.errors import InvalidInput
from tickets.routing.decision import RoutingRules

_APART = re.compile(r"[;\n]+")
# More than a handful means that something else was meant than one place.
_MOST_OF_ONE_NAME = 30


def units_named(typed: str, places: PlaceIndex, routing: RoutingRules, *, on: date) -> list[int]:
    """The units behind the names; an old district is all that came of it. Raises InvalidInput."""
    found: dict[int, None] = {}
    for name in filter(None, (part.strip() for part in _APART.split(typed))):
        found.update(dict.fromkeys(_units_of(name, places, routing, on=on)))
    return list(found)


def area_words(unit_ids: Iterable[int], routing: RoutingRules, locale: str) -> list[str]:
    units = (routing.units.get(unit_id) for unit_id in unit_ids)
    return [unit.name_en if locale == "en" else unit.name for unit in units if unit is not None]


def _units_of(name: str, places: PlaceIndex, routing: RoutingRules, *, on: date) -> Sequence[int]:
    exact = [
        unit.id for unit in routing.units.values() if name.casefold() in (unit.name.casefold(), unit.name_en.casefold())
    ]
    if exact:
        return exact[:1]
    place = resolve(places, name, on=on)
    ids = [i for i in dict.fromkeys(one.unit_id for one in place.candidates) if i in routing.units]
    if not ids or len(ids) > _MOST_OF_ONE_NAME:
        raise InvalidInput("area", "unknown_area", name=name)
    is_one_area = place.outcome != "ambiguous" or (place.question is not None and place.question.id == "which_ward")
    if not is_one_area:
        names = ", ".join(area_words(ids, routing, "vi"))
        raise InvalidInput("area", "ambiguous_area", name=name, names=names)
    return ids
