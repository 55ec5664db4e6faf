"""What a studio brings becomes one kind of sound: 8 kHz, one channel, evenly loud, without silence around it."""

import io
import math
import os
import struct
import wave
from pathlib import Path

import pytest

from app.storage.media_kept import MediaRefused
from app.storage.sound_process import MOST_SOUND_BYTES, telephone_sound
from app.storage.sound_reading import Samples, read_sound
from app.storage.telephone_sound import PEAK, RATE, SPEECH_LEVEL, as_telephone_sound, resampled, telephone_wav

MP3 = Path(__file__).parents[2] / "data" / "tone.mp3"


def tone(seconds: float, *, rate: int, loud: float = 0.3, pitch: float = 440.0) -> list[float]:
    return [loud * math.sin(2 * math.pi * pitch * at / rate) for at in range(int(seconds * rate))]


def quiet(seconds: float, *, rate: int) -> list[float]:
    return [0.0] * int(seconds * rate)


def pcm(values: list[float], *, rate: int, width: int = 2, channels: int = 1) -> bytes:
    file = io.BytesIO()
    full = 2 ** (8 * width - 1) - 1
    samples = b"".join(int(value * full).to_bytes(width, "little", signed=True) * channels for value in values)
    with wave.open(file, "wb") as written:
        written.setnchannels(channels)
        written.setsampwidth(width)
        written.setframerate(rate)
        written.writeframes(samples)
    return file.getvalue()


def loudness(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(8_000, 2, 1), (16_000, 2, 1), (44_100, 2, 2), (48_000, 3, 2), (96_000, 4, 1)]
)
def test_every_studio_s_wav_becomes_the_same_sound(rate: int, width: int, channels: int) -> None:
    given = quiet(0.8, rate=rate) + tone(1.5, rate=rate, loud=0.02) + quiet(2.0, rate=rate)

    sound = telephone_sound(pcm(given, rate=rate, width=width, channels=channels))

    heard = read_sound(sound.wav)
    assert heard.rate == RATE
    assert sound.seconds == pytest.approx(0.1 + 1.5 + 0.2, abs=0.06)
    assert len(heard.values) == pytest.approx(sound.seconds * RATE, abs=1)
    assert loudness(heard.values[1200:-2400]) == pytest.approx(SPEECH_LEVEL, rel=0.05)


@pytest.mark.parametrize("loud", [0.01, 0.1, 0.9])
def test_however_loud_somebody_spoke_callers_hear_the_same(loud: float) -> None:
    made = as_telephone_sound(Samples(RATE, tone(1.0, rate=RATE, loud=loud)))

    assert loudness(made) == pytest.approx(SPEECH_LEVEL, rel=0.02)


def test_a_crack_is_not_made_louder_than_a_line_carries() -> None:
    made = as_telephone_sound(Samples(RATE, [*tone(1.0, rate=RATE, loud=0.01), 0.9, *tone(1.0, rate=RATE, loud=0.01)]))

    assert max(map(abs, made)) <= PEAK + 1e-9


def test_what_a_telephone_cannot_carry_does_not_come_back_as_whistling() -> None:
    kept = resampled(tone(1.0, rate=48_000, loud=1.0, pitch=1_000), 48_000)
    gone = resampled(tone(1.0, rate=48_000, loud=1.0, pitch=6_000), 48_000)

    assert loudness(kept[200:-200]) == pytest.approx(math.sqrt(0.5), rel=0.01)
    assert loudness(gone[200:-200]) < 0.002


def test_an_mp3_is_taken_as_well() -> None:
    pytest.importorskip("miniaudio", reason="this kind of machine reads no MP3")

    sound = telephone_sound(MP3.read_bytes())

    assert sound.seconds == pytest.approx(0.1 + 1.2 + 0.2, abs=0.1)


def test_what_was_made_here_may_be_brought_again() -> None:
    once = telephone_sound(pcm(tone(1.0, rate=RATE), rate=RATE))

    again = telephone_sound(once.wav)

    assert again.seconds == pytest.approx(once.seconds, abs=0.05)


@pytest.mark.parametrize("bits", [8, 24])
def test_a_wav_that_was_cut_off_is_taken_as_far_as_it_goes(bits: int) -> None:
    whole = telephone_wav(tone(2.0, rate=RATE)) if bits == 8 else pcm(tone(2.0, rate=RATE), rate=RATE, width=3)

    assert telephone_sound(whole[: len(whole) // 2]).seconds == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 not a sound", "not_a_sound"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "not_a_sound"),
        (b"RIFF\xff\xff\xff\xffWAVE" + os.urandom(300), "not_a_sound"),
        (b"ID3\x04\0\0\0\0\0\0" + b"\0" * 400, "not_a_sound"),
        (pcm(quiet(2.0, rate=RATE), rate=RATE), "silent"),
        (pcm(tone(1.0, rate=RATE, loud=0.001), rate=RATE), "silent"),
        (pcm(tone(121.0, rate=RATE), rate=RATE), "too_long"),
        (pcm(tone(0.2, rate=4_000), rate=4_000), "unusual_sound"),
        (b"\0" * (MOST_SOUND_BYTES + 1), "too_large"),
    ],
    ids=["empty", "pdf", "head", "noise", "mp3-head", "silence", "almost-silence", "long", "rate", "large"],
)
def test_whatever_is_no_speech_is_refused_with_its_reason(content: bytes, code: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        telephone_sound(content, file_name="a.wav")

    assert refused.value.code == code


def test_numbers_that_are_none_are_silence() -> None:
    values = [float("nan"), float("inf"), *tone(1.0, rate=RATE)]
    data = struct.pack(f"<{len(values)}f", *values)
    form = struct.pack("<HHIIHH", 3, 1, RATE, RATE * 4, 4, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data

    sound = telephone_sound(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)

    assert sound.seconds == pytest.approx(1.0, abs=0.1)
