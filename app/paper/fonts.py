"""The two weights of Be Vietnam Pro as pages embed them: which glyph a letter is, and how wide.

Made by `python -m tools.subset_fonts` from the files that browsers load; every Vietnamese letter is a glyph of its own,
so that nothing has to be put together.
"""

import struct
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD = "be-vietnam-pro-400", "be-vietnam-pro-600"
# What a page says with letters the font lacks.
_INSTEAD = {"→": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " "}


@dataclass(frozen=True)
class Font:
    """Lengths are in thousandths of the size; `data` is the whole file."""

    name: str
    data: bytes
    glyphs: Mapping[str, int]
    widths: tuple[int, ...]
    ascent: int
    descent: int
    box: tuple[int, int, int, int]

    def glyphs_of(self, words: str) -> list[tuple[str, int]]:
        """Letter by letter, in the composed form; what the font lacks is a question mark."""
        whole = (_INSTEAD.get(letter, letter) for letter in unicodedata.normalize("NFC", words))
        said = (letter if letter in self.glyphs else "?" for letter in whole)
        return [(letter, self.glyphs[letter]) for letter in said]

    def width_of(self, words: str, size: float) -> float:
        return sum(self.widths[glyph] for _, glyph in self.glyphs_of(words)) * size / 1000


@cache
def font(name: str) -> Font:
    """Read once in each process."""
    data = (_FOLDER / f"{name}.ttf").read_bytes()
    tables = dict(_tables(data))
    head, hhea = tables["head"], tables["hhea"]
    units: int = struct.unpack_from(">H", head, 18)[0]

    def scaled(value: int) -> int:
        return round(value * 1000 / units)

    ascent, descent = struct.unpack_from(">hh", hhea, 4)
    (count,) = struct.unpack_from(">H", hhea, 34)
    (total,) = struct.unpack_from(">H", tables["maxp"], 4)
    advances = [struct.unpack_from(">H", tables["hmtx"], 4 * index)[0] for index in range(count)]
    # The last advance stands for all glyphs after it.
    widths = tuple(scaled(advances[min(index, count - 1)]) for index in range(total))
    left, bottom, right, top = struct.unpack_from(">hhhh", head, 36)
    box = (scaled(left), scaled(bottom), scaled(right), scaled(top))
    return Font(name, data, dict(_letters(tables["cmap"])), widths, scaled(ascent), scaled(descent), box)


def _tables(data: bytes) -> Iterator[tuple[str, bytes]]:
    (count,) = struct.unpack_from(">H", data, 4)
    for index in range(count):
        tag, _, start, length = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        yield tag.decode("ascii"), data[start : start + length]


def _letters(cmap: bytes) -> Iterator[tuple[str, int]]:
    """Letter and glyph, from the subtable of Windows and Unicode (format 4), which every font for the web has."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    records = [struct.unpack_from(">HHI", cmap, 4 + 8 * index) for index in range(count)]
    start = next(offset for platform, encoding, offset in records if (platform, encoding) == (3, 1))
    (doubled,) = struct.unpack_from(">H", cmap, start + 6)
    number = doubled // 2
    ends, begins = start + 14, start + 16 + doubled
    deltas, ranges = begins + doubled, begins + 2 * doubled
    for part in range(number):
        (end,) = struct.unpack_from(">H", cmap, ends + 2 * part)
        (begin,) = struct.unpack_from(">H", cmap, begins + 2 * part)
        (delta,) = struct.unpack_from(">H", cmap, deltas + 2 * part)
        (offset,) = struct.unpack_from(">H", cmap, ranges + 2 * part)
        for code in range(begin, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", cmap, ranges + 2 * part + offset + 2 * (code - begin))
            if glyph or not offset:
                yield chr(code), (glyph + delta) & 0xFFFF
