"""Windows of time that count for no promise: asked for by one administrator, decided by another, kept (R16)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.schema import ExclusionWindow
from tickets.states import ClockKind
from tickets.typed_text import clean_text

LONGEST = timedelta(days=14)
LONGEST_WINDOW_REASON = 500
# What citizens and colleagues are told beforehand.
ANNOUNCED_BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for; `clocks` are the kinds of promises that get the time back."""

    from_at: datetime
    to_at: datetime
    reason: str
    clocks: Collection[ClockKind]
    holds_reports: bool


def ask(session: Session, wanted: Wanted, *, actor: Actor, now: datetime) -> ExclusionWindow:
    """Ask for a window, which changes nothing until somebody else approves it.

    Raises InvalidInput for one that ends before it begins, is longer than a fortnight, or has no reason or promise.
    """
    reason = clean_text(wanted.reason, LONGEST_WINDOW_REASON, field="reason")
    if not reason:
        raise InvalidInput("reason", "required")
    if wanted.to_at <= wanted.from_at:
        raise InvalidInput("to_at", "before_start")
    if wanted.to_at - wanted.from_at > LONGEST:
        raise InvalidInput("to_at", "window_too_long")
    if not wanted.clocks:
        raise InvalidInput("clocks", "required")
    if actor.staff_id is None:
        raise InvalidInput("reason", "required")
    window = ExclusionWindow(
        from_at=wanted.from_at,
        to_at=wanted.to_at,
        reason=reason,
        clocks=sorted(kind.value for kind in wanted.clocks),
        holds_reports=wanted.holds_reports,
        asked_by_id=actor.staff_id,
        asked_at=now,
    )
    session.add(window)
    session.flush()
    _record(session, "exclusion.asked", window, actor=actor, now=now)
    return window


def decide(session: Session, window_id: int, *, is_approved: bool, actor: Actor, now: datetime) -> ExclusionWindow:
    """Approve or refuse it, once. Raises InvalidInput for whoever asked: nobody approves their own (A1)."""
    window = session.get(ExclusionWindow, window_id, with_for_update=True, populate_existing=True)
    if window is None:
        raise NotFound("exclusion_window", window_id)
    if window.asked_by_id == actor.staff_id:
        raise InvalidInput("decision", "own_request")
    if window.decided_at is not None:
        raise InvalidInput("decision", "decided_already")
    window.decided_by_id, window.decided_at, window.is_approved = actor.staff_id, now, is_approved
    session.flush()
    _record(session, "exclusion.approved" if is_approved else "exclusion.refused", window, actor=actor, now=now)
    return window


def window_by_id(session: Session, window_id: int) -> ExclusionWindow:
    """Raises NotFound."""
    window = session.get(ExclusionWindow, window_id, populate_existing=True)
    if window is None:
        raise NotFound("exclusion_window", window_id)
    return window


def newest_windows(session: Session, *, limit: int) -> Sequence[ExclusionWindow]:
    return session.scalars(
        select(ExclusionWindow).order_by(ExclusionWindow.from_at.desc(), ExclusionWindow.id.desc()).limit(limit)
    ).all()


def announced(session: Session, *, now: datetime) -> Sequence[ExclusionWindow]:
    """The approved ones that are on or begin within a day, the first first."""
    return session.scalars(
        select(ExclusionWindow)
        .where(
            ExclusionWindow.to_at > now,
            ExclusionWindow.from_at <= now + ANNOUNCED_BEFORE,
            ExclusionWindow.is_approved.is_(True),
        )
        .order_by(ExclusionWindow.from_at)
    ).all()


def reports_held_until(session: Session, *, now: datetime) -> datetime | None:
    """Until when reports about what is no emergency wait; None: they leave as always."""
    held = [window.to_at for window in announced(session, now=now) if window.holds_reports and window.from_at <= now]
    return max(held, default=None)


def unapplied(session: Session) -> Sequence[ExclusionWindow]:
    """The approved ones that are not given back yet, locked; without those somebody else works on."""
    return session.scalars(
        select(ExclusionWindow)
        .where(ExclusionWindow.is_approved.is_(True), ExclusionWindow.applied_at.is_(None))
        .order_by(ExclusionWindow.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def note_walked(window: ExclusionWindow, *, to_clock_id: int) -> None:
    window.walked_to = to_clock_id


def begin_last_walk(window: ExclusionWindow) -> None:
    window.walked_to, window.is_last_walk = 0, True


def note_applied(session: Session, window: ExclusionWindow, *, actor: Actor, now: datetime) -> None:
    window.applied_at = now
    session.flush()
    _record(session, "exclusion.applied", window, actor=actor, now=now)


def _record(session: Session, action: str, window: ExclusionWindow, *, actor: Actor, now: datetime) -> None:
    params: dict[str, Any] = {
        "from_at": window.from_at.isoformat(),
        "to_at": window.to_at.isoformat(),
        "reason": window.reason,
        "kinds": list(window.clocks),
    }
    entries.record(
        session,
        actor=actor,
        action=action,
        subject_kind="exclusion_window",
        subject_id=window.id,
        params=params,
        now=now,
    )
