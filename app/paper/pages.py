"""Pages that are printed: text and lines in PDF 1.7 with the fonts inside, so that Vietnamese is the same everywhere.

Every letter is kept with its Unicode, so that a page can be searched, copied and read aloud. Lengths are points (1/72
inch), measured from the upper left corner. Written here because two hundred lines need no package of thirty thousand.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.paper.fonts import BOLD, REGULAR, Font, font

A4_WIDE = (841.89, 595.28)
A4_HIGH = (595.28, 841.89)
_FONTS = {REGULAR: "F1", BOLD: "F2"}


@dataclass
class PrintedPage:
    """What stands on one page, in the language of PDF."""

    width: float
    height: float
    marks: list[str] = field(default_factory=list)
    used: dict[str, dict[int, str]] = field(default_factory=lambda: {name: {} for name in _FONTS})

    def write(self, x: float, y: float, words: str, *, size: float, bold: bool = False) -> None:
        """One line of text whose foot stands at `y`."""
        name = BOLD if bold else REGULAR
        glyphs = font(name).glyphs_of(words)
        self.used[name].update({glyph: letter for letter, glyph in glyphs})
        codes = "".join(f"{glyph:04x}" for _, glyph in glyphs)
        self.marks.append(f"BT /{_FONTS[name]} {size:g} Tf {x:.2f} {self.height - y:.2f} Td <{codes}> Tj ET")

    def write_middle(self, x: float, y: float, words: str, *, size: float, bold: bool = False) -> None:
        """The same around `x`."""
        self.write(x - width_of(words, size=size, bold=bold) / 2, y, words, size=size, bold=bold)

    def line(self, x: float, y: float, to_x: float, to_y: float, *, thick: float = 0.4) -> None:
        self.marks.append(f"{thick:g} w {x:.2f} {self.height - y:.2f} m {to_x:.2f} {self.height - to_y:.2f} l S")

    def bar(self, x: float, y: float, wide: float, tall: float) -> None:
        """A dark rectangle whose upper left corner stands there."""
        self.marks.append(f"{x:.2f} {self.height - y - tall:.2f} {wide:.2f} {tall:.2f} re f")


def width_of(words: str, *, size: float, bold: bool = False) -> float:
    return font(BOLD if bold else REGULAR).width_of(words, size)


def wrapped(words: str, width: float, *, size: float, bold: bool = False) -> list[str]:
    """The lines into which words fall within a width; a word longer than that is broken where it must be."""
    lines: list[str] = []
    for part in words.splitlines() or [""]:
        line = ""
        for word in part.split():
            longer = f"{line} {word}" if line else word
            if width_of(longer, size=size, bold=bold) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _broken(word, width, size=size, bold=bold)
            lines += whole
        lines.append(line)
    return lines


def _broken(word: str, width: float, *, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size=size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def as_pdf(pages: Sequence[PrintedPage], *, title: str, language: str) -> bytes:
    """The whole file; the same pages make the same bytes."""
    objects: list[bytes] = [b""] * 2
    fonts = {name: _add_font(objects, font(name), _used(pages, name)) for name in _FONTS}
    resources = " ".join(f"/{_FONTS[name]} {number} 0 R" for name, number in fonts.items())
    kids = []
    for page in pages:
        content = _add(objects, _stream("\n".join(page.marks).encode("ascii")))
        kids.append(
            _add(
                objects,
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page.width:g} {page.height:g}] /Contents {content} 0 R"
                f" /Resources << /Font << {resources} >> >> >>".encode("ascii"),
            )
        )
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) >>".encode("ascii")
    listed = " ".join(f"{number} 0 R" for number in kids)
    objects[1] = f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode("ascii")
    info = _add(objects, f"<< /Title <{_utf16(title)}> /Producer (Hotline) >>".encode("ascii"))
    return _written(objects, info=info)


def _used(pages: Iterable[PrintedPage], name: str) -> dict[int, str]:
    letters: dict[int, str] = {}
    for page in pages:
        letters.update(page.used[name])
    return letters


def _add_font(objects: list[bytes], face: Font, used: dict[int, str]) -> int:
    """A font by glyph numbers (Identity-H) with its file, its widths and the letters its glyphs stand for."""
    name = face.name.replace("-", "")
    file = _add(objects, _stream(face.data, more=f" /Length1 {len(face.data)}"))
    box = " ".join(map(str, face.box))
    descriptor = _add(
        objects,
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 /Ascent {face.ascent}"
        f" /Descent {face.descent} /CapHeight {face.ascent} /StemV 80 /FontFile2 {file} 0 R >>".encode("ascii"),
    )
    widths = " ".join(f"{glyph} [{face.widths[glyph]}]" for glyph in sorted(used))
    glyphs = _add(
        objects,
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity /W [{widths}]"
        f" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /FontDescriptor {descriptor} 0 R >>".encode("ascii"),
    )
    letters = _add(objects, _stream(_to_unicode(used).encode("ascii")))
    return _add(
        objects,
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H /DescendantFonts [{glyphs} 0 R]"
        f" /ToUnicode {letters} 0 R >>".encode("ascii"),
    )


def _to_unicode(used: dict[int, str]) -> str:
    pairs = [f"<{glyph:04x}> <{_utf16(letter, mark='')}>" for glyph, letter in sorted(used.items())]
    # A hundred at once is the most that readers take.
    parts = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    listed = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Letters def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{listed}\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    )


def _utf16(words: str, *, mark: str = "feff") -> str:
    return mark + words.encode("utf-16-be").hex()


def _stream(content: bytes, *, more: str = "") -> bytes:
    packed = zlib.compress(content, 9)
    head = f"<< /Length {len(packed)} /Filter /FlateDecode{more} >>\nstream\n".encode("ascii")
    return head + packed + b"\nendstream"


def _add(objects: list[bytes], one: bytes) -> int:
    objects.append(one)
    return len(objects)


def _written(objects: Sequence[bytes], *, info: int) -> bytes:
    written = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n".encode("ascii") + one + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {info} 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    )
    return written + end.encode("ascii")
