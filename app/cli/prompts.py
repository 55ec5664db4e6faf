"""`./hotline prompts listen`: what callers hear, as sound and as a table of seconds."""

import argparse
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands

if TYPE_CHECKING:
    from app.wording.heard_passages import Passage

_VOICES = {"vi": "vi", "en": "en-us"}


def register(commands: Commands) -> None:
    """Add `prompts`."""
    prompts = commands.add_parser("prompts", help="what callers hear")
    kinds = prompts.add_subparsers(metavar="WHAT", required=True)
    listen = kinds.add_parser("listen", help="say the prompts as passages of a call, and how many seconds each lasts")
    listen.add_argument("--language", choices=sorted(_VOICES), default="vi", help="the caller's language (vi)")
    listen.add_argument("--into", type=Path, default=None, metavar="FOLDER", help="write a .wav of each passage there")
    listen.set_defaults(run=run_listen)


def run_listen(arguments: argparse.Namespace) -> int:
    """The table; with --into the sound too, which needs espeak-ng."""
    from app.wording.heard_passages import passages

    engine = shutil.which("espeak-ng")
    if arguments.into is not None:
        if engine is None:
            raise CommandRefused("espeak-ng is not installed: without it there is a table of seconds, but no sound.")
        arguments.into.mkdir(parents=True, exist_ok=True)
    print("measured with espeak-ng" if engine else "reckoned from syllables: espeak-ng is not installed")
    for passage in passages(arguments.language):
        seconds = _said(passage, engine, arguments.into) if engine else passage.seconds
        print(f"{seconds:5.1f} s  {passage.title}")
        for line in _lines(passage):
            print(f"           {line}")
    return 0


def _lines(passage: "Passage") -> Iterator[str]:
    yield from (words for _, words in passage.said)


def _said(passage: "Passage", engine: str, into: Path | None) -> float:
    """Have every sentence spoken; kept as one file when a folder is given."""
    parts = [_spoken(engine, locale, words) for locale, words in passage.said]
    if into is not None and parts:
        with wave.open(str(into / f"{passage.name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(parts[0][0])
            for _, sound in parts:
                file.writeframes(sound)
    return sum(len(sound) / 2 / rate for rate, sound in parts)


def _spoken(engine: str, locale: str, words: str) -> tuple[int, bytes]:
    """Sample rate and 16-bit samples; the voice writes a WAV whose length it does not know beforehand."""
    command = [engine, "-v", _VOICES[locale], "--stdout", words]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    return int.from_bytes(sound[24:28], "little"), sound[44:]
