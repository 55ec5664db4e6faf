"""The trials as rows: the one that is under way, those before it, and how they stand for whoever watches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.schema import CanaryRun
from tickets.states import CanaryStage

# One that failed may have met a moment; two in a row are a fault.
FAILED_IN_A_ROW = 2
_LOOKED_BACK = 50


def add_run(session: Session, *, ticket_id: int, opened_at: datetime, due_at: datetime) -> CanaryRun:
    run = CanaryRun(ticket_id=ticket_id, opened_at=opened_at, due_at=due_at)
    session.add(run)
    session.flush()
    return run


def open_runs(session: Session) -> Sequence[CanaryRun]:
    """Those under way that nobody else is looking at, locked."""
    statement = (
        select(CanaryRun).where(CanaryRun.ended_at.is_(None)).order_by(CanaryRun.id).with_for_update(skip_locked=True)
    )
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def newest_runs(session: Session, *, limit: int) -> Sequence[CanaryRun]:
    return session.scalars(
        select(CanaryRun)
        .order_by(CanaryRun.opened_at.desc(), CanaryRun.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    ).all()


def note_progress(
    run: CanaryRun, *, fired_at: datetime | None, sent_at: datetime | None, delivered_at: datetime | None
) -> None:
    run.fired_at, run.sent_at, run.delivered_at = fired_at, sent_at, delivered_at


def end_run(run: CanaryRun, *, missing: CanaryStage | None, now: datetime) -> None:
    run.ended_at, run.missing = now, missing


def lateness(run: CanaryRun) -> timedelta | None:
    """How long after its promise broke the level fired; None where it never did."""
    return run.fired_at - run.due_at if run.fired_at is not None else None


@dataclass(frozen=True, slots=True)
class CanaryState:
    """How the newest trials that are over went; `failed_since` is when the first of those in a row was opened."""

    failed_in_a_row: int
    failed_since: datetime | None
    passed_at: datetime | None
    lateness: timedelta | None

    @property
    def is_well(self) -> bool:
        return self.failed_in_a_row < FAILED_IN_A_ROW


def canary_state(session: Session) -> CanaryState:
    """From the newest fifty; a row of failures that is longer counts as fifty."""
    over = [run for run in newest_runs(session, limit=_LOOKED_BACK) if run.ended_at is not None]
    failed = 0
    while failed < len(over) and over[failed].missing is not None:
        failed += 1
    return CanaryState(
        failed_in_a_row=failed,
        failed_since=over[failed - 1].opened_at if failed else None,
        passed_at=session.scalar(select(func.max(CanaryRun.ended_at)).where(CanaryRun.missing.is_(None))),
        lateness=next((late for run in over if (late := lateness(run)) is not None), None),
    )
