"""Finds what a text mentions: wards and districts said to be such, and bare names with how surely they are places."""

from dataclasses import dataclass, replace
from typing import Literal

from tickets.directory.places.lexicon import Key, NameReading, PlaceIndex
from tickets.directory.places.names import as_written, names_at, not_contradicted
from tickets.directory.places.read import PlaceText
from tickets.directory.places.speech import (
    COUNTED,
    CUES,
    ENGLISH_AFTER_NAME,
    FAR,
    KIND_WORDS,
    NEIGHBOURHOODS,
    OTHER_WORDS,
    STREETS,
    STREETS_WITH_NUMBERS,
    KindWord,
    says,
    spoken_number,
)
from tickets.directory.places.strength import Strength, is_pointed_to, strength_of_bare_name

MentionLevel = Literal["ward", "district", "province", "city", "elsewhere", "bare"]

_STREET_NAME_WORDS = 6


@dataclass(frozen=True, slots=True)
class Mention:
    """Words `start` to `end` of the text and what they may mean.

    `readings` are those that fit the kind that was said and the marks that were written; `others` bear the same name
    but are of another kind. `is_sure` is False when what was said fits no reading as it stands.
    """

    level: MentionLevel
    start: int
    end: int
    readings: tuple[NameReading, ...]
    others: tuple[NameReading, ...] = ()
    is_sure: bool = True
    is_count: bool = False
    may_be_words: bool = False
    is_short: bool = False
    is_city_too: bool = False
    strength: Strength = Strength.SURE


def find_mentions(index: PlaceIndex, text: PlaceText) -> list[Mention]:
    found: list[Mention] = []
    position = street_until = 0
    while position < text.whole:
        if text.words[position].gap in ("comma", "stop", "dash"):
            street_until = 0
        mention = _city(index, text, position) or _said_to_be(index, text, position)
        if mention is None and (name := _bare_name(index, text, position)) is not None:
            if position < street_until:
                position = name.end
                continue
            mention = _graded(index, text, name, after_mention=bool(found) and found[-1].end == position)
        if mention is None:
            position, street_until = _past_other_words(text, position, street_until)
            continue
        found.append(mention)
        # Words that are hardly a name must not hide the name that begins with their last word.
        position = position + 1 if mention.strength == Strength.UNMARKED else mention.end
        street_until = 0
    return found


def _past_other_words(text: PlaceText, position: int, street_until: int) -> tuple[int, int]:
    """The next position, and until where a name is a street's: "đường Nguyễn Thái Bình" is no ward."""
    if skipped := NEIGHBOURHOODS.at(text, position):
        return position + skipped, 0
    if CUES.at(text, position):
        return position + 1, 0
    street = STREETS.at(text, position)
    if not street:
        return position + 1, street_until
    end = position + street
    if end < len(text.words) and text.words[end].is_number:
        is_complete = STREETS_WITH_NUMBERS.at(text, position) == street
        return end + 1, 0 if is_complete else end + 1 + _STREET_NAME_WORDS
    if text.words[position].fold in ("so", "nha"):
        return position + 1, street_until
    return end, end + _STREET_NAME_WORDS


def _city(index: PlaceIndex, text: PlaceText, start: int) -> Mention | None:
    for end, name in names_at(index, text, start):
        if name in index.readings:
            return None
        if name in index.cities:
            return Mention("city", start, end, ())
        exact = index.elsewhere.get(name)
        if exact is not None and says(text, start, name, exact, lenient=True):
            return Mention("elsewhere", start, end, ())
    return None


def _said_to_be(index: PlaceIndex, text: PlaceText, start: int) -> Mention | None:
    for kind in KIND_WORDS.get(text.words[start].fold, ()):
        folded, exact = kind.phrase
        if not says(text, start, folded, exact, lenient=folded != ("xa",)) or _is_other_word(text, start, kind):
            continue
        name_start = start + len(folded)
        if name_start >= len(text.words) or not _may_follow(text, name_start):
            continue
        found = _numbered(index, text, start, name_start, kind) or _named(index, text, start, name_start, kind)
        if found is not None:
            return found
        if kind.said_as == "district" and _is_unknown_name(index, text, name_start):
            return Mention("elsewhere", start, name_start + 1, (), is_short=kind.is_short)
    return None


def _is_unknown_name(index: PlaceIndex, text: PlaceText, at: int) -> bool:
    """ "quận 13", "TP Vinh": whatever lies in it is not in a district we know."""
    word = text.words[at]
    if word.is_number:
        return len(word.fold) <= 2 and not COUNTED.at(text, at + 1)
    return text.is_marked and word.is_title and not word.text.isupper() and _city(index, text, at) is None


def _is_other_word(text: PlaceText, start: int, kind: KindWord) -> bool:
    """ "8h" is an hour and "cách xa" is far; in "Q3P5" the P is a ward."""
    word = text.words[start]
    if kind.said_as == "commune" and FAR.before(text, start):
        return True
    if not kind.is_short or word.gap != "glued" or not start or not text.words[start - 1].is_number:
        return False
    following = text.words[start + 1] if start + 1 < len(text.words) else None
    return following is None or not following.is_number or following.gap not in ("glued", "dot")


def _may_follow(text: PlaceText, position: int) -> bool:
    word = text.words[position]
    return word.gap in ("glued", "space", "dot", "hyphen") or word.between.strip() in (":", ".:")


def _numbered(index: PlaceIndex, text: PlaceText, start: int, at: int, kind: KindWord) -> Mention | None:
    spoken = None if kind.is_short or text.words[at].is_number else spoken_number(text, at)
    number, used = (text.words[at].fold, 1) if text.words[at].is_number else ("", 0)
    if spoken is not None:
        if any(name in index.readings for _, name in names_at(index, text, at)):
            return None
        number, used = str(spoken[0]), spoken[1]
    end = at + used
    if not used or _belongs_to_longer_number(text, end):
        return None
    found = _mention_of(index.readings.get((number,), ()), text, start, end, kind, said=(number,))
    is_count = COUNTED.at(text, end) > 0 or (spoken is not None and not is_pointed_to(text, start))
    return replace(found, is_count=is_count) if found is not None else None


def _belongs_to_longer_number(text: PlaceText, end: int) -> bool:
    """ "Q1/2026" is a quarter, "P.5B" a room, "P12/4" no ward."""
    if end >= len(text.words):
        return False
    word = text.words[end]
    if word.is_number:
        return word.between in ("/", ".", "-", ",")
    return word.gap == "glued" and word.fold not in KIND_WORDS


def _named(index: PlaceIndex, text: PlaceText, start: int, at: int, kind: KindWord) -> Mention | None:
    for end, name in names_at(index, text, at):
        readings = index.readings.get(name, ())
        if kind.said_as == "district":
            readings = (*readings, *index.short_districts.get(name, ()))
        said = tuple(word.exact for word in text.words[at:end])
        found = _mention_of(readings, text, start, end, kind, said=said)
        if found is not None:
            found = replace(found, may_be_words=_may_be_words(text, start, at, end))
            return _with_other_division(index, text, found, at, kind)
    return None


def _may_be_words(text: PlaceText, start: int, at: int, end: int) -> bool:
    """ "xin phuong an dong cua": without marks, capitals or a cue, "phương án" is as likely as Phường An Đông."""
    if text.is_marked or (text.words[start].fold, text.words[at].fold) not in OTHER_WORDS:
        return False
    is_bounded = end == len(text.words) or text.words[end].gap != "space"
    return not is_bounded and not text.words[at].is_title and not is_pointed_to(text, start)


def _with_other_division(index: PlaceIndex, text: PlaceText, mention: Mention, at: int, kind: KindWord) -> Mention:
    """ "phường Tân Hưng Thuận An" is Tân Hưng Thuận, or Tân Hưng beside Thuận An: then neither is sure."""
    for shorter, name in names_at(index, text, at):
        if shorter >= mention.end or not _is_district_across(index, text, shorter, mention.end):
            continue
        said = tuple(word.exact for word in text.words[at:shorter])
        other = _mention_of(index.readings.get(name, ()), text, mention.start, shorter, kind, said=said)
        if other is not None:
            return replace(mention, readings=(*mention.readings, *other.readings), is_sure=False)
    return mention


def _is_district_across(index: PlaceIndex, text: PlaceText, start: int, border: int) -> bool:
    return any(
        end > border and any(reading.kind == "district" for reading in index.readings.get(name, ()))
        for end, name in names_at(index, text, start)
    )


def _mention_of(
    readings: tuple[NameReading, ...], text: PlaceText, start: int, end: int, kind: KindWord, *, said: Key
) -> Mention | None:
    if kind.said_as in ("district", "province"):
        level: MentionLevel = "district" if kind.said_as == "district" else "province"
        of_level = as_written([r for r in readings if r.kind == kind.said_as], text, said)
        return Mention(level, start, end, tuple(of_level), is_short=kind.is_short) if of_level else None
    wards = [r for r in readings if r.kind in ("unit", "ward")]
    of_kind = [r for r in wards if r.said_as == kind.said_as]
    others = tuple(r for r in wards if r.said_as != kind.said_as)
    # "x Phước Vĩnh" may be any x; in "P.Phước Vĩnh" a ward was meant, though it was a town.
    is_letter = kind.is_short and text.words[start + 1].between != "."
    if not wards or (is_letter and not of_kind):
        return None
    if not of_kind:
        return Mention("ward", start, end, tuple(as_written(wards, text, said)), is_sure=False)
    exactly = [r for r in of_kind if r.exact == said] if text.is_marked else []
    if text.is_marked and not exactly and any(r.exact == said for r in others):
        # The marks say one thing and the kind another: both stay possible.
        return Mention("ward", start, end, tuple(wards), is_sure=False)
    return Mention("ward", start, end, tuple(exactly or of_kind), others, is_short=kind.is_short)


def _bare_name(index: PlaceIndex, text: PlaceText, start: int) -> Mention | None:
    for end, name in names_at(index, text, start):
        if name not in index.readings and name not in index.short_districts:
            continue
        said = tuple(word.exact for word in text.words[start:end])
        short = index.short_districts.get(name, ())
        every = not_contradicted([*index.readings.get(name, ())] or [*short], text, start, end)
        if not every or _hides_a_kind(index, text, start, end):
            continue
        after = text.words[end] if end < len(text.words) else None
        said_as = ENGLISH_AFTER_NAME.get(after.fold) if after is not None and after.gap == "space" else None
        if said_as is not None and not (end + 1 < len(text.words) and text.words[end + 1].is_number):
            kind = KindWord(((), ()), said_as, is_short=False)
            named = _mention_of(tuple(every), text, start, end + 1, kind, said=said)
            if named is not None:
                return named
        readings = tuple(as_written(every, text, said))
        return Mention("bare", start, end, readings, others=short, is_city_too=name in index.cities)
    return None


def _hides_a_kind(index: PlaceIndex, text: PlaceText, start: int, end: int) -> bool:
    """ "cho quan 5" is a market in Quận 5, not Chợ Quán."""
    inside = (_said_to_be(index, text, position) for position in range(start + 1, end))
    return any(mention is not None and mention.end > end for mention in inside)


def _graded(index: PlaceIndex, text: PlaceText, mention: Mention, *, after_mention: bool) -> Mention:
    if mention.level != "bare":
        return mention
    strength = strength_of_bare_name(text, mention.start, mention.end, after_mention=after_mention)
    if _is_everyday(index, text, mention):
        strength = Strength.FAINT if strength == Strength.SURE else min(strength, Strength.UNMARKED)
    return replace(mention, strength=strength)


def _is_everyday(index: PlaceIndex, text: PlaceText, mention: Mention) -> bool:
    words = text.words[mention.start : mention.end]
    folded = tuple(word.fold for word in words)
    if folded in index.shared:
        return True
    common = index.everyday.get(folded)
    if common is None or all(word.is_title and not word.text.isupper() for word in words):
        return False
    return not text.is_marked or tuple(word.exact for word in words) == common
