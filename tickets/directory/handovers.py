"""What one turn hands over to the next: a note, kept unfinished as it is typed; the rows of `handover_note`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.shifts import DutyTurn, turn
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.schema import HandoverNote, Shift, Staff
from tickets.typed_text import clean_text

MOST_LETTERS = 4_000
# A note may be written a while after the turn; what is older nobody reads for the next one.
WRITTEN_UNTIL = timedelta(hours=24)
READ_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ShiftNote:
    """The note of the turn before, and who wrote it."""

    words: str
    person: str
    written_at: datetime


def own_turn_to_hand_over(session: Session, shift_id: int, *, staff_id: int, now: datetime) -> DutyTurn:
    """A turn of theirs that runs or has ended within a day. Raises NotFound."""
    found = turn(session, shift_id)
    if found.staff_id != staff_id or not found.starts_at <= now < found.ends_at + WRITTEN_UNTIL:
        raise NotFound("shift", shift_id)
    return found


def typed_so_far(session: Session, shift_id: int) -> str:
    """What stands in the form: unfinished words, else what was written."""
    row = session.get(HandoverNote, shift_id, populate_existing=True)
    return (row.draft or row.words) if row is not None else ""


def keep_draft(session: Session, shift_id: int, words: str) -> None:
    draft = clean_text(words, MOST_LETTERS, field="words")
    row = insert(HandoverNote).values(shift_id=shift_id, draft=draft, words="")
    session.execute(row.on_conflict_do_update(index_elements=["shift_id"], set_={"draft": row.excluded.draft}))


def write_note(session: Session, of: DutyTurn, words: str, *, actor: Actor, now: datetime) -> None:
    """What the next turn reads. Raises InvalidInput for nothing and for too much."""
    written = clean_text(words, MOST_LETTERS, field="words")
    if not written:
        raise InvalidInput("words", "required")
    _keep(session, of.shift_id, written, now=now)
    params = {"post": of.post, "unit_id": of.unit_id}
    entries.record(
        session, actor=actor, action="handover.written", subject_kind="shift", subject_id=of.shift_id, params=params,
        now=now,
    )  # fmt: skip


def _keep(session: Session, shift_id: int, words: str, *, now: datetime) -> None:
    changed = {"words": words, "draft": "", "written_at": now}
    row = insert(HandoverNote).values(shift_id=shift_id, **changed)
    session.execute(row.on_conflict_do_update(index_elements=["shift_id"], set_=changed))


def handed_over(session: Session, post_id: int, *, before: datetime) -> ShiftNote | None:
    """The last note of a turn of this post that began before this instant; None where none was written lately."""
    row = session.execute(
        select(HandoverNote.words, Staff.name, HandoverNote.written_at)
        .join(Shift, Shift.id == HandoverNote.shift_id)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(Shift.post_id == post_id, Shift.starts_at < before, Shift.ends_at > before - READ_FOR)
        .where(HandoverNote.written_at.is_not(None))
        .order_by(HandoverNote.written_at.desc())
        .limit(1)
    ).one_or_none()
    return ShiftNote(row[0], row[1], row[2] or before) if row is not None else None
