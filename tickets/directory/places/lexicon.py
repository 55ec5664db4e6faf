"""The index in memory: every name, old and new, with all its readings, under the folded words people may write."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from tickets.directory.places.fold import exact_key, key, spelling
from tickets.directory.places.outcome import Generation
from tickets.directory.places.rows import AliasKind, AreaUnit, DistrictRow, OldWardRow, PlaceRows, PointRow
from tickets.directory.places.sounds import by_sound
from tickets.directory.places.spots import Spots, build_spots

Key = tuple[str, ...]
ReadingKind = Literal["unit", "ward", "district", "province"]

# How a name announces its kind. A district without wards stands among the wards and is only a district.
_PREFIXES: Mapping[Key, str] = {
    key("phường"): "ward",
    key("xã"): "commune",
    key("thị trấn"): "town",
    key("đặc khu"): "special_zone",
    key("quận"): "district",
    key("huyện"): "district",
    key("thành phố"): "district",
    key("thị xã"): "district",
    key("tỉnh"): "province",
}


@dataclass(frozen=True, slots=True)
class NameReading:
    """One thing a name may mean: a unit of today, an abolished ward, a district, a former province.

    `said_as` is the kind of the name (ward, commune, town, special_zone, district, province). `district` is None for a
    unit of today; `through` names the ward an earlier one had been merged into.
    """

    kind: ReadingKind
    name: str
    said_as: str
    exact: Key
    units: frozenset[int]
    province: str
    generation: Generation
    district: str | None = None
    through: str | None = None
    until: date | None = None

    @property
    def is_divided(self) -> bool:
        return self.kind == "ward" and len(self.units) > 1


@dataclass(frozen=True, slots=True)
class PlaceIndex:
    """`readings` by folded name; `short_districts` count only after their kind or beside a ward; `glued` are the names
    written without spaces; `longest` is the number of words of the longest name that begins with a word, so that
    matching looks no further.
    """

    units: Mapping[int, AreaUnit]
    readings: Mapping[Key, tuple[NameReading, ...]]
    names: frozenset[Key]
    glued: Mapping[str, Key]
    longest: Mapping[str, int]
    district_units: Mapping[str, frozenset[int]]
    cities: Mapping[Key, str]
    everyday: Mapping[Key, Key]
    shared: frozenset[Key]
    elsewhere: Mapping[Key, Key]
    short_districts: Mapping[Key, tuple[NameReading, ...]]
    keypad: Mapping[str, tuple[Key, ...]]
    # By how they sound; what is elsewhere too, so that it is not taken for what is here.
    sounding: tuple[Mapping[Key, tuple[Key, ...]], ...]
    spots: Spots
    points: tuple[PointRow, ...] = ()


def build_index(rows: PlaceRows) -> PlaceIndex:
    district_units = _district_units(rows.old_wards)
    by_key: dict[Key, list[NameReading]] = defaultdict(list)
    for reading in _all_readings(rows, district_units):
        by_key[_bare_key(reading.name)].append(reading)
    provinces = {reading.name: reading for readings in by_key.values() for reading in readings if _is_province(reading)}
    for alias in rows.aliases:
        if alias.kind == "province" and alias.means in provinces:
            reading = replace(provinces[alias.means], exact=exact_key(alias.alias))
            if not any(_is_province(known) for known in by_key[key(alias.alias)]):
                by_key[key(alias.alias)].append(reading)
    for name, districts in _districts_by_alias(rows, by_key, "earlier_district").items():
        by_key[name].extend(districts)
    for alias in rows.aliases:
        # A name that is only heard never stands before one that is somebody's own.
        if alias.kind == "heard" and key(alias.alias) not in by_key:
            meant = by_key.get(key(alias.means), [])
            by_key[key(alias.alias)] = [replace(reading, exact=exact_key(alias.alias)) for reading in meant]
    readings = {name: tuple(found) for name, found in by_key.items() if found}
    cities = {key(alias.alias): alias.means for alias in rows.aliases if alias.kind == "city"}
    elsewhere = {key(row.alias): exact_key(row.alias) for row in rows.aliases if row.kind == "elsewhere"}
    short_districts = _districts_by_alias(rows, readings, "district")
    names = [*readings, *cities, *short_districts, *elsewhere]
    return PlaceIndex(
        units={unit.id: unit for unit in rows.units},
        readings=readings,
        names=frozenset(names),
        glued={"".join(name): name for name in names if len(name) > 1 and len("".join(name)) > _SHORTEST_GLUED},
        longest=_longest(names),
        district_units=district_units,
        cities=cities,
        everyday={key(row.alias): exact_key(row.alias) for row in rows.aliases if row.kind == "everyday"},
        shared=frozenset(key(row.alias) for row in rows.aliases if row.kind == "shared"),
        elsewhere=elsewhere,
        short_districts=short_districts,
        keypad=_keypad(readings),
        sounding=by_sound(names),
        spots=build_spots(rows.streets, rows.landmarks, district_units),
        points=tuple(rows.points),
    )


# "govap" and "dian" are written so; shorter ones would be found in other words.
_SHORTEST_GLUED = 3


def bare(name: str) -> tuple[str, str]:
    """A full name as (kind, name without its kind): "Thị trấn Củ Chi" is ("town", "Củ Chi")."""
    words = name.split()
    for length in (2, 1):
        kind = _PREFIXES.get(tuple(spelling(word).fold for word in words[:length]))
        if kind is not None and len(words) > length:
            return kind, " ".join(words[length:])
    return "", name


def _bare_key(name: str) -> Key:
    return key(bare(name)[1])


def _is_province(reading: NameReading) -> bool:
    return reading.kind == "province"


def _district_units(wards: Iterable[OldWardRow]) -> dict[str, frozenset[int]]:
    units: dict[str, set[int]] = defaultdict(set)
    for ward in wards:
        units[ward.district].update(ward.successors)
    return {district: frozenset(ids) for district, ids in units.items()}


def _all_readings(rows: PlaceRows, district_units: Mapping[str, frozenset[int]]) -> Iterable[NameReading]:
    province_units: dict[str, set[int]] = defaultdict(set)
    for unit in rows.units:
        province_units[unit.former_province].add(unit.id)
        yield _unit_reading(unit)
    for ward in rows.old_wards:
        if ward.name != ward.district:
            yield _ward_reading(ward)
    latest = max((district.valid_to for district in rows.districts if district.valid_to), default=None)
    for district in rows.districts:
        yield _district_reading(district, district_units.get(district.name, frozenset()), latest)
    for province, ids in province_units.items():
        if bare(province)[0] == "province":
            name = bare(province)[1]
            yield NameReading("province", province, "province", exact_key(name), frozenset(ids), province, "former")


def _unit_reading(unit: AreaUnit) -> NameReading:
    exact = exact_key(bare(unit.name)[1])
    return NameReading("unit", unit.name, unit.kind, exact, frozenset((unit.id,)), unit.former_province, "current")


def _ward_reading(ward: OldWardRow) -> NameReading:
    kind, name = bare(ward.name)
    return NameReading(
        kind="ward",
        name=ward.name,
        said_as=kind,
        exact=exact_key(name),
        units=frozenset(ward.successors),
        province=ward.province,
        generation="earlier" if ward.merged_into else "former",
        district=ward.district,
        through=ward.merged_into,
        until=ward.valid_to,
    )


def _district_reading(district: DistrictRow, units: frozenset[int], latest: date | None) -> NameReading:
    return NameReading(
        kind="district",
        name=district.name,
        said_as="district",
        exact=exact_key(bare(district.name)[1]),
        units=units,
        province=district.province,
        generation="former" if district.valid_to == latest else "earlier",
        district=district.name,
        until=district.valid_to,
    )


def _districts_by_alias(
    rows: PlaceRows, readings: Mapping[Key, Sequence[NameReading]], kind: AliasKind
) -> dict[Key, tuple[NameReading, ...]]:
    found: dict[Key, tuple[NameReading, ...]] = {}
    for alias in rows.aliases:
        if alias.kind == kind:
            meant = (r for r in readings.get(_bare_key(alias.means), ()) if r.name == alias.means)
            found[key(alias.alias)] = tuple(replace(reading, exact=exact_key(alias.alias)) for reading in meant)
    return found


def _longest(names: Iterable[Key]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for name in names:
        longest[name[0]] = max(len(name), longest.get(name[0], 0))
    return longest


def keypad_digits(letters: str) -> str:
    """The keys that spell these letters on a telephone."""
    return letters.translate(_KEYS)


_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


def _keypad(readings: Mapping[Key, tuple[NameReading, ...]]) -> dict[str, tuple[Key, ...]]:
    """Names by their keys, with i and with y, because the fold knows only i and a caller may press either."""
    spelled: dict[str, set[Key]] = defaultdict(set)
    for name, found in readings.items():
        if name[0].isdigit():
            continue
        spelled[keypad_digits("".join(name))].add(name)
        for reading in found:
            if reading.kind != "province":
                spelled[keypad_digits("".join(_with_y(bare(reading.name)[1])))].add(name)
    return {digits: tuple(sorted(names)) for digits, names in spelled.items()}


def _with_y(name: str) -> str:
    return "".join(
        "y" if letter in "yYýỳỷỹỵÝỲỶỸỴ" else spelling(letter).fold for letter in name if not letter.isspace()
    )
