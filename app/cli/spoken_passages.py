"""A passage of a call as sound: its recordings where they are played, else as espeak-ng says it."""

import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engines.connected import connected_if_running
from app.phone.known_recordings import KnownRecording, KnownRecordings, known_recordings
from app.storage.database import make_engine, session_factory
from app.storage.sound_reading import read_sound
from app.storage.telephone_sound import RATE
from app.wording.heard_passages import Passage, Sentence
from app.wording.spoken_length import spoken_seconds

_VOICES = {"vi": "vi", "en": "en-us"}
_ESPEAK_RATE = 22_050


@dataclass(frozen=True, slots=True)
class Measured:
    """How long a passage lasts, and of each of its sentences whether a recording says it."""

    seconds: float
    recorded: Sequence[bool]


def played_recordings(data_dir: str | None) -> KnownRecordings:
    """Those of the product that runs; none where none does."""
    settings = connected_if_running(data_dir)
    if settings is None:
        return KnownRecordings(Path(), {})
    known = known_recordings(settings)
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        known.renew(session_factory(engine), at_once=True)
    finally:
        engine.dispose()
    return known


def write_passage(passage: Passage, engine: str | None, recorded: KnownRecordings, into: Path | None) -> Measured:
    """Measured, and kept as one file when a folder is given."""
    found = [recorded.sentence(one.say.prompt, one.say.params, one.locale) for one in passage.said]
    seconds, sound = 0.0, b""
    for sentence, pieces in zip(passage.said, found, strict=True):
        if pieces:
            seconds += sum(one.seconds for one in pieces)
            sound += _played(pieces, recorded) if into is not None else b""
        elif engine is None:
            seconds += spoken_seconds(sentence.words, sentence.locale)
        else:
            spoken = _spoken(engine, sentence)
            seconds, sound = seconds + len(spoken) / 2 / _ESPEAK_RATE, sound + spoken
    if into is not None and sound:
        with wave.open(str(into / f"{passage.name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_ESPEAK_RATE)
            file.writeframes(sound)
    return Measured(seconds, [bool(pieces) for pieces in found])


def _spoken(engine: str, sentence: Sentence) -> bytes:
    """16-bit samples; the voice writes a WAV whose length it does not know beforehand."""
    command = [engine, "-v", _VOICES[sentence.locale], "--stdout", sentence.words]
    return subprocess.run(command, check=True, capture_output=True).stdout[44:]


def _played(pieces: Sequence[KnownRecording], recorded: KnownRecordings) -> bytes:
    """At the voice's rate, so that one file holds both."""
    values = [value for one in pieces for value in read_sound(recorded.sound(one.digest) or b"").values]
    count = len(values) * _ESPEAK_RATE // RATE
    samples = (int(values[at * RATE // _ESPEAK_RATE] * 32767) for at in range(count))
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
