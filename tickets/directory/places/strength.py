"""How surely a bare name, with no word of kind before it, is meant as the place of the matter."""

from enum import IntEnum

from tickets.directory.places.read import PlaceText
from tickets.directory.places.speech import (
    CUES,
    CUES_WITHOUT_MARKS,
    FORMER,
    FULL_SURNAMES,
    LANDMARKS,
    NAMED_NEIGHBOURHOODS,
    NEIGHBOURHOODS,
    PEOPLE_WITHOUT_MARKS,
    PERSON_WORDS,
    STREETS_AFTER_NAME,
    STREETS_WITH_NUMBERS,
    SURNAMES,
    SURNAMES_WITHOUT_MARKS,
)

_HARD = ("comma", "stop", "dash")
# Names this long are hardly ever ordinary words.
_LONG_NAME = 3


class Strength(IntEnum):
    """NOT_MEANT is a street, a person; UNMARKED stands among words with nothing that points to a place; FAINT is rather
    a landmark or words, asked about when nothing better was said; WEAK opens or closes a phrase; SURE counts.
    """

    NOT_MEANT = 0
    UNMARKED = 1
    FAINT = 2
    WEAK = 3
    SURE = 4


def strength_of_bare_name(text: PlaceText, start: int, end: int, *, after_mention: bool) -> Strength:
    if _is_person_or_street(text, start, end) or (not after_mention and _follows_house_number(text, start)):
        return Strength.NOT_MEANT
    if _is_also_something_else(text, start, end):
        return Strength.FAINT
    if is_pointed_to(text, start):
        return Strength.SURE
    opens = _opens(text, start) or after_mention
    closes = end == len(text.words) or text.words[end].gap in _HARD or FORMER.at(text, end) > 0
    is_long = end - start >= _LONG_NAME and not follows_a_surname(text, start) and (text.is_marked or opens or closes)
    if (opens and closes) or is_long or _is_written_as_name(text, start, end):
        return Strength.SURE
    return Strength.WEAK if opens or closes else Strength.UNMARKED


def is_pointed_to(text: PlaceText, start: int) -> bool:
    """Whether a word like "ở" stands before it."""
    return (CUES if text.is_marked else CUES_WITHOUT_MARKS).before(text, start) > 0


def _is_also_something_else(text: PlaceText, start: int, end: int) -> bool:
    is_named_after = LANDMARKS.before(text, start) or NAMED_NEIGHBOURHOODS.before(text, start)
    return bool(is_named_after) or bears_a_persons_name(text, start, end)


def bears_a_persons_name(text: PlaceText, start: int, end: int) -> bool:
    return end - start >= _LONG_NAME and text.words[start].fold in FULL_SURNAMES


def follows_a_surname(text: PlaceText, start: int) -> bool:
    # Without marks most surnames are also ordinary words: "thấy", "vợ", "đổ".
    surnames = SURNAMES if text.is_marked else SURNAMES_WITHOUT_MARKS
    return text.words[start].gap == "space" and surnames.before(text, start) > 0


def _is_person_or_street(text: PlaceText, start: int, end: int) -> bool:
    # Without marks "chị" is also the end of "địa chỉ", "thầy" of "thấy".
    people = PERSON_WORDS if text.is_marked else PEOPLE_WITHOUT_MARKS
    return people.before(text, start) > 0 or STREETS_AFTER_NAME.at(text, end) > 0


def _follows_house_number(text: PlaceText, start: int) -> bool:
    if start == 0 or text.words[start].gap not in ("space", "glued"):
        return False
    number = start - 1
    if not text.words[number].is_number and number and len(text.words[number].fold) == 1:
        # "12A Nguyễn Thái Bình": the letter belongs to the number.
        number -= text.words[number].gap == "glued" and text.words[number - 1].is_number
    if not text.words[number].is_number:
        return False
    return not (NEIGHBOURHOODS.before(text, number) or STREETS_WITH_NUMBERS.before(text, number))


def _opens(text: PlaceText, start: int) -> bool:
    if text.words[start].gap in _HARD:
        return True
    number = start - 1
    return text.words[number].is_number and bool(
        NEIGHBOURHOODS.before(text, number) or STREETS_WITH_NUMBERS.before(text, number)
    )


def _is_written_as_name(text: PlaceText, start: int, end: int) -> bool:
    """With its marks and capitals, among words without capitals."""
    if not text.is_marked or not all(word.is_title and not _shouts(word.text) for word in text.words[start:end]):
        return False
    before = text.words[start - 1] if start and text.words[start].gap not in _HARD else None
    after = text.words[end] if end < len(text.words) and text.words[end].gap not in _HARD else None
    return not any(word is not None and word.is_title for word in (before, after))


def _shouts(word: str) -> bool:
    return len(word) > 1 and word.isupper()
