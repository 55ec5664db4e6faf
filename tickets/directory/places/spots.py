"""Streets and landmarks: where nothing else says which ward is meant, they say what to ask; they never decide."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tickets.directory.places.fold import exact_key, key
from tickets.directory.places.outcome import Candidate, Option, Question, SpotHint, Why
from tickets.directory.places.read import PlaceText
from tickets.directory.places.rows import AreaUnit, LandmarkRow, StreetRow
from tickets.directory.places.speech import (
    BETWEEN_STREETS,
    CROSSINGS,
    NEIGHBOURHOODS,
    STREETS,
    STREETS_AFTER_NAME,
    SURNAMES,
    says,
)

_Key = tuple[str, ...]
# A single word this short stands in too many texts.
_SHORTEST_WORD = 6
# Beyond so many wards a question is no help.
_MOST_UNITS = 60


@dataclass(frozen=True, slots=True)
class Spot:
    """A street or a landmark in one abolished district; `units` may be those of the whole district."""

    kind: Literal["street", "landmark"]
    name: str
    exact: _Key
    district: str
    units: frozenset[int]


@dataclass(frozen=True, slots=True)
class Spots:
    """By folded name; `longest` is the number of words of the longest one that begins with a word."""

    streets: Mapping[_Key, tuple[Spot, ...]] = field(default_factory=dict)
    landmarks: Mapping[_Key, tuple[Spot, ...]] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundSpot:
    start: int
    end: int
    spots: tuple[Spot, ...]

    @property
    def units(self) -> frozenset[int]:
        return frozenset(unit for spot in self.spots for unit in spot.units)


def build_spots(
    streets: Iterable[StreetRow], landmarks: Iterable[LandmarkRow], district_units: Mapping[str, frozenset[int]]
) -> Spots:
    by_street: defaultdict[_Key, list[Spot]] = defaultdict(list)
    by_landmark: defaultdict[_Key, list[Spot]] = defaultdict(list)
    for street in streets:
        units = frozenset(street.wards) or district_units.get(street.district, frozenset())
        by_street[key(street.name)].append(Spot("street", street.name, exact_key(street.name), street.district, units))
    for mark in landmarks:
        units = frozenset((mark.unit,)) if mark.unit else district_units.get(mark.district, frozenset())
        for name in (mark.name, *mark.also):
            by_landmark[key(name)].append(Spot("landmark", mark.name, exact_key(name), mark.district, units))
    return Spots(_useful(by_street), _useful(by_landmark), _longest((*by_street, *by_landmark)))


def _useful(spots: Mapping[_Key, Sequence[Spot]]) -> dict[_Key, tuple[Spot, ...]]:
    return {name: tuple(s for s in found if s.units) for name, found in spots.items() if _says_something(name)}


def _says_something(name: _Key) -> bool:
    return len(name) > 1 or (bool(name) and len(name[0]) >= _SHORTEST_WORD)


def _longest(names: Iterable[_Key]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for name in names:
        if name:
            longest[name[0]] = max(len(name), longest.get(name[0], 0))
    return longest


def find_spots(known: Spots, text: PlaceText, *, places: Mapping[_Key, object]) -> list[FoundSpot]:
    """The streets that are said to be such, or stand behind a house number, and the landmarks; `places` are names that
    a number before them may belong to as well.
    """
    found: list[FoundSpot] = []
    if not known.longest:
        return found
    position = 0
    while position < text.whole:
        here = _crossing(known, text, position)
        if not here:
            one = _landmark(known, text, position) or _street(known, text, position, places)
            here = (one,) if one is not None else ()
        found += here
        position = here[-1].end if here else position + 1
    return found


def _crossing(known: Spots, text: PlaceText, start: int) -> tuple[FoundSpot, ...]:
    """ "ngã tư Nguyễn Oanh – Phan Văn Trị": both are streets we know, and some ward may have both."""
    at = start + CROSSINGS.at(text, start)
    if at == start:
        return ()
    first = _named(known.streets, known.longest, text, start, at + STREETS.at(text, at))
    if first is None:
        return ()
    after = first.end + BETWEEN_STREETS.at(text, first.end) if first.end < len(text.words) else first.end
    second = _named(known.streets, known.longest, text, after, after)
    return (first, second) if second is not None and first.units & second.units else ()


def units_meant(found: Sequence[FoundSpot]) -> frozenset[int]:
    """Of a crossing the units that both streets may run through, else those of all."""
    return frozenset(unit for spot in _meant(found) for unit in spot.units)


def _landmark(known: Spots, text: PlaceText, start: int) -> FoundSpot | None:
    return _named(known.landmarks, known.longest, text, start, start)


def _street(known: Spots, text: PlaceText, start: int, places: Mapping[_Key, object]) -> FoundSpot | None:
    said = STREETS.at(text, start)
    if said and not NEIGHBOURHOODS.at(text, start):
        at = start + said
        # "hẻm 12 Lê Lợi", "số nhà 5/2 Lê Lợi"
        while at < len(text.words) and text.words[at].is_number and at < start + said + 3:
            at += 1
        again = STREETS.at(text, at)
        return _named(known.streets, known.longest, text, start, at + again)
    if not text.words[start].is_number:
        return _street_before_its_kind(known, text, start)
    if start + 1 >= len(text.words):
        return None
    at = start + 1 + (1 if _is_letter_of_number(text, start + 1) else 0)
    if at >= len(text.words) or text.words[at].gap not in ("space", "glued", "comma"):
        return None
    numbered = _named(known.streets, known.longest, text, at, at)
    # "P.15 Tân Bình": the number is a ward's.
    said_as = tuple(word.fold for word in text.words[at : numbered.end]) if numbered else ()
    return None if said_as in places else numbered


def _street_before_its_kind(known: Spots, text: PlaceText, start: int) -> FoundSpot | None:
    """ "Nguyen Oanh street" """
    named = _named(known.streets, known.longest, text, start, start)
    after = STREETS_AFTER_NAME.at(text, named.end) if named is not None and named.end < len(text.words) else 0
    return FoundSpot(start, named.end + after, named.spots) if named is not None and after else None


def _is_letter_of_number(text: PlaceText, at: int) -> bool:
    """ "5A Lê Lợi" """
    word = text.words[at]
    return word.gap == "glued" and len(word.fold) == 1


def _named(
    names: Mapping[_Key, tuple[Spot, ...]], longest: Mapping[str, int], text: PlaceText, start: int, at: int
) -> FoundSpot | None:
    if at >= len(text.words):
        return None
    words = text.words[at : at + longest.get(text.words[at].fold, 0)]
    for end in range(at + len(words), at, -1):
        folded = tuple(word.fold for word in text.words[at:end])
        spots = tuple(s for s in names.get(folded, ()) if says(text, at, folded, s.exact, lenient=True))
        if spots and _is_written_as_a_name(text, at, spots[0]):
            return FoundSpot(start, end, spots)
    return None


def _is_written_as_a_name(text: PlaceText, at: int, spot: Spot) -> bool:
    """ "đường ống nước vỡ": there is a street called Ống Nước, but who uses marks would have written it so."""
    return spot.kind == "landmark" or not text.is_marked or text.words[at].is_title or bool(SURNAMES.at(text, at))


def hint_of(found: Sequence[FoundSpot], units: Mapping[int, AreaUnit], *, said: Sequence[str]) -> SpotHint | None:
    """What to ask about streets and landmarks that nothing stands beside; None where that would be no help."""
    spots = _meant(found)
    standing = frozenset(unit for spot in spots for unit in spot.units if unit in units)
    if not standing or len(standing) > _MOST_UNITS:
        return None
    told = "; ".join(said)
    candidates = tuple(_candidate(units[unit], spots, told) for unit in sorted(standing))
    return SpotHint(told, _question(spots, standing, units, told), candidates)


def _meant(found: Sequence[FoundSpot]) -> list[Spot]:
    """Of a crossing, what both streets have in common, where they have something."""
    common = frozenset.intersection(*(one.units for one in found)) if found else frozenset()
    spots = [spot for one in found for spot in one.spots]
    if not common:
        return spots
    return [Spot(s.kind, s.name, s.exact, s.district, s.units & common) for s in spots if s.units & common]


def _candidate(unit: AreaUnit, spots: Sequence[Spot], said: str) -> Candidate:
    spot = next(spot for spot in spots if unit.id in spot.units)
    code = "on_street" if spot.kind == "street" else "at_landmark"
    return Candidate(unit.id, unit.code, unit.name, unit.kind, Why(code, {"name": spot.name}))


def _question(spots: Sequence[Spot], standing: frozenset[int], units: Mapping[int, AreaUnit], said: str) -> Question:
    districts: dict[str, frozenset[int]] = {}
    for spot in spots:
        districts[spot.district] = districts.get(spot.district, frozenset()) | (spot.units & standing)
    named = {district: ids for district, ids in districts.items() if district and ids}
    by_unit = tuple(Option("unit", {"unit": units[unit].name}, (unit,)) for unit in sorted(standing))
    if len(standing) == 1:
        return Question("confirm", {"said": said}, by_unit)
    if len(named) > 1 and len(named) == len(districts):
        options = (Option("former_district", {"district": one}, tuple(sorted(ids))) for one, ids in named.items())
        return Question("which_district", {"said": said}, tuple(options))
    return Question("which_ward_of", {"said": said}, by_unit)
