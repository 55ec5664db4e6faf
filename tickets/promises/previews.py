"""What a draft would do to open tickets, counted in the background: asked for, taken by a worker, ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.promises.rule_drafts import DraftOf, RuleKind
from tickets.schema import RulePreview

# A worker says more often than this how far it is; then it is gone, and another counts from the beginning.
_SILENT_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AskedPreview:
    """A count somebody waits for: of which draft, what it says, and when it was asked for."""

    of: DraftOf
    rules: str
    asked_at: datetime


def ask_for_preview(session: Session, of: DraftOf, rules: str, *, now: datetime) -> None:
    """Count what these rules would do; what was counted of the draft before is forgotten."""
    fresh = {
        "rules": rules, "asked_at": now, "heard_at": None, "done": 0, "tickets": 0, "found": None, "fault": "",
        "ended_at": None,
    }  # fmt: skip
    statement = insert(RulePreview).values(staff_id=of.staff_id, kind=of.kind, name=str(of.rule_id), **fresh)
    session.execute(statement.on_conflict_do_update(index_elements=["staff_id", "kind", "name"], set_=fresh))


def preview_of(session: Session, of: DraftOf, rules: str) -> RulePreview | None:
    """The count of the draft as it reads now; None: none was asked for since it was changed."""
    row = session.scalars(select(RulePreview).where(*_is(of)).execution_options(populate_existing=True)).one_or_none()
    return row if row is not None and row.rules == rules else None


def take_next_preview(session: Session, *, now: datetime) -> AskedPreview | None:
    """The longest asked for that nobody counts, or whose worker has fallen silent."""
    row = session.scalars(
        select(RulePreview)
        .where(
            RulePreview.ended_at.is_(None),
            or_(RulePreview.heard_at.is_(None), RulePreview.heard_at < now - _SILENT_AFTER),
        )
        .order_by(RulePreview.asked_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    row.heard_at = now
    return AskedPreview(DraftOf(row.staff_id, RuleKind(row.kind), int(row.name)), row.rules, row.asked_at)


def note_counted(session: Session, asked: AskedPreview, *, done: int, tickets: int, now: datetime) -> bool:
    """So many of the open tickets have been counted; False: nobody waits for it any more."""
    return _changed(session, asked, {"done": done, "tickets": tickets, "heard_at": now})


def end_preview(
    session: Session, asked: AskedPreview, *, found: Mapping[str, Any] | None, fault: str = "", now: datetime
) -> None:
    """With what was found, or with the code of why nothing was."""
    _changed(session, asked, {"found": found, "fault": fault, "ended_at": now})


def _changed(session: Session, asked: AskedPreview, values: Mapping[str, Any]) -> bool:
    # Whoever asks again meanwhile gets their own count, and this one ends in nothing.
    still = RulePreview.asked_at == asked.asked_at, RulePreview.ended_at.is_(None)
    changed = update(RulePreview).where(*_is(asked.of), *still).values(values).returning(RulePreview.staff_id)
    return session.execute(changed).one_or_none() is not None


def _is(of: DraftOf) -> tuple[ColumnElement[bool], ...]:
    return RulePreview.staff_id == of.staff_id, RulePreview.kind == of.kind, RulePreview.name == str(of.rule_id)
