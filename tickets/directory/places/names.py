"""Finds the known names that begin at a word, longest first, and weighs their marks against what was written."""

from collections.abc import Iterator

from tickets.directory.places.lexicon import Key, NameReading, PlaceIndex
from tickets.directory.places.read import PlaceText


def names_at(index: PlaceIndex, text: PlaceText, start: int) -> Iterator[tuple[int, Key]]:
    """Names that begin here, longest first, as (end, name)."""
    first = text.words[start]
    if first.fold in index.glued:
        yield start + 1, index.glued[first.fold]
    longest = index.longest.get(first.fold, 0)
    for length in range(min(longest, len(text.words) - start), 0, -1):
        words = text.words[start : start + length]
        name = tuple("2" if word.fold == "ii" else word.fold for word in words)
        is_number = length == 1 and first.is_number
        if name in index.names and not is_number and _hangs_together(index, text, start, start + length, name):
            yield start + length, name


def _hangs_together(index: PlaceIndex, text: PlaceText, start: int, end: int, name: Key) -> bool:
    last = text.words[end - 1]
    if len(last.fold) == 1 and last.is_marked:
        # The polite "ạ" at the end of a sentence is not the A of "Bình Trị Đông A".
        return False
    gaps = ("space", "hyphen", "dot", "glued", "dash") if _may_be_dashed(index, name) else ("space", "hyphen", "glued")
    return all(word.gap in gaps for word in text.words[start + 1 : end])


def _may_be_dashed(index: PlaceIndex, name: Key) -> bool:
    """ "Bà Rịa - Vũng Tàu", "TP.HCM", "BR-VT"; between other words a dash parts two names."""
    return name in index.cities or all(reading.kind == "province" for reading in index.readings.get(name, ()))


def not_contradicted(readings: list[NameReading], text: PlaceText, start: int, end: int) -> list[NameReading]:
    """Those that no written mark speaks against: "thấy Hòa" is not Thái Hòa. Marks left out speak against nothing."""
    words = text.words[start:end]
    if not any(word.is_marked for word in words):
        return readings
    return [
        reading
        for reading in readings
        if len(reading.exact) != len(words)
        or all(not word.is_marked or word.exact == exact for word, exact in zip(words, reading.exact, strict=True))
    ]


def as_written(readings: list[NameReading], text: PlaceText, said: Key) -> list[NameReading]:
    """Those with the very marks that were written, if the writer uses marks and there are any; else all."""
    exact = [reading for reading in readings if reading.exact == said] if text.is_marked else []
    return exact or readings
