"""Pictures people give us: judged by their bytes, drawn anew, and kept in the store of media."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO

import puremagic
from PIL import Image, ImageOps

from app.storage.media_kept import MediaRefused
from app.storage.media_store import MediaStore

MAX_PICTURE_BYTES = 10 * 1024 * 1024
MAX_PICTURES = 5
# A phone's best camera makes 200 megapixels; more in a file of ten megabytes is a bomb, not a picture.
MAX_PIXELS = 210_000_000
# Longer than any screen that will show it; kept so that a number plate or a sign stays readable.
LONGEST_SIDE = 3_000
# What is shown in a page; everything else is only ever offered as a download.
INLINE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})

_FORMATS = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}
# Markers of a JPEG: frames whose scans each tell all there is of a place, and the first scan.
_FRAMES = frozenset({0xC0, 0xC1, 0xC9})
_SCAN = 0xDA
_MIME_TYPES = {
    "image/jpeg": "JPEG",
    "image/jpg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was drawn anew: no place, device or time of the photograph is left in it."""

    storage_key: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str


def store_picture(store: MediaStore, stream: IO[bytes], *, file_name: str) -> Picture:
    """Keep a JPEG, PNG or WebP picture, drawn anew and turned upright; raises MediaRefused for anything else.

    What it is, is read from its bytes: the name and the type a browser sends are only claims.
    """
    shown = clean_name(file_name)
    content = stream.read(MAX_PICTURE_BYTES + 1)
    if len(content) > MAX_PICTURE_BYTES:
        raise MediaRefused("too_large", shown)
    if not content:
        raise MediaRefused("empty", shown)
    kind = _kind_of(content, shown)
    drawn, media_type, suffix = _drawn_anew(content, kind, shown)
    written = store.write_pending(drawn, suffix=suffix, max_bytes=4 * MAX_PICTURE_BYTES)
    stem = shown.rsplit(".", 1)[0] or "picture"
    return Picture(written.storage_key, stem + suffix, media_type, written.size_bytes, written.sha256)


def clean_name(file_name: str) -> str:
    """A file name as it may be shown and offered: no folders, no control characters, at most 80 characters."""
    base = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in base if c.isprintable() and c not in '<>:"|?*').strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    return (f"{stem[:70]}{dot}{suffix[:9]}" if dot and stem else kept[:80]) or "file"


def _kind_of(content: bytes, file_name: str) -> str:
    head = content[:4096]
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"):
        raise MediaRefused("heic", file_name)
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        found = set()
    kinds = {_MIME_TYPES[mime] for mime in found if mime in _MIME_TYPES}
    if len(kinds) != 1:
        raise MediaRefused("not_a_picture", file_name)
    return kinds.pop()


def _drawn_anew(content: bytes, kind: str, file_name: str) -> tuple[BytesIO, str, str]:
    """The picture's own pixels in a new file: whatever else the file carried is left behind."""
    media_type, suffix = _FORMATS[kind]
    drawn = BytesIO()
    with _bombs_refused(file_name), Image.open(BytesIO(content), formats=[kind]) as given:
        if given.width * given.height > MAX_PIXELS:
            raise MediaRefused("too_many_pixels", file_name)
        if given.width * given.height > MAX_PIXELS // 8 and not _is_read_line_by_line(content, kind):
            raise MediaRefused("too_many_pixels", file_name)
        if kind == "JPEG":
            # The decoder can halve while it reads, which is what keeps a huge photograph from filling the memory.
            given.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(given)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
        plain = _plain(upright, kind)
        plain.save(drawn, kind, **({"quality": 86} if kind != "PNG" else {"optimize": False}))
    drawn.seek(0)
    return drawn, media_type, suffix


def _is_read_line_by_line(content: bytes, kind: str) -> bool:
    """Whether a decoder needs a few lines at a time. It holds every pixel of other kinds, and of a JPEG whose colours
    or sharpness come one after the other: a file of two megabytes would fill more than a gigabyte."""
    if kind != "JPEG":
        return False
    at, components = 2, 0
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in _FRAMES:
            components = content[at + 9]
        elif marker == _SCAN:
            return components == content[at + 4]
        # A marker may be filled up with further bytes of the same kind.
        at += 1 if marker == 0xFF else 2 + length
    return False


def _plain(picture: Image.Image, kind: str) -> Image.Image:
    """The pixels alone, in a mode every browser shows; profile, comments, places and thumbnails do not come along."""
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if has_alpha and kind != "JPEG" else "RGB"
    bare = Image.new(mode, picture.size)
    bare.paste(picture.convert(mode))
    return bare


@contextmanager
def _bombs_refused(file_name: str) -> Iterator[None]:
    with warnings.catch_warnings():
        # Pillow's own limit only warns; ours is asked before a pixel is decoded.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            yield
        except MediaRefused:
            raise
        except Image.DecompressionBombError as error:
            raise MediaRefused("too_many_pixels", file_name) from error
        # Pillow's decoders raise whatever their formats' quirks lead to; none of it is our failure.
        except (
            OSError,
            SyntaxError,
            ValueError,
            TypeError,
            EOFError,
            IndexError,
            KeyError,
            ZeroDivisionError,
        ) as error:
            raise MediaRefused("not_a_picture", file_name) from error
