"""Puts mentions that belong together into one place: a ward with the district and the province said beside it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tickets.directory.places.fold import exact_key
from tickets.directory.places.lexicon import NameReading, PlaceIndex
from tickets.directory.places.mentions import Mention
from tickets.directory.places.read import PlaceText
from tickets.directory.places.speech import CONNECTING, FORMER, KIND_WORDS, RENEWED
from tickets.directory.places.strength import Strength, bears_a_persons_name, follows_a_surname

_STREET = (exact_key("đường")[0], exact_key("đ")[0])

Doubt = Literal["conflict", "kind", "weak", "city", "heard"]


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """One place the text speaks of, with every reading that remains.

    `doubt` says why even a single unit must be asked about: the ward is not in the district beside it, the kind does
    not fit, the words may mean something else, the whole city may be meant, or the name only sounds so. `has_district`
    is set when a district narrowed it, `is_bare` when neither a kind nor a district was said.
    """

    start: int
    end: int
    readings: tuple[NameReading, ...]
    strength: Strength
    doubt: Doubt | None = None
    has_district: bool = False
    is_bare: bool = False


@dataclass(slots=True)
class _Draft:
    mention: Mention
    readings: tuple[NameReading, ...]
    end: int
    start: int
    doubt: Doubt | None = None
    has_district: bool = False
    taken: list[int] = field(default_factory=list)


def join(index: PlaceIndex, text: PlaceText, mentions: list[Mention]) -> list[NamedPlace]:
    taken: set[int] = set()
    places: list[NamedPlace] = []
    in_order = [n for n, m in enumerate(mentions) if m.level == "ward"]
    in_order += [n for n, m in enumerate(mentions) if m.level == "bare" and m.strength > Strength.NOT_MEANT]
    for number in in_order:
        if number in taken:
            continue
        draft = _draft(text, mentions[number])
        _take_following(index, text, mentions, number, draft, taken)
        if not draft.has_district and mentions[number].level == "ward":
            _take_preceding(index, text, mentions, number, draft, taken)
        taken.update(draft.taken, (number,))
        if draft.has_district or not mentions[number].is_count:
            places.append(_finished(text, draft))
    for number, mention in enumerate(mentions):
        if number not in taken and mention.level in ("district", "province") and not mention.is_count:
            end = _with_province(index, text, mentions, number, taken)
            places.append(NamedPlace(mention.start, end, mention.readings, mention.strength))
    return sorted(places, key=lambda place: place.start)


def _draft(text: PlaceText, mention: Mention) -> _Draft:
    readings = mention.readings
    doubt: Doubt | None = None if mention.is_sure else "kind"
    if FORMER.at(text, mention.end):
        readings = tuple(r for r in readings if r.generation != "current") or readings
    elif RENEWED.at(text, mention.end):
        readings = tuple(r for r in readings if r.generation == "current") or readings
    if mention.is_city_too:
        doubt = "city"
    elif mention.strength < Strength.SURE or mention.may_be_words:
        doubt = "weak"
    return _Draft(mention, readings, end=mention.end, start=mention.start, doubt=doubt)


def _take_following(
    index: PlaceIndex, text: PlaceText, mentions: list[Mention], number: int, draft: _Draft, taken: set[int]
) -> None:
    for following in range(number + 1, len(mentions)):
        mention = mentions[following]
        if following in taken or not _stand_together(text, draft.end, mention):
            return
        if mention.level == "elsewhere":
            draft.doubt = draft.doubt or "weak"
            return
        if mention.level == "city" or (mention.is_city_too and draft.readings):
            draft.taken.append(following)
            draft.end = mention.end
            return
        if not _narrow(index, text, draft, mention):
            return
        draft.taken.append(following)
        draft.end = mention.end


def _take_preceding(
    index: PlaceIndex, text: PlaceText, mentions: list[Mention], number: int, draft: _Draft, taken: set[int]
) -> None:
    before = number - 1
    if before < 0 or before in taken or not _stand_together(text, mentions[before].end, mentions[number]):
        return
    if mentions[before].level not in ("district", "bare") or text.words[mentions[number].start].gap == "stop":
        return
    if _fitting(index, draft, mentions[before]):
        _narrow(index, text, draft, mentions[before])
        draft.taken.append(before)
        draft.start = mentions[before].start


def _narrow(index: PlaceIndex, text: PlaceText, draft: _Draft, context: Mention) -> bool:
    """Keep what lies in the context. False if the context is no context for this place but a place of its own."""
    if context.level == "ward" or draft.doubt == "conflict":
        return False
    is_hardly_a_name = draft.mention.strength <= Strength.UNMARKED and (
        context.level == "bare" or _may_be_a_person(text, draft.mention)
    )
    if not draft.has_district and not is_hardly_a_name and (districts := _districts(context)):
        fitting = _fitting(index, draft, context)
        if fitting:
            _settle(text, draft, fitting, context)
            return True
        if context.level == "district" and draft.mention.level == "ward":
            draft.readings = (*draft.readings, *districts)
            draft.doubt, draft.has_district = "conflict", True
            return True
        if context.level == "district":
            return False
    provinces = {reading.province for reading in context.readings if reading.kind == "province"}
    in_province = tuple(reading for reading in draft.readings if reading.province in provinces)
    if in_province and (context.level == "province" or draft.mention.level == "ward" or draft.has_district):
        draft.readings = in_province
        return True
    return False


def _settle(text: PlaceText, draft: _Draft, fitting: tuple[NameReading, ...], context: Mention) -> None:
    mention = draft.mention
    if not set(fitting) <= set(draft.readings):
        draft.doubt = "kind"
    elif mention.level == "bare":
        also_district = any(reading.kind == "district" for reading in mention.readings)
        if also_district and context.level == "bare":
            fitting, draft.doubt = draft.readings, "weak"
        elif not _may_be_a_person(text, mention):
            draft.doubt = None
    elif mention.may_be_words:
        draft.doubt = None
    draft.readings, draft.has_district = _former_in_its_district(fitting), True


def _may_be_a_person(text: PlaceText, mention: Mention) -> bool:
    return bears_a_persons_name(text, mention.start, mention.end) or follows_a_surname(text, mention.start)


def _fitting(index: PlaceIndex, draft: _Draft, context: Mention) -> tuple[NameReading, ...]:
    """The ward readings that lie in a district of the context; those of another kind only if no other does."""
    districts = {district.name: district for district in _districts(context)}
    if not districts:
        return ()
    fitting = _inside(draft.readings, districts.values())
    if fitting or draft.mention.level != "ward":
        return fitting
    return _inside(draft.mention.others, districts.values())


def _inside(readings: Iterable[NameReading], districts: Iterable[NameReading]) -> tuple[NameReading, ...]:
    districts = tuple(districts)
    return tuple(
        reading
        for reading in readings
        if any(
            reading.district == district.name
            if reading.kind == "ward"
            else reading.kind == "unit" and reading.units & district.units
            for district in districts
        )
    )


def _former_in_its_district(readings: tuple[NameReading, ...]) -> tuple[NameReading, ...]:
    """Who says the district means the old ward: a unit of today that bears its name is then one of its parts."""
    divided = [reading.units for reading in readings if reading.is_divided]
    return tuple(
        reading
        for reading in readings
        if not (reading.kind == "unit" and any(reading.units <= units for units in divided))
    )


def _districts(mention: Mention) -> tuple[NameReading, ...]:
    if mention.level not in ("district", "bare"):
        return ()
    return tuple(reading for reading in (*mention.readings, *mention.others) if reading.kind == "district")


def _stand_together(text: PlaceText, end: int, following: Mention) -> bool:
    """Whether only punctuation and words like "thuộc" stand between, or the name of a street written as one."""
    position = end
    while position < following.start and (used := CONNECTING.at(text, position)):
        position += used
    if position == following.start:
        return not any(_ends_sentence(text, at, following) for at in range(end, position + 1))
    return _is_street_between(text, position, following.start)


def _ends_sentence(text: PlaceText, position: int, following: Mention) -> bool:
    word = text.words[position]
    if word.gap == "stop":
        return True
    is_spelled_out = word.fold in KIND_WORDS and not following.is_short
    return word.gap == "dot" and len(word.between) > 1 and is_spelled_out


def _is_street_between(text: PlaceText, start: int, end: int) -> bool:
    """ "P.12 đường Lê Văn Sỹ Q.3": a street in capitals; anything else may be the rest of a sentence."""
    words = text.words[start:end]
    if not 2 <= len(words) <= 6 or words[0].exact not in _STREET:
        return False
    named = all(word.is_title or word.is_number for word in words[1:])
    return named and all(word.gap in ("space", "dot") for word in words)


def _with_province(index: PlaceIndex, text: PlaceText, mentions: list[Mention], number: int, taken: set[int]) -> int:
    """Where a district with its province ends; the province says nothing new."""
    end = mentions[number].end
    following = number + 1
    if mentions[number].level != "district" or following >= len(mentions) or following in taken:
        return end
    mention = mentions[following]
    if mention.level == "province" and _stand_together(text, end, mention):
        taken.add(following)
        return mention.end
    return end


def _finished(text: PlaceText, draft: _Draft) -> NamedPlace:
    strength = draft.mention.strength
    if draft.has_district:
        strength = Strength.SURE if draft.doubt != "weak" else max(strength, Strength.WEAK)
    end = draft.end + FORMER.at(text, draft.end)
    return NamedPlace(
        draft.start,
        end,
        draft.readings,
        strength,
        doubt=draft.doubt,
        has_district=draft.has_district,
        is_bare=draft.mention.level == "bare" and not draft.has_district,
    )
