"""The one question that decides between the units a place may mean, and the answers it may get."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tickets.directory.places.fold import key
from tickets.directory.places.joining import NamedPlace
from tickets.directory.places.lexicon import Key, NameReading, PlaceIndex, bare
from tickets.directory.places.outcome import Option, Question

_LIKELIEST_FIRST = ("unit", "district", "ward", "province")


def question_about_place(index: PlaceIndex, place: NamedPlace, *, said: str) -> Question:
    """The question about one place that was said once; `said` is how."""
    readings = _without_repeats(place.readings)
    if place.doubt == "city":
        return Question("city_or_ward", {"said": said}, _by_unit(index, readings))
    if place.doubt == "conflict":
        return Question("ward_not_in_district", {"said": said}, _by_reading(readings))
    if place.doubt == "heard" and len(_units(readings)) > 1:
        return Question("which_heard", {"said": said}, _by_reading(readings))
    if place.doubt is not None and len(_units(readings)) == 1:
        return Question("confirm", {"said": said}, _by_unit(index, readings))
    return _between_readings(index, readings, said)


def question_between_places(places: Sequence[tuple[str, frozenset[int]]]) -> Question:
    """The question when a text names several places: which of them is it about?"""
    options = tuple(Option("place", {"said": said}, tuple(sorted(units))) for said, units in places)
    return Question("which_place", {}, options)


def _between_readings(index: PlaceIndex, readings: list[NameReading], said: str) -> Question:
    kinds = {reading.kind for reading in readings}
    if kinds == {"ward"} and all(reading.units == readings[0].units for reading in readings):
        params = {"ward": readings[0].name, "district": readings[0].district or ""}
        return Question("which_part", params, _by_unit(index, readings))
    if kinds <= {"district", "province"} or "province" in kinds:
        area = next((reading for reading in readings if reading.kind == "province"), readings[0])
        return Question("which_ward", {"area": area.name}, _by_unit(index, readings))
    if "district" in kinds:
        return Question("district_or_ward", {"said": said}, _by_reading(readings))
    if by_spelling := _by_spelling(readings):
        return Question("which_spelling", {"said": said}, by_spelling)
    return Question("old_or_new" if "unit" in kinds else "which_district", {"said": said}, _by_reading(readings))


def _units(readings: Iterable[NameReading]) -> frozenset[int]:
    return frozenset(unit for reading in readings for unit in reading.units)


def _without_repeats(readings: Iterable[NameReading]) -> list[NameReading]:
    """A ward that changed its district is one answer, not two; the latest district names it."""
    kept: dict[tuple[str, str, frozenset[int]], NameReading] = {}
    for reading in readings:
        same = (reading.kind, reading.name, reading.units)
        known = kept.get(same)
        if known is None or _until(reading) > _until(known):
            kept[same] = reading
    return list(kept.values())


def _until(reading: NameReading) -> str:
    return reading.until.isoformat() if reading.until else ""


def _by_unit(index: PlaceIndex, readings: Iterable[NameReading]) -> tuple[Option, ...]:
    return tuple(Option("unit", {"unit": index.units[unit].name}, (unit,)) for unit in sorted(_units(readings)))


def _by_reading(readings: Iterable[NameReading]) -> tuple[Option, ...]:
    """What is likeliest meant comes first: a question names only the first few."""
    return tuple(_option(reading) for reading in sorted(readings, key=lambda r: _LIKELIEST_FIRST.index(r.kind)))


def _option(reading: NameReading) -> Option:
    units = tuple(sorted(reading.units))
    if reading.kind == "unit":
        return Option("unit", {"unit": reading.name}, units)
    if reading.kind == "province":
        return Option("province", {"province": reading.name}, units)
    if reading.kind == "district":
        return Option("former_district", {"district": reading.name}, units)
    return Option("old_ward", {"ward": reading.name, "district": reading.district or ""}, units)


def _by_spelling(readings: Iterable[NameReading]) -> tuple[Option, ...]:
    """One answer per way to write the name with its marks, if no unit is behind two of them; else none."""
    units: dict[Key, set[int]] = defaultdict(set)
    names: dict[Key, str] = {}
    for reading in readings:
        units[reading.exact].update(reading.units)
        names.setdefault(reading.exact, reading.name)
    folded = {key(bare(name)[1]) for name in names.values()}
    is_apart = len(folded) == 1 and sum(len(ids) for ids in units.values()) == len(frozenset().union(*units.values()))
    if len(units) == 1 or not is_apart:
        return ()
    return tuple(Option("spelling", {"name": names[exact]}, tuple(sorted(ids))) for exact, ids in units.items())
