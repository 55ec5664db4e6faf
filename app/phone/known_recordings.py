"""The recordings that are played, in memory and beside the data: a caller hears them while no database answers.

Each process asks the database again every few seconds in which it is at work. What is found lies in the data folder as
well, list and sounds, so that whoever starts while the database is away plays the same.
"""

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings
from app.storage.database import transaction
from app.wording.recorded_pieces import pieces_of, words_of_piece
from telephony import recorded_prompts
from telephony.plan.prompts import Prompt
from telephony.recorded_prompts import Mark

_RENEWED_AFTER_SECONDS = 3.0
# A document that names a sound may be followed by a caller who has held the line for long.
_KEPT_AFTERWARDS_SECONDS = 24 * 3600
_LIST = "list.json"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """`words` are those it was recorded for."""

    locale: str
    code: str
    words: str
    digest: str
    seconds: float

    @property
    def file_name(self) -> str:
        """As it is served; kept for ever by whoever has fetched it, because another sound has another name."""
        return f"{self.locale}/{self.code}.{self.digest}.wav"

    @property
    def is_played(self) -> bool:
        """Not where a release says something else by now."""
        return self.words == words_of_piece(self.code, self.locale)


@dataclass
class KnownRecordings:
    """Safe from several threads, each of which sees one whole state."""

    folder: Path
    _played: Mapping[tuple[str, str], KnownRecording] | None = None
    _mark: Mark | None = None
    _asked_at: float = 0.0
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def played(self) -> Mapping[tuple[str, str], KnownRecording]:
        """By language and code."""
        if self._played is None:
            self._played = _by_piece(self._listed())
        return self._played

    def sentence(self, prompt: Prompt, params: Mapping[str, str | int], locale: str) -> Sequence[KnownRecording]:
        """The recordings that say all of it, one after the other; none where the voice has to."""
        played = self.played()
        if not played:
            return ()
        found = [played.get((locale, code)) for code in pieces_of(prompt, params, locale)]
        return [] if None in found else [one for one in found if one is not None]

    def sound(self, digest: str) -> bytes | None:
        """As it lies here; None where this node has not fetched it."""
        with suppress(OSError):
            return self._path(digest).read_bytes()
        return None

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._asked_at >= _RENEWED_AFTER_SECONDS

    def renew(self, factory: sessionmaker[Session], *, at_once: bool = False) -> None:
        """Ask the database unless somebody does, or did a moment ago; in its trouble what was known stays."""
        if (at_once or self.is_due) and self._asking.acquire(blocking=at_once):
            try:
                self._asked_at = time.monotonic()
                with transaction(factory) as session:
                    self._ask(session)
            except Exception as trouble:
                log.warning("recordings.not_renewed", reason=type(trouble).__name__)
            finally:
                self._asking.release()

    def renew_beside(self, factory: sessionmaker[Session]) -> None:
        """In the background, where a request must not wait."""
        if self.is_due and not self._asking.locked():
            threading.Thread(target=self.renew, args=(factory,), daemon=True, name="recordings").start()

    def _ask(self, session: Session) -> None:
        stands = recorded_prompts.mark(session)
        if stands == self._mark:
            return
        found = [
            KnownRecording(row.locale, row.code, row.words, row.sha256, row.seconds)
            for row in recorded_prompts.in_force(session)
        ]
        # A sound is named to a provider only when it lies here.
        missing = [one.digest for one in found if not self._path(one.digest).exists()]
        for digest, sound in recorded_prompts.sounds(session, missing).items() if missing else ():
            self._write(self._path(digest), sound)
        self._write(self.folder / _LIST, json.dumps([_told(one) for one in found]).encode())
        self._forget({one.digest for one in found})
        self._played, self._mark = _by_piece(found), stands

    def _listed(self) -> list[KnownRecording]:
        with suppress(OSError, ValueError, TypeError):
            return [KnownRecording(**told) for told in json.loads((self.folder / _LIST).read_text())]
        return []

    def _write(self, path: Path, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        draft.write_bytes(content)
        draft.replace(path)

    def _forget(self, digests: set[str]) -> None:
        long_ago = time.time() - _KEPT_AFTERWARDS_SECONDS
        for path in self.folder.glob("*.wav"):
            if path.stem not in digests and path.stat().st_mtime < long_ago:
                path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.wav"


def known_recordings(settings: Settings) -> KnownRecordings:
    """One per process and data folder."""
    return _known(settings.data_dir / "recorded-prompts", settings.database_url)


@cache
def _known(folder: Path, _database_url: str) -> KnownRecordings:
    return KnownRecordings(folder)


def _by_piece(found: Sequence[KnownRecording]) -> Mapping[tuple[str, str], KnownRecording]:
    return {(one.locale, one.code): one for one in found if one.is_played}


def _told(one: KnownRecording) -> dict[str, object]:
    return {name: getattr(one, name) for name in KnownRecording.__dataclass_fields__}
