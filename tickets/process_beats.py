"""When each process last gave a sign of life, and when somebody last ticked: the rows of `process_beat`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import ProcessBeat

# The row that tells when any scheduler last ticked; it is no process.
TICKING = "ticking"
_GAVE_WAY = "gave_way"
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
    """Somebody ticks now; when that was last, None for the first time. The row's lock lets two schedulers agree.

    A last tick that is still to come was written by a clock that was wrong, and gives way. Should the very next one
    come after it, it was the clock that was set back that was wrong, and nobody was silent meanwhile.
    """
    ticked = session.execute(
        select(ProcessBeat).where(ProcessBeat.name == TICKING).with_for_update()
    ).scalar_one_or_none()
    if ticked is None:
        session.add(ProcessBeat(name=TICKING, kind="scheduler", beat_at=now, detail={}))
        session.flush()
        return None
    last, given_way = ticked.beat_at, ticked.detail.get(_GAVE_WAY)
    ticked.beat_at, ticked.detail = now, {_GAVE_WAY: last.isoformat()} if last > now else {}
    if given_way is not None and datetime.fromisoformat(given_way) <= now:
        return datetime.fromisoformat(given_way)
    return last


@dataclass(frozen=True, slots=True)
class Process:
    """One that gave a sign of life within the last hour, and the machine it runs on."""

    kind: str
    node: str
    beat_at: datetime


def processes(session: Session) -> Sequence[Process]:
    """All of them, the silent included; the row of the ticks is none."""
    rows = session.execute(
        select(ProcessBeat.name, ProcessBeat.kind, ProcessBeat.beat_at)
        .where(ProcessBeat.name.like("%:%"))
        .order_by(ProcessBeat.name)
    )
    return [Process(kind, _node_of(name), beat_at) for name, kind, beat_at in rows]


def _node_of(name: str) -> str:
    """A name is a kind, a machine and a number of the system's (`worker:web-1:4711`)."""
    return name.partition(":")[2].rpartition(":")[0]


def forget(session: Session, name: str) -> None:
    session.execute(delete(ProcessBeat).where(ProcessBeat.name == name))


def forget_silent(session: Session, *, now: datetime) -> None:
    """Processes long gone. The row of the ticks stays: without it an outage would go unnoticed."""
    gone = ProcessBeat.beat_at < now - _FORGOTTEN_AFTER
    session.execute(delete(ProcessBeat).where(gone, ProcessBeat.name.like("%:%")))
