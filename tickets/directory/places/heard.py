"""The last resort: a name that nobody has as it is written, and that sounds like one; it is always asked about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tickets.directory.places.joining import NamedPlace
from tickets.directory.places.lexicon import Key, NameReading, PlaceIndex
from tickets.directory.places.names import names_at
from tickets.directory.places.read import PlaceText
from tickets.directory.places.sounds import loose_sound, sound
from tickets.directory.places.speech import KIND_WORDS, says
from tickets.directory.places.strength import Strength

_MOST_WORDS = 4
_WARDS = ("ward", "commune", "town", "special_zone")


@dataclass(frozen=True, slots=True)
class _Said:
    start: int
    at: int
    said_as: str


def heard_place(index: PlaceIndex, text: PlaceText, areas: Sequence[NamedPlace]) -> NamedPlace | None:
    """The place whose name sounds like what stands behind a word like "xã", or like the whole text; inside `areas`,
    where a district was understood.
    """
    for said in _said(text):
        # A name that is somebody's own never sounds like another.
        if said.at >= len(text.words) or any(True for _ in names_at(index, text, said.at)):
            continue
        found = _heard(index, text, said)
        if found is not None and (inside := _inside(found, areas)) is not None:
            return inside
    return None


def or_longer_name(index: PlaceIndex, text: PlaceText, place: NamedPlace) -> NamedPlace:
    """With what a longer name would mean where the words after it make it sound like one: behind "Tân Sơn" in
    "phường Tân Sơn Nhấc" stands Tân Sơn Nhất, so that both are asked about.
    """
    if place.has_district or place.doubt is not None or all(r.kind in ("district", "province") for r in place.readings):
        return place
    start, end = next(
        ((at, found) for at in range(place.start, place.end) for found, _ in names_at(index, text, at)), (0, 0)
    )
    words = text.words[start : end + 1]
    if end != place.end or len(words) <= end - start or words[-1].gap not in ("space", "hyphen"):
        return place
    if len(words[-1].fold) == 1:
        # The polite "ạ" is no letter of a name.
        return place
    for tier, heard_as in zip(index.sounding, (sound, loose_sound), strict=True):
        names = tier.get(tuple(heard_as(word.fold) for word in words), ())
        longer = tuple(r for name in names for r in index.readings.get(name, ()) if r.kind in ("unit", "ward"))
        if longer:
            return replace(place, end=end + 1, readings=place.readings + longer, doubt="heard")
    return place


def _said(text: PlaceText) -> Iterator[_Said]:
    for start in range(min(text.whole, len(text.words))):
        for kind in KIND_WORDS.get(text.words[start].fold, ()):
            folded, exact = kind.phrase
            is_written_out = not kind.is_short or (start + 1 < len(text.words) and text.words[start + 1].gap == "dot")
            if kind.said_as in _WARDS and is_written_out and says(text, start, folded, exact, lenient=True):
                yield _Said(start, start + len(folded), kind.said_as)
    if len(text.words) <= _MOST_WORDS:
        yield _Said(0, 0, "")


def _heard(index: PlaceIndex, text: PlaceText, said: _Said) -> NamedPlace | None:
    for length in range(min(_MOST_WORDS, len(text.words) - said.at), 1, -1):
        if not said.said_as and length < len(text.words):
            return None
        words = text.words[said.at : said.at + length]
        if any(word.gap not in ("space", "hyphen") for word in words[1:]):
            continue
        for tier, heard_as in zip(index.sounding, (sound, loose_sound), strict=True):
            names = tier.get(tuple(heard_as(word.fold) for word in words), ())
            if names:
                return _place(index, names, said, said.at + length)
    return None


def _place(index: PlaceIndex, names: Sequence[Key], said: _Said, end: int) -> NamedPlace | None:
    if any(name not in index.readings for name in names):
        # It sounds like somewhere else as well.
        return None
    readings = [r for name in names for r in index.readings[name] if r.kind in ("unit", "ward")]
    of_kind = [reading for reading in readings if reading.said_as == said.said_as]
    return _doubted(said.start, end, tuple(of_kind or readings))


def _inside(place: NamedPlace, areas: Sequence[NamedPlace]) -> NamedPlace | None:
    """Only what lies in the district that was said; a name that lies in none of it was another."""
    if not areas:
        return place
    districts = {r.name for area in areas for r in area.readings if r.kind == "district"}
    provinces = {r.province for area in areas for r in area.readings if r.kind == "province"}
    units = frozenset(unit for area in areas for reading in area.readings for unit in reading.units)
    kept = tuple(
        r
        for r in place.readings
        if (r.district in districts if r.kind == "ward" and districts else r.units <= units)
        or (provinces and r.province in provinces)
    )
    return _doubted(min(place.start, *(area.start for area in areas)), place.end, kept)


def _doubted(start: int, end: int, readings: tuple[NameReading, ...]) -> NamedPlace | None:
    return NamedPlace(start, end, readings, Strength.SURE, doubt="heard") if readings else None
