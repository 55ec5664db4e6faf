"""The sound a waiting caller hears, made here of sines alone: nobody's music, and nothing to pay for.

`PYTHONPATH=. python -m tools.hold_music` writes hold, chime and silence (.<digest>.wav) into app/static/sounds, 8-bit
μ-law at 8 kHz, which every provider plays and a telephone line carries unchanged. The name changes with the content, so
that it is kept for ever by whoever has fetched it once.
"""

import hashlib
import math
from pathlib import Path

from app.storage.telephone_sound import RATE, telephone_wav

FOLDER = Path(__file__).resolve().parent.parent / "app" / "static" / "sounds"
# Five tones without a half step, as old songs of the country have them; each rings on under the next.
SCALE = {"Ho": 293.66, "Xu": 349.23, "Xang": 392.00, "Xe": 440.00, "Cong": 523.25}
# (tone, seconds); breathes out at the end, so that one turn of the loop follows another without a jolt.
MELODY = (
    ("Ho", 1.0), ("Xang", 1.0), ("Xe", 1.5), ("Cong", 0.5), ("Xe", 2.0), ("Xang", 1.0), ("Xu", 1.0), ("Ho", 2.0),
    ("Xu", 1.0), ("Xang", 1.0), ("Xe", 1.0), ("Xang", 1.0), ("Xu", 1.5), ("Ho", 3.5),
)  # fmt: skip
SECONDS = sum(length for _, length in MELODY)
_LOUDNESS = 0.16
# A tone decays to a third within so long.
_DECAY_SECONDS = 1.3
_RINGS_SECONDS = 3.0


def samples() -> list[float]:
    """The whole sound, between -1 and 1."""
    sound = [0.0] * int(SECONDS * RATE)
    start = 0.0
    for tone, length in MELODY:
        _ring(sound, SCALE[tone], start=start)
        start += length
    return sound


def chime() -> list[float]:
    """One stroke, for whoever is asked again every two seconds: fallen nearly silent when it ends, so that it may."""
    sound = [0.0] * RATE
    _ring(sound, SCALE["Ho"], start=0.0)
    _ring(sound, SCALE["Xe"], start=0.0)
    fades = RATE // 2
    return [one * min((RATE - at) / fades, 1.0) for at, one in enumerate(sound)]


def _ring(sound: list[float], pitch: float, *, start: float) -> None:
    first = int(start * RATE)
    for offset in range(min(int(_RINGS_SECONDS * RATE), len(sound) - first)):
        at = offset / RATE
        swell = min(at / 0.05, 1.0) * math.exp(-at / _DECAY_SECONDS) * min((_RINGS_SECONDS - at) / 0.3, 1.0)
        wave = math.sin(2 * math.pi * pitch * at) + 0.3 * math.sin(4 * math.pi * pitch * at)
        sound[first + offset] += _LOUDNESS * swell * wave


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    # A second without a sound is a pause for whoever knows no pause.
    for name, sounding in (("hold", samples()), ("chime", chime()), ("silence", [0.0] * RATE)):
        for old in FOLDER.glob(f"{name}.*.wav"):
            old.unlink()
        sound = telephone_wav(sounding)
        (FOLDER / f"{name}.{hashlib.sha256(sound).hexdigest()[:12]}.wav").write_bytes(sound)


if __name__ == "__main__":
    main()
