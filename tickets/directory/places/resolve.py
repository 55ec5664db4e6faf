"""Decides which units a text may mean: one, the parts of a divided ward, several, or none; and what to ask."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from tickets.directory.places.heard import heard_place, or_longer_name
from tickets.directory.places.joining import NamedPlace, join
from tickets.directory.places.lexicon import NameReading, PlaceIndex
from tickets.directory.places.map_point import near_point, point_in
from tickets.directory.places.mentions import Mention, find_mentions
from tickets.directory.places.outcome import Candidate, Generation, Resolution, ResolutionOutcome, Understood, Why
from tickets.directory.places.question import question_about_place, question_between_places
from tickets.directory.places.read import PlaceText, read
from tickets.directory.places.speech import FORMER, NOW_CALLED, RENEWED
from tickets.directory.places.spots import find_spots, hint_of, units_meant
from tickets.directory.places.strength import Strength

_MOST_RECENT_FIRST: tuple[Generation, ...] = ("current", "former", "earlier")
# The reason that is shown first when several lead to one unit.
_BEST_REASON_FIRST = ("unit", "ward", "district", "province")
_WORDS_BETWEEN_NAMES_OF_ONE_PLACE = 6


def resolve(index: PlaceIndex, text: str, *, on: date) -> Resolution:
    """The units that may be responsible on `on` for the place this text names, each with why, and the question that
    decides between them. Never a single unit unless nothing else can have been meant.
    """
    words = read(text)
    mentions = find_mentions(index, words)
    places = standing_places(index, join(index, words, mentions), on)
    places = [or_longer_name(index, words, place) for place in _meant(places)]
    if _names_no_ward(places) and (heard := heard_place(index, words, places)) is not None:
        return _as_heard(index, words, standing_places(index, [heard], on))
    if not places:
        return _nowhere(index, text, words, mentions, on)
    return _those_beside_first(index, words, decide(index, words, _same_place(words, places)))


def _nowhere(index: PlaceIndex, written: str, text: PlaceText, mentions: Iterable[Mention], on: date) -> Resolution:
    """No unit, but perhaps a point on the map, a street or a landmark, and so what to ask."""
    if (point := point_in(written)) is not None:
        units = {unit: index.units[unit] for unit in _standing(index, frozenset(index.units), on)}
        if (hint := near_point(point, index.points, units)) is not None:
            return Resolution("none", hint=hint)
    elsewhere = _elsewhere(index, text, mentions)
    if elsewhere:
        return Resolution("none", elsewhere=elsewhere)
    found = find_spots(index.spots, text, places=index.readings)
    standing = _standing(index, frozenset().union(*(one.units for one in found)), on)
    units = {unit: index.units[unit] for unit in standing}
    return Resolution("none", hint=hint_of(found, units, said=[text.said(one.start, one.end) for one in found]))


def _those_beside_first(index: PlaceIndex, text: PlaceText, decided: Resolution) -> Resolution:
    """Of several units those first that the street or landmark named beside them lies in; all of them stay."""
    if decided.outcome == "unique" or not (found := find_spots(index.spots, text, places=index.readings)):
        return decided
    units = units_meant(found)
    candidates = tuple(sorted(decided.candidates, key=lambda one: one.unit_id not in units))
    asked = decided.question
    if asked is not None:
        options = tuple(sorted(asked.options, key=lambda one: not units.intersection(one.unit_ids)))
        asked = replace(asked, options=options)
    return replace(decided, candidates=candidates, question=asked)


def decide(index: PlaceIndex, text: PlaceText, places: list[NamedPlace]) -> Resolution:
    """One answer from what was understood; `places` is not empty and each has a unit that stands."""
    sets = [units_of(place.readings) for place in places]
    every = frozenset().union(*sets)
    outcome = _outcome(places, every)
    question = None
    if outcome != "unique":
        one_place = len(places) == 1 or all(units == every for units in sets)
        question = (
            question_about_place(index, places[0], said=said(text, places[0]))
            if one_place
            else question_between_places([(said(text, place), units_of(place.readings)) for place in places])
        )
    readings = [reading for place in places for reading in place.readings]
    return Resolution(
        outcome=outcome,
        candidates=_candidates(index, readings),
        question=question,
        said="; ".join(said(text, place) for place in places),
        generation=next(g for g in _MOST_RECENT_FIRST if any(reading.generation == g for reading in readings)),
        understood=tuple(_understood(text, place, reading) for place in places for reading in place.readings),
    )


def _elsewhere(index: PlaceIndex, text: PlaceText, mentions: Iterable[Mention]) -> str:
    """The province or town outside the city that was named; "quận 13" is nowhere, not elsewhere."""
    for mention in mentions:
        name = tuple(word.fold for word in text.words[mention.start : mention.end])
        if mention.level == "elsewhere" and name in index.elsewhere:
            return text.said(mention.start, mention.end)
    return ""


def _names_no_ward(places: Iterable[NamedPlace]) -> bool:
    return all(reading.kind in ("district", "province") for place in places for reading in place.readings)


def _as_heard(index: PlaceIndex, text: PlaceText, places: list[NamedPlace]) -> Resolution:
    """What a name sounds like is asked about, and the reason says as what it was heard."""
    if not places:
        return Resolution("none")
    decided = decide(index, text, places)
    heard = {unit: r.name for place in places for r in reversed(place.readings) for unit in r.units}
    candidates = tuple(
        replace(one, why=Why("heard_as", {"said": decided.said, "name": heard[one.unit_id]}), also=(one.why, *one.also))
        for one in decided.candidates
    )
    return replace(decided, candidates=candidates)


def units_of(readings: Iterable[NameReading]) -> frozenset[int]:
    return frozenset(unit for reading in readings for unit in reading.units)


def said(text: PlaceText, place: NamedPlace) -> str:
    return text.said(place.start, place.end)


def standing_places(index: PlaceIndex, places: Iterable[NamedPlace], on: date) -> list[NamedPlace]:
    """Places with only the units that exist on the day; those that lead to none are not places."""
    narrowed = (_narrowed(place, _standing(index, units_of(place.readings), on)) for place in places)
    return [place for place in narrowed if place.readings]


def _standing(index: PlaceIndex, unit_ids: frozenset[int], on: date) -> frozenset[int]:
    units = (index.units[unit_id] for unit_id in unit_ids if unit_id in index.units)
    return frozenset(u.id for u in units if u.valid_from <= on and (u.valid_to is None or on < u.valid_to))


def _narrowed(place: NamedPlace, units: frozenset[int]) -> NamedPlace:
    if all(reading.units <= units for reading in place.readings):
        return place
    kept = (replace(reading, units=reading.units & units) for reading in place.readings if reading.units & units)
    return replace(place, readings=tuple(kept))


def _meant(places: list[NamedPlace]) -> list[NamedPlace]:
    """Without what only might be a place when a place is said with its kind or district, and without districts that
    only repeat.
    """
    is_said_plainly = any(place.strength == Strength.SURE and not place.is_bare for place in places)
    least = Strength.WEAK if is_said_plainly else Strength.FAINT
    # Who repeats a place has named one; the first time counts.
    distinct = {(place.readings, place.doubt): place for place in reversed(places) if place.strength >= least}
    meant = list(reversed(distinct.values()))
    meant = [place for place in meant if place.doubt != "city"] or meant
    return [place for place in meant if not any(_is_repeated_by(place, other) for other in meant)]


def _is_repeated_by(wide: NamedPlace, narrow: NamedPlace) -> bool:
    """ "phường Đa Kao … lên quận 1": the district says nothing that the ward has not said."""
    is_area = all(reading.kind in ("district", "province") for reading in wide.readings)
    return is_area and units_of(narrow.readings) < units_of(wide.readings)


def _same_place(text: PlaceText, places: list[NamedPlace]) -> list[NamedPlace]:
    """One place for "Đa Kao cũ, nay là phường Tân Định": today's name decides what the old one meant."""
    joined = places[:1]
    for place in places[1:]:
        former, today = _by_generation(text, joined[-1], place)
        named_today = units_of(r for r in today.readings if r.generation == "current") if today else frozenset()
        both = named_today & units_of(former.readings) if former else frozenset()
        if not both or today is None or former is None:
            joined.append(place)
            continue
        readings = _narrowed(today, both).readings + _narrowed(former, both).readings
        joined[-1] = replace(today, start=joined[-1].start, end=place.end, readings=readings)
    return joined


def _by_generation(
    text: PlaceText, first: NamedPlace, second: NamedPlace
) -> tuple[NamedPlace | None, NamedPlace | None]:
    """(the one said by its former name, the one by today's), if the words around them say that they are one place."""
    if second.start - first.end > _WORDS_BETWEEN_NAMES_OF_ONE_PLACE:
        return None, None
    if FORMER.before(text, second.end):
        return second, first
    if FORMER.before(text, first.end) or RENEWED.at(text, second.end):
        return first, second
    if any(NOW_CALLED.at(text, position) for position in range(first.end, second.start)):
        return first, second
    return None, None


def _outcome(places: list[NamedPlace], every: frozenset[int]) -> ResolutionOutcome:
    if len(every) == 1:
        return "unique" if any(place.doubt is None for place in places) else "ambiguous"
    is_divided = all(reading.kind == "ward" and reading.units == every for p in places for reading in p.readings)
    return "split" if is_divided and all(place.doubt is None for place in places) else "ambiguous"


def _candidates(index: PlaceIndex, readings: list[NameReading]) -> tuple[Candidate, ...]:
    """Units in the order of their best reason, then as listed."""
    reasons: dict[int, list[Why]] = {}
    for reading in sorted(readings, key=lambda r: (_BEST_REASON_FIRST.index(r.kind), r.generation == "earlier")):
        for unit_id in sorted(reading.units):
            known = reasons.setdefault(unit_id, [])
            if why(reading) not in known:
                known.append(why(reading))
    return tuple(_candidate(index, unit_id, whys) for unit_id, whys in reasons.items())


def _candidate(index: PlaceIndex, unit_id: int, whys: list[Why]) -> Candidate:
    unit = index.units[unit_id]
    return Candidate(unit.id, unit.code, unit.name, unit.kind, why=whys[0], also=tuple(whys[1:]))


def why(reading: NameReading) -> Why:
    if reading.kind == "unit":
        return Why("name_today", {"name": reading.name})
    if reading.kind == "province":
        return Why("in_province", {"province": reading.name})
    if reading.kind == "district":
        return Why("in_district", {"district": reading.name})
    params = {"ward": reading.name, "district": reading.district or ""}
    code = "old_ward_divided" if reading.is_divided else "old_ward"
    if reading.through is None:
        return Why(code, params)
    return Why(code.replace("old_ward", "earlier_ward"), params | {"through": reading.through})


def _understood(text: PlaceText, place: NamedPlace, reading: NameReading) -> Understood:
    return Understood(
        said=said(text, place),
        reading=why(reading).code,
        generation=reading.generation,
        name=reading.name,
        district=reading.district,
        unit_ids=tuple(sorted(reading.units)),
    )
