"""A long text is read whole: where its beginning names no place, what follows is read too, piece by piece."""

from datetime import date

from tickets.directory.places.lexicon import PlaceIndex
from tickets.directory.places.outcome import Resolution
from tickets.directory.places.read import LONGEST_PLACE_TEXT
from tickets.directory.places.resolve import resolve
from tickets.typed_text import MAX_BODY

# What each piece repeats of the one before, so that no name is cut in two.
_READ_TWICE = 200


def resolve_whole(index: PlaceIndex, said: str, *, on: date) -> Resolution:
    """The first piece of a text that says anything of a place decides: a story wanders off.

    A dozen pieces at most, each as much work as a short text.
    """
    found = resolve(index, said[:LONGEST_PLACE_TEXT], on=on)
    begins_at = LONGEST_PLACE_TEXT - _READ_TWICE
    while found.outcome == "none" and begins_at + _READ_TWICE < min(len(said), MAX_BODY):
        further = resolve(index, said[begins_at : begins_at + LONGEST_PLACE_TEXT], on=on)
        # Where nothing is found at last, what the beginning named outside the city, or a street of it, is what is told.
        found = further if further.outcome != "none" or not (found.elsewhere or found.hint) else found
        begins_at += LONGEST_PLACE_TEXT - _READ_TWICE
    return found
