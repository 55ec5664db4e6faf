"""Recordings of what callers hear: kept, replaced, withdrawn; every version stays."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.people.actor import Actor
from tickets.schema import RecordedPrompt, Staff


@dataclass(frozen=True, slots=True)
class NewRecording:
    """A sound as a telephone plays it, and the words it was recorded for."""

    locale: str
    code: str
    words: str
    sound: bytes
    seconds: float
    file_name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """It differs as soon as anything was kept or ended."""

    newest: int
    ended: int


def mark(session: Session) -> Mark:
    newest, ended = session.execute(select(func.max(RecordedPrompt.id), func.count(RecordedPrompt.ended_at))).one()
    return Mark(int(newest or 0), int(ended))


def in_force(session: Session, locale: str | None = None) -> Sequence[RecordedPrompt]:
    """Without their sound, which is read only when it is asked for."""
    asked = select(RecordedPrompt).where(RecordedPrompt.ended_at.is_(None))
    return session.scalars(asked.where(RecordedPrompt.locale == locale) if locale else asked).all()


def versions(session: Session, locale: str, code: str) -> Sequence[tuple[RecordedPrompt, str]]:
    """All there ever were, the newest first, each with who brought it."""
    asked = (
        select(RecordedPrompt, func.coalesce(Staff.name, ""))
        .outerjoin(Staff, Staff.id == RecordedPrompt.recorded_by_id)
        .where(RecordedPrompt.locale == locale, RecordedPrompt.code == code)
        .order_by(RecordedPrompt.id.desc())
    )
    return [(row, str(name)) for row, name in session.execute(asked)]


def sound_of(session: Session, recording_id: int) -> bytes | None:
    return session.scalar(select(RecordedPrompt.sound).where(RecordedPrompt.id == recording_id))


def sounds(session: Session, digests: Iterable[str]) -> Mapping[str, bytes]:
    """By digest; of those there are."""
    asked = select(RecordedPrompt.sha256, RecordedPrompt.sound).where(RecordedPrompt.sha256.in_(list(digests)))
    return {str(digest): bytes(sound) for digest, sound in session.execute(asked)}


def keep(session: Session, new: NewRecording, *, actor: Actor, now: datetime) -> RecordedPrompt:
    """It is played from now on; the one before, if any, stays as a version. The same sound again changes nothing."""
    digest = hashlib.sha256(new.sound).hexdigest()
    before = _current(session, new.locale, new.code)
    if before is not None:
        if (before.sha256, before.words) == (digest, new.words):
            return before
        before.ended_at = now
        session.flush()
    row = RecordedPrompt(
        locale=new.locale,
        code=new.code,
        words=new.words,
        sound=new.sound,
        sha256=digest,
        seconds=new.seconds,
        file_name=new.file_name,
        recorded_at=now,
        recorded_by_id=actor.staff_id,
    )
    session.add(row)
    session.flush()
    _note(session, row, "kept" if before is None else "replaced", actor=actor, now=now)
    return row


def withdraw(session: Session, locale: str, code: str, *, actor: Actor, now: datetime) -> bool:
    """The voice speaks again; False where it does already."""
    row = _current(session, locale, code)
    if row is None:
        return False
    row.ended_at = now
    _note(session, row, "withdrawn", actor=actor, now=now)
    return True


def _current(session: Session, locale: str, code: str) -> RecordedPrompt | None:
    asked = select(RecordedPrompt).where(
        RecordedPrompt.locale == locale, RecordedPrompt.code == code, RecordedPrompt.ended_at.is_(None)
    )
    return session.scalars(asked.with_for_update(key_share=True)).one_or_none()


def _note(session: Session, row: RecordedPrompt, done: str, *, actor: Actor, now: datetime) -> None:
    told = {"prompt": row.code, "language": row.locale, "seconds": round(row.seconds, 1), "fingerprint": row.sha256}
    record(
        session,
        actor=actor,
        action=f"recorded_prompt.{done}",
        subject_kind="recorded_prompt",
        subject_id=row.id,
        params=told,
        now=now,
    )
