"""What sound a file holds, judged by its bytes: WAV in every form that studios and telephones write, and MP3."""

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import add

from app.storage.media_kept import MediaRefused

_LOWEST_RATE, _HIGHEST_RATE = 8_000, 192_000
_MOST_CHANNELS = 8
# Longer than anything that is said to a caller in one go.
_LONGEST_SECONDS = 120.0

_PCM, _FLOAT, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


@dataclass(frozen=True, slots=True)
class Samples:
    """One channel, between -1 and 1."""

    rate: int
    values: list[float]


def read_sound(content: bytes) -> Samples:
    """The file's sound, its channels mixed into one; raises MediaRefused for what is none, or too long."""
    if not content:
        raise MediaRefused("empty")
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return _wav(content)
    if content[:3] == b"ID3" or _begins_mp3(content):
        return _mp3(content)
    raise MediaRefused("not_a_sound")


def _begins_mp3(content: bytes) -> bool:
    """A frame of MPEG layer III; layers I and II, and AAC, look alike in their first eleven bits only."""
    return len(content) > 4 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2


def _wav(content: bytes) -> Samples:
    form, data = b"", b""
    for name, chunk in _chunks(content):
        if name == b"fmt ":
            form = chunk
        elif name == b"data":
            data = chunk
            break
    if len(form) < 16:
        raise MediaRefused("not_a_sound")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    reader = _READERS.get((kind, bits))
    if reader is None or not 1 <= channels <= _MOST_CHANNELS or block != channels * bits // 8:
        raise MediaRefused("unusual_sound")
    _judge(rate, len(data) / block / max(rate, 1))
    whole = data[: len(data) // block * block]
    return Samples(rate, _mixed(reader(whole), channels))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Recorders that were cut off, or that write into a pipe, do not know how long their last chunk is."""
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        name = content[at : at + 4]
        if name == b"data" and length == 0:
            length = len(content)
        yield name, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _judge(rate: int, seconds: float) -> None:
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise MediaRefused("unusual_sound")
    if seconds > _LONGEST_SECONDS:
        raise MediaRefused("too_long")


def _mixed(values: list[float], channels: int) -> list[float]:
    if channels == 1:
        return values
    mixed = values[0::channels]
    for channel in range(1, channels):
        mixed = list(map(add, mixed, values[channel::channels]))
    return [value / channels for value in mixed]


def _whole_numbers(kind: str, full: float) -> Callable[[bytes], list[float]]:
    return lambda data: [value / full for value in array(kind, data)]


def _bytes_of_eight(data: bytes) -> list[float]:
    return [(value - 128) / 128 for value in data]


def _three_bytes(data: bytes) -> list[float]:
    wider = bytearray(len(data) // 3 * 4)
    for place in range(3):
        wider[place + 1 :: 4] = data[place::3]
    return [value / 2**31 for value in array("i", bytes(wider))]


def _fractions(data: bytes) -> list[float]:
    """What is no number, or beyond all measure, is silence."""
    return [value if -8.0 < value < 8.0 else 0.0 for value in array("f", data)]


def _looked_up(table: list[float]) -> Callable[[bytes], list[float]]:
    return lambda data: [table[value] for value in data]


def _of_mu_law(code: int) -> float:
    """As ITU-T G.711 has it; this one and the next."""
    code = ~code & 0xFF
    magnitude = ((code & 0x0F) << 3) + 132 << (code >> 4 & 7)
    return (132 - magnitude if code & 0x80 else magnitude - 132) / 32768


def _of_a_law(code: int) -> float:
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, (code & 0x0F) << 4
    magnitude = mantissa + 8 if exponent == 0 else mantissa + 264 << (exponent - 1)
    return (magnitude if code & 0x80 else -magnitude) / 32768


_READERS: dict[tuple[int, int], Callable[[bytes], list[float]]] = {
    (_PCM, 8): _bytes_of_eight,
    (_PCM, 16): _whole_numbers("h", 2.0**15),
    (_PCM, 24): _three_bytes,
    (_PCM, 32): _whole_numbers("i", 2.0**31),
    (_FLOAT, 32): _fractions,
    (_A_LAW, 8): _looked_up([_of_a_law(code) for code in range(256)]),
    (_MU_LAW, 8): _looked_up([_of_mu_law(code) for code in range(256)]),
}


def _mp3(content: bytes) -> Samples:
    """Read by a library in C, which some kinds of machine do not have: there a WAV is asked for."""
    try:
        import miniaudio  # noqa: PLC0415
    except ImportError as error:
        raise MediaRefused("no_mp3_here") from error
    try:
        told = miniaudio.mp3_get_info(content)
        _judge(told.sample_rate, told.duration)
        decoded = miniaudio.mp3_read_s16(content)
    except miniaudio.MiniaudioError as error:
        raise MediaRefused("not_a_sound") from error
    values = [value / 2**15 for value in decoded.samples]
    return Samples(decoded.sample_rate, _mixed(values, decoded.nchannels))
