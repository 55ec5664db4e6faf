"""Sound as telephones carry it: 8,000 samples a second, A-law; tones to send, and to find again."""

import io
import math
import wave
from collections.abc import Sequence
from functools import cache

RATE = 8000
FRAME = 160  # 20 ms
SILENCE = b"\xd5" * FRAME


def _expanded(code: int) -> int:
    code ^= 0x55
    size = (code & 0x0F) << 4
    segment = (code & 0x70) >> 4
    size += 8 if segment == 0 else 0x108
    size <<= max(segment - 1, 0)
    return size if code & 0x80 else -size


_LINEAR = [_expanded(code) for code in range(256)]


@cache
def _compressed() -> bytes:
    """Of every eighth value; finer than the steps of A-law are for anything that is heard."""
    by_size = sorted(range(256), key=_LINEAR.__getitem__)
    table, at = bytearray(8192), 0
    for number in range(8192):
        value = (number - 4096) * 8
        while at < 255 and abs(_LINEAR[by_size[at + 1]] - value) <= abs(_LINEAR[by_size[at]] - value):
            at += 1
        table[number] = by_size[at]
    return bytes(table)


def a_law(samples: Sequence[int]) -> bytes:
    table = _compressed()
    return bytes(table[max(0, min(8191, (sample >> 3) + 4096))] for sample in samples)


def linear(sound: bytes) -> list[int]:
    return [_LINEAR[code] for code in sound]


@cache
def tone(hertz: int, seconds: float) -> bytes:
    """A whole number of frames."""
    length = round(seconds * RATE / FRAME) * FRAME
    return a_law([round(9000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(length)])


def share_of(hertz: int, sound: bytes) -> float:
    """How much of what is heard is this tone: 1 for nothing else, 0 for silence and for other tones (Goertzel)."""
    samples = linear(sound)
    whole = sum(sample * sample for sample in samples)
    if not samples or whole / len(samples) < 200**2:
        return 0.0
    factor, before, last = 2 * math.cos(2 * math.pi * hertz / RATE), 0.0, 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = before * before + last * last - factor * before * last
    return power / (whole * len(samples) / 2)


def wav(sound: bytes) -> bytes:
    """As a provider hands a recording over."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in linear(sound)))
    return kept.getvalue()


def from_wav(content: bytes, *, seconds: float) -> bytes:
    """The beginning of a sound of ours: 8,000 samples a second, as whole numbers of 16 bits or in mu-law."""
    kind, rate, width = (int.from_bytes(content[a:b], "little") for a, b in ((20, 22), (24, 28), (34, 36)))
    assert rate == RATE and (kind, width) in ((1, 16), (7, 8)), (kind, rate, width)
    begun = content.index(b"data") + 8
    read = content[begun : begun + round(seconds * RATE) * width // 8]
    if kind == 7:
        samples = [_from_mu_law(code) for code in read]
    else:
        samples = [int.from_bytes(read[at : at + 2], "little", signed=True) for at in range(0, len(read) - 1, 2)]
    return a_law(samples[: len(samples) // FRAME * FRAME])


def _from_mu_law(code: int) -> int:
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -size if code & 0x80 else size
