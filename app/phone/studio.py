"""A studio gets the words as a list and gives back a folder of files, each named as the list has it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.storage.sound_process import telephone_sound
from app.wording.recorded_pieces import pieces_to_record, words_of_piece
from telephony import recorded_prompts
from telephony.recorded_prompts import NewRecording
from tickets.people.actor import Actor
from tickets.states import LOCALES

LIST_NAME = "prompts.csv"
HEADINGS = ("file", "language", "code", "text", "state")
SUFFIXES = (".wav", ".mp3")


@dataclass(frozen=True, slots=True)
class ListedPiece:
    """`state` is recorded, out of date, or empty: to be recorded."""

    locale: str
    code: str
    words: str
    state: str

    @property
    def row(self) -> tuple[str, ...]:
        return f"{self.code}.{self.locale}.wav", self.locale, self.code, self.words, self.state


class NotWanted(Exception):
    """A file that is nobody's recording; `code` is no_piece or other_words."""

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(code, words)
        self.code, self.words = code, words


def listed(session: Session, locales: Sequence[str] = LOCALES) -> Iterator[ListedPiece]:
    """Everything there is to record, in the order in which callers may hear it."""
    for locale in locales:
        recorded = {row.code: row.words for row in recorded_prompts.in_force(session, locale)}
        for code, words in pieces_to_record(locale).items():
            known = recorded.get(code)
            yield ListedPiece(
                locale, code, words, "" if known is None else "recorded" if known == words else "out of date"
            )


def files_of(folder: Path) -> list[Path]:
    """The sounds of a folder and of those in it."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def new_recording(path: Path, listed_words: Mapping[str, str]) -> NewRecording:
    """The sound of a file, ready for a telephone. Raises NotWanted, or MediaRefused for what is no sound.

    `listed_words`: by file name, what the list said that the studio was given.
    """
    code, _, locale = path.stem.rpartition(".")
    words = words_of_piece(code, locale) if locale in LOCALES else ""
    if not words:
        raise NotWanted("no_piece")
    given = listed_words.get(path.stem, words)
    if given != words:
        raise NotWanted("other_words", words)
    sound = telephone_sound(path.read_bytes(), file_name=path.name)
    return NewRecording(locale, code, words, sound.wav, sound.seconds, path.name)


def keep(session: Session, new: NewRecording, *, actor: Actor, now: datetime) -> bool:
    """False where exactly this is played already."""
    before = {row.code: row.id for row in recorded_prompts.in_force(session, new.locale)}
    return recorded_prompts.keep(session, new, actor=actor, now=now).id != before.get(new.code)
