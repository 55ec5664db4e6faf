"""What a page says, read back from the file alone, as a program that searches or reads aloud would."""

import re
import zlib

_STREAM = re.compile(rb"(\d+) 0 obj\n<< /Length \d+ /Filter /FlateDecode[^>]*>>\nstream\n(.*?)\nendstream", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """All pages, one written piece to a line."""
    streams = {int(number): zlib.decompress(body) for number, body in _STREAM.findall(pdf)}
    letters = {name: dict(_pairs(streams[number].decode("ascii"))) for name, number in _letters_of(pdf).items()}
    pages = [streams[int(number)].decode("ascii") for number in re.findall(rb"/Contents (\d+) 0 R", pdf)]
    return "\n".join(
        "".join(letters[name][codes[at : at + 4]] for at in range(0, len(codes), 4))
        for page in pages
        for name, codes in re.findall(r"BT /(F\d) .*? <([0-9a-f]*)> Tj ET", page)
    )


def _letters_of(pdf: bytes) -> dict[str, int]:
    """By the font's name on the pages, the object that says which letters its glyphs are."""
    found = {}
    for name, number in set(re.findall(rb"/(F\d) (\d+) 0 R", pdf)):
        whole = re.search(rb"\n" + number + rb" 0 obj\n<< /Type /Font .*?/ToUnicode (\d+) 0 R", pdf, re.DOTALL)
        assert whole is not None
        found[name.decode()] = int(whole.group(1))
    return found


def _pairs(cmap: str) -> list[tuple[str, str]]:
    pairs = re.findall(r"<([0-9a-f]{4})> <([0-9a-f]+)>\n", cmap)
    return [(glyph, bytes.fromhex(letter).decode("utf-16-be")) for glyph, letter in pairs]
