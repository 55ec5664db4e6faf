"""What each scheduler told of the clocks with its last sign of life: part of its row in `process_beat`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import ProcessBeat

_KEY = "clock"
_HEARD_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ToldTime:
    """Seconds ahead are counted from the database's clock. `state` and `left_out` are codes of the scheduler's."""

    state: str
    left_out: str
    node_ahead_seconds: float
    tick_ahead_seconds: float | None
    troubled_seconds: int

    @property
    def holds(self) -> bool:
        return self.state == "holds"

    @property
    def is_well(self) -> bool:
        return self.state == "agrees"


@dataclass(frozen=True, slots=True)
class SchedulersClock:
    """A living scheduler, whether it leads, and what it told."""

    name: str
    leads: bool
    clock: ToldTime


def as_detail(told: ToldTime | None) -> dict[str, Any]:
    """For the row of its sign of life."""
    return {_KEY: asdict(told)} if told else {}


def told_clocks(session: Session, *, now: datetime) -> Sequence[SchedulersClock]:
    """Of every scheduler heard of lately by the database's clock, which `now` must be."""
    beats = session.scalars(
        select(ProcessBeat)
        .where(
            ProcessBeat.kind == "scheduler",
            ProcessBeat.detail.has_key(_KEY),
            ProcessBeat.beat_at.between(now - _HEARD_WITHIN, now + _HEARD_WITHIN),
        )
        .order_by(ProcessBeat.name)
        .execution_options(populate_existing=True)
    )
    return [SchedulersClock(beat.name, bool(beat.detail.get("leads")), ToldTime(**beat.detail[_KEY])) for beat in beats]
