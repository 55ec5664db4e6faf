"""When each process last gave a sign of life, and when somebody last ticked: the rows of `process_beat`."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import ProcessBeat

# The row that tells when any scheduler last ticked; it is no process.
TICKING = "ticking"
# A process beats every few seconds; unheard for so long, it is taken to have ended.
SILENT_AFTER = timedelta(seconds=30)
_FORGOTTEN_AFTER = timedelta(hours=1)


def note(session: Session, name: str, *, kind: str, detail: dict[str, Any] | None = None, now: datetime) -> None:
    """The process of this name lives now."""
    statement = insert(ProcessBeat).values(name=name, kind=kind, beat_at=now, detail=detail or {})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"beat_at": statement.excluded.beat_at, "detail": statement.excluded.detail},
        )
    )


def note_tick(session: Session, *, now: datetime) -> datetime | None:
    """Somebody ticks now; when that was last, None for the first time. The row's lock lets two schedulers agree."""
    ticked = session.execute(
        select(ProcessBeat).where(ProcessBeat.name == TICKING).with_for_update()
    ).scalar_one_or_none()
    if ticked is None:
        session.add(ProcessBeat(name=TICKING, kind="scheduler", beat_at=now, detail={}))
        session.flush()
        return None
    last, ticked.beat_at = ticked.beat_at, max(ticked.beat_at, now)
    return last


def forget(session: Session, name: str) -> None:
    session.execute(delete(ProcessBeat).where(ProcessBeat.name == name))


def forget_silent(session: Session, *, now: datetime) -> None:
    """Processes long gone. The row of the ticks stays: without it an outage would go unnoticed."""
    gone = ProcessBeat.beat_at < now - _FORGOTTEN_AFTER
    session.execute(delete(ProcessBeat).where(gone, ProcessBeat.name.like("%:%")))
