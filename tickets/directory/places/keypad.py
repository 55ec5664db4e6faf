"""Places keyed on a telephone: a name spelled with the letters on the keys, or ward * district for numbered wards."""

from datetime import date

from tickets.directory.places.joining import Doubt, NamedPlace
from tickets.directory.places.lexicon import Key, PlaceIndex
from tickets.directory.places.outcome import Resolution
from tickets.directory.places.read import read
from tickets.directory.places.resolve import decide, resolve, standing_places
from tickets.directory.places.strength import Strength

# Fewer keys begin too many names to be an answer.
_FEWEST_KEYS_OF_A_BEGINNING = 4
_MOST_NAMES = 8


def resolve_keys(index: PlaceIndex, keys: str, *, on: date) -> Resolution:
    """What the keys may mean, like `resolve`. 0 and 1 bear no letters and part the words; # ends.

    "2367" and so on is a name without marks or kind; its beginning is enough when few names begin so. "5*3" is the
    former ward 5 of the former district 3. Nothing is unique when the whole name was not keyed.
    """
    keyed = keys.strip().rstrip("#")
    if "*" in keyed:
        ward, _, district = keyed.partition("*")
        if not (ward.isascii() and ward.isdigit() and district.isascii() and district.isdigit()):
            return Resolution("none")
        return resolve(index, f"phường {ward} quận {district}", on=on)
    letters = "".join(key for key in keyed if key in "23456789")
    names = index.keypad.get(letters, ())
    doubt: Doubt | None = "city" if any(name in index.cities for name in names) else None
    if not names and len(letters) >= _FEWEST_KEYS_OF_A_BEGINNING:
        names, doubt = _beginning_with(index, letters), "weak"
    readings = tuple(reading for name in names for reading in index.readings[name] if reading.kind != "province")
    place = NamedPlace(0, 1, readings, Strength.SURE, doubt=doubt)
    places = standing_places(index, [place], on)
    return decide(index, read(keyed), places) if places else Resolution("none")


def _beginning_with(index: PlaceIndex, letters: str) -> tuple[Key, ...]:
    names = {name for keys, found in index.keypad.items() if keys.startswith(letters) for name in found}
    return tuple(sorted(names)) if len(names) <= _MOST_NAMES else ()
