"""What drafted words would make of the last month's texts, read newest first for as long as somebody may wait."""

import json
import time as clock
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict

from sqlalchemy.orm import Session

from app.processes.signs_of_life import database_now
from app.seeding.imports import FileRefused
from tickets.file_errors import RowError
from tickets.matter import MatterRulebook
from tickets.matter.checking import danger_examples, danger_found, danger_lost
from tickets.matter.kept import newest_version, rows_of, words_in_force
from tickets.matter.rulebook import rulebook_of
from tickets.matter.word_drafts import read_edits
from tickets.promises.previews import AskedPreview, end_preview, note_counted
from tickets.queries.texts_read_anew import ReadAnew, read_part, texts_to_read

Transaction = Callable[[], AbstractContextManager[Session]]
# Longer nobody waits, and the newest texts say most; a page names no more of them.
LONGEST_READING_SECONDS = 60.0
MOST_TEXTS_LISTED = 200
_TEXTS_AT_ONCE = 200


def count_words(transaction: Transaction, asked: AskedPreview, *, longest: float = LONGEST_READING_SECONDS) -> None:
    """Raises FileRefused where a row of the draft has gone meanwhile."""
    began = clock.monotonic()
    with transaction() as session:
        before, after = _both(session, asked)
        now = database_now(session)
        texts, below = texts_to_read(session, now=now)
    listed: list[ReadAnew] = []
    changed = done = 0
    while below and clock.monotonic() - began < longest:
        with transaction() as session:
            found, read, below = read_part(session, before, after, below=below, limit=_TEXTS_AT_ONCE, now=now)
            done, changed = done + read, changed + len(found)
            listed += found[: max(0, MOST_TEXTS_LISTED - len(listed))]
            if not note_counted(session, asked, done=done, tickets=texts, now=database_now(session)):
                return
    told = {
        "texts": texts, "read": done, "changed": changed, "listed": [asdict(one) for one in listed],
        "examples": len(danger_examples()), "found_before": danger_found(before), "found_after": danger_found(after),
        "lost": danger_lost(before, after), "seconds": clock.monotonic() - began,
    }  # fmt: skip
    with transaction() as session:
        end_preview(session, asked, found=told, now=database_now(session))


def _both(session: Session, asked: AskedPreview) -> tuple[MatterRulebook, MatterRulebook]:
    in_force = rows_of(session, newest_version(session))
    drafted = read_edits(json.loads(asked.rules), in_force)
    if drafted.gone:
        raise FileRefused([RowError("words", "changed_since")])
    return words_in_force(session), rulebook_of(drafted.rows_after(in_force))
