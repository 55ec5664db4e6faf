"""A stranger's sound is read in a process of its own: what it costs, and what breaks in it, reaches no caller.

The process reads the file from its standard input and writes the sound for a telephone to its standard output; why it
refuses one stands in its standard error.
"""

import os
import resource
import subprocess
import sys
from dataclasses import dataclass

from app.settings import ROOT
from app.storage.media_kept import MediaRefused

MOST_SOUND_BYTES = 25 * 1024 * 1024
_MOST_SECONDS, _MOST_MEMORY = 30, 2 * 1024**3
_PATIENCE = 4 * _MOST_SECONDS
_REFUSED = 3


@dataclass(frozen=True, slots=True)
class TelephoneSound:
    """A whole WAV file, and how long it plays."""

    wav: bytes
    seconds: float


def telephone_sound(content: bytes, *, file_name: str = "") -> TelephoneSound:
    """The sound of a file as a telephone plays it; raises MediaRefused with the reason."""
    if len(content) > MOST_SOUND_BYTES:
        raise MediaRefused("too_large", file_name)
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=_PATIENCE, cwd=ROOT)
    except subprocess.TimeoutExpired as error:
        raise MediaRefused("too_long", file_name) from error
    if done.returncode == _REFUSED:
        raise MediaRefused(done.stderr.decode().strip(), file_name)
    if done.returncode != 0:
        # It was ended at a limit, or the decoder broke on it: nothing a telephone should play.
        raise MediaRefused("not_a_sound", file_name)
    return TelephoneSound(done.stdout, wav_seconds(done.stdout))


def wav_seconds(wav: bytes) -> float:
    """Of a file that `telephone_wav` made."""
    from app.storage.telephone_sound import RATE  # noqa: PLC0415

    at = wav.index(b"data")
    return int.from_bytes(wav[at + 4 : at + 8], "little") / RATE


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    # Callers first.
    os.nice(10)
    from app.storage.sound_reading import read_sound  # noqa: PLC0415
    from app.storage.telephone_sound import as_telephone_sound, telephone_wav  # noqa: PLC0415

    try:
        wav = telephone_wav(as_telephone_sound(read_sound(sys.stdin.buffer.read())))
    except MediaRefused as refused:
        sys.stderr.write(refused.code)
        return _REFUSED
    sys.stdout.buffer.write(wav)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
