"""Proofs of the whole audit trail, computed in the background: asked for, taken by a worker, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.orm import Session

from tickets.schema import AuditSeal, AuditVerification, Staff


@dataclass(frozen=True, slots=True)
class AskedVerification:
    """What a worker proves: for whom, by which request, and of how many links when it began."""

    id: int
    staff_id: int
    request_id: str
    entries: int


def ask_for_verification(session: Session, *, staff_id: int, request_id: str, now: datetime) -> int | None:
    """Have the whole trail proved; None where that is being done already, and one proof serves whoever asks."""
    if session.scalar(select(AuditVerification.id).where(AuditVerification.ended_at.is_(None)).limit(1)) is not None:
        return None
    asked = AuditVerification(staff_id=staff_id, request_id=request_id, asked_at=now)
    session.add(asked)
    session.flush()
    return asked.id


def last_verifications(session: Session, *, limit: int = 10) -> Sequence[Row[AuditVerification, str]]:
    """The newest first, each with the name of whoever asked; one that is not over stands first."""
    return session.execute(
        select(AuditVerification, Staff.name)
        .join(Staff, Staff.id == AuditVerification.staff_id)
        .order_by(AuditVerification.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    ).all()


def take_next_verification(session: Session, *, quiet: timedelta, now: datetime) -> AskedVerification | None:
    """The first that nobody computes, or whose worker has been quiet for longer than it said."""
    row = session.scalars(
        select(AuditVerification)
        .where(
            AuditVerification.ended_at.is_(None),
            or_(AuditVerification.quiet_until.is_(None), AuditVerification.quiet_until < now),
        )
        .order_by(AuditVerification.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    row.quiet_until, row.checked = now + quiet, 0
    row.entries = session.scalar(select(func.max(AuditSeal.number))) or 0
    return AskedVerification(row.id, row.staff_id, row.request_id, row.entries)


def note_verified(session: Session, asked: AskedVerification, *, checked: int, quiet: timedelta, now: datetime) -> None:
    """So many links hold; for `quiet` from now on the worker may say nothing."""
    _change(session, asked, {"checked": checked, "quiet_until": now + quiet})


def end_verification(
    session: Session,
    asked: AskedVerification,
    *,
    checked: int = 0,
    broken_entry_id: int | None = None,
    changed_facts: int | None = None,
    fault: str = "",
    now: datetime,
) -> bool:
    """With what was found, or with the code of why nothing was; False: another worker has ended it meanwhile."""
    return _change(
        session,
        asked,
        {"checked": checked, "broken_entry_id": broken_entry_id, "changed_facts": changed_facts, "fault": fault,
         "ended_at": now},
    )  # fmt: skip


def _change(session: Session, asked: AskedVerification, values: Mapping[str, Any]) -> bool:
    still = AuditVerification.id == asked.id, AuditVerification.ended_at.is_(None)
    changed = update(AuditVerification).where(*still).values(values).returning(AuditVerification.id)
    return session.execute(changed).one_or_none() is not None
