"""Sound as a telephone line carries it: one channel of 8 kHz in 8-bit μ-law, evenly loud, without silence around it."""

import math
import struct
from operator import mul

from app.storage.media_kept import MediaRefused
from app.storage.sound_reading import Samples

RATE = 8_000
# How loud speech is while somebody speaks, and what no sample may pass, as shares of the loudest there is.
SPEECH_LEVEL, PEAK = 10 ** (-20 / 20), 10 ** (-1 / 20)
# Below this there is nothing but the room.
_SILENCE = 10 ** (-50 / 20)
# How far below the speech itself breath and consonants still belong to it.
_BESIDE_SPEECH = 10 ** (-32 / 20)
_FRAME = RATE // 50
_KEPT_BEFORE, _KEPT_AFTER = RATE // 10, RATE // 5
SHORTEST_SECONDS = 0.15
# Where the filter begins to fade, and how many zero crossings it has on each side: what lies above half the rate would
# come back as whistling.
_PASSED, _CROSSINGS = 0.92, 11


def as_telephone_sound(sound: Samples) -> list[float]:
    """Ready to be encoded; raises MediaRefused where nobody speaks."""
    values = resampled(sound.values, sound.rate)
    middle = sum(values) / max(len(values), 1)
    values = [value - middle for value in values]
    frames = [_loudness(values[at : at + _FRAME]) for at in range(0, len(values), _FRAME)]
    speech = _speech_level(frames)
    if speech < _SILENCE:
        raise MediaRefused("silent")
    trimmed = _trimmed(values, frames, threshold=max(speech * _BESIDE_SPEECH, _SILENCE / 3))
    if len(trimmed) < SHORTEST_SECONDS * RATE:
        raise MediaRefused("silent")
    gain = min(SPEECH_LEVEL / speech, PEAK / max(map(abs, trimmed)))
    return [value * gain for value in trimmed]


def _loudness(frame: list[float]) -> float:
    return math.sqrt(sum(map(mul, frame, frame)) / len(frame))


def _speech_level(frames: list[float]) -> float:
    """Of those frames in which somebody speaks: within 20 dB of the loud ones."""
    if not frames:
        return 0.0
    loud = sorted(frames)[len(frames) * 95 // 100]
    spoken = [one for one in frames if one >= loud / 10] or [loud]
    return math.sqrt(sum(map(mul, spoken, spoken)) / len(spoken))


def _trimmed(values: list[float], frames: list[float], *, threshold: float) -> list[float]:
    heard = [at for at, loudness in enumerate(frames) if loudness >= threshold]
    begin, end = heard[0] * _FRAME - _KEPT_BEFORE, (heard[-1] + 1) * _FRAME + _KEPT_AFTER
    return values[max(begin, 0) : end]


def resampled(values: list[float], rate: int) -> list[float]:
    """At 8 kHz, without what a telephone cannot carry."""
    if rate == RATE or not values:
        return values
    shared = math.gcd(rate, RATE)
    steps, phases = rate // shared, RATE // shared
    half = math.ceil(_CROSSINGS * rate / RATE)
    filters = [_filter(phase / phases, half, rate) for phase in range(phases)]
    padded = [0.0] * (half - 1) + values + [0.0] * (half + 1)
    count = len(values) * phases // steps
    made = [0.0] * count
    for number in range(count):
        at, phase = divmod(number * steps, phases)
        made[number] = sum(map(mul, filters[phase], padded[at : at + 2 * half]))
    return made


def _filter(offset: float, half: int, rate: int) -> list[float]:
    """A windowed sinc around a place between two samples; whatever does not change passes as it is."""
    cutoff = _PASSED * RATE / rate
    weights = []
    for tap in range(2 * half):
        distance = tap - (half - 1) - offset
        window = 0.54 + 0.46 * math.cos(math.pi * distance / half)
        angle = math.pi * cutoff * distance
        weights.append(window * (math.sin(angle) / angle if angle else 1.0))
    whole = sum(weights)
    return [weight / whole for weight in weights]


def mu_law(sample: float) -> int:
    """One sample as ITU-T G.711 has it."""
    magnitude = min(int(abs(sample) * 32635), 32635) + 132
    exponent = max(magnitude.bit_length() - 8, 0)
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def telephone_wav(samples: list[float]) -> bytes:
    sound = bytes(mu_law(sample) for sample in samples)
    form = struct.pack("<HHIIHHH", 7, 1, RATE, RATE, 1, 8, 0)
    padded = sound + b"\0" * (len(sound) % 2)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(sound)) + padded
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
