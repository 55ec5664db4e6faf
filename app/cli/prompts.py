"""`./hotline prompts`: what callers hear, as seconds and as sound; the list of a studio, and its files back."""

import argparse
import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.cli.whole_file import make_folder, whole_file
from tickets.states import LOCALES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


def register(commands: Commands) -> None:
    """Add `prompts`."""
    prompts = commands.add_parser("prompts", help="what callers hear, and its recordings")
    kinds = prompts.add_subparsers(metavar="WHAT", required=True)
    listen = kinds.add_parser("listen", help="say the prompts as passages of a call, and how many seconds each lasts")
    listen.add_argument("--language", choices=LOCALES, default="vi", help="the caller's language (vi)")
    listen.add_argument("--into", type=Path, default=None, metavar="FOLDER", help="write a .wav of each passage there")
    listen.set_defaults(run=run_listen)
    take = kinds.add_parser("export", help="write the list of words to record, for a studio")
    take.add_argument("folder", type=Path, metavar="FOLDER")
    take.add_argument("--language", choices=LOCALES, action="append", help="only this one; repeatable")
    take.add_argument("--missing", action="store_true", help="only what is not recorded, or out of date")
    take.set_defaults(run=run_export)
    bring = kinds.add_parser("import", help="take in a folder of recordings, named as the list names them")
    bring.add_argument("folder", type=Path, metavar="FOLDER")
    bring.add_argument("--dry-run", action="store_true", help="judge every file and keep nothing")
    bring.set_defaults(run=run_import)
    for parser in (listen, take, bring):
        parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_listen(arguments: argparse.Namespace) -> int:
    """The table, with the seconds of recordings where they are played; with --into the sound too."""
    from app.cli.spoken_passages import played_recordings, write_passage
    from app.wording.heard_passages import passages

    engine = shutil.which("espeak-ng")
    if arguments.into is not None:
        if engine is None:
            raise CommandRefused("espeak-ng is not installed: without it there is a table of seconds, but no sound.")
        make_folder(arguments.into)
    recorded = played_recordings(arguments.data)
    print("measured with espeak-ng" if engine else "reckoned from syllables: espeak-ng is not installed")
    if recorded.played():
        print(f"{len(recorded.played())} pieces are recorded (♪): their seconds are those of the recordings")
    for passage in passages(arguments.language):
        told = write_passage(passage, engine, recorded, arguments.into)
        print(f"{told.seconds:5.1f} s  {passage.title}")
        for sentence, is_recorded in zip(passage.said, told.recorded, strict=True):
            print(f"         {'♪' if is_recorded else ' '} {sentence.words}")
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    """One list for all languages; a studio reads it in any spreadsheet."""
    from app.phone.studio import HEADINGS, LIST_NAME, listed

    with _sessions(arguments.data) as factory, factory() as session:
        pieces = list(listed(session, arguments.language or LOCALES))
    if arguments.missing:
        pieces = [one for one in pieces if one.state != "recorded"]
    make_folder(arguments.folder)
    path = arguments.folder / LIST_NAME
    with whole_file(path, "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *(one.row for one in pieces)])
    print(
        f"{len(pieces)} pieces in {path}. Record each as the file it names (.wav or .mp3); then bring the folder back:"
    )
    print(f"  ./hotline prompts import {arguments.folder}")
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    """Each file by itself: one that is refused is told and keeps no other out. Exit code 1 when any was refused."""
    from app.phone.studio import files_of

    if not arguments.folder.is_dir():
        raise CommandRefused(f"{arguments.folder} is no folder.")
    files = files_of(arguments.folder)
    if not files:
        raise CommandRefused(f"There is no .wav and no .mp3 in {arguments.folder}.")
    words = _listed_words(arguments.folder)
    kept = same = 0
    refused: list[str] = []
    with _sessions(arguments.data) as factory:
        for path in files:
            why, is_new = _taken_in(factory, path, words, dry_run=arguments.dry_run)
            if why:
                refused.append(f"{path.name}: {why}")
                continue
            kept, same = kept + is_new, same + (not is_new)
    for line in refused:
        print(line)
    would = "would be " if arguments.dry_run else ""
    print(f"{kept} recordings {would}kept, {same} are played already, {len(refused)} refused.")
    return 1 if refused else 0


def _taken_in(
    factory: "sessionmaker[Session]", path: Path, words: dict[str, str], *, dry_run: bool
) -> tuple[str, bool]:
    """Why it is refused, and whether it is new."""
    from app.clock import utc_now
    from app.phone import studio
    from app.storage.media_kept import MediaRefused
    from tickets.people.actor import SYSTEM

    try:
        new = studio.new_recording(path, words)
    except studio.NotWanted as refused:
        return _NOT_WANTED[refused.code].format(words=refused.words), False
    except MediaRefused as refused:
        return _NO_SOUND.get(refused.code, "no sound that can be read: WAV and MP3 are accepted"), False
    with factory() as session:
        is_new = studio.keep(session, new, actor=SYSTEM, now=utc_now())
        session.rollback() if dry_run else session.commit()
    return "", is_new


_NOT_WANTED = {
    "no_piece": "no words have this name: take it from the list (./hotline prompts export)",
    "other_words": "the list it was recorded from says other words than we say now: “{words}”",
}
_NO_SOUND = {
    "empty": "an empty file",
    "too_large": "larger than 25 MB",
    "too_long": "longer than two minutes",
    "silent": "nobody speaks in it",
    "unusual_sound": "a WAV of a kind that cannot be read: save it as PCM with 16 or 24 bits and 8 to 192 kHz",
    "no_mp3_here": "MP3 cannot be read on this machine: save it as WAV",
}


def _listed_words(folder: Path) -> dict[str, str]:
    """By file, without its ending, what the studio's list says; nothing where the list did not come back."""
    from app.phone.studio import LIST_NAME

    path = folder / LIST_NAME
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {Path(row["file"]).stem: row["text"] for row in csv.DictReader(file)}
    except (KeyError, TypeError, UnicodeDecodeError, csv.Error):
        raise CommandRefused(f"{path} is not the list as it was written by: ./hotline prompts export") from None


@contextmanager
def _sessions(data_dir: str | None) -> "Iterator[sessionmaker[Session]]":
    from app.engines.connected import connected
    from app.storage.database import make_engine, session_factory

    with connected(data_dir) as settings:
        engine = make_engine(settings.database_url, pool_size=1)
        try:
            yield session_factory(engine)
        finally:
            engine.dispose()
