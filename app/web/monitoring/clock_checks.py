"""Whether the clocks agree: the database's, this process's, and what every scheduler told of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.clock import utc_now
from tickets.process_beats import TICKING
from tickets.schema import ProcessBeat
from tickets.told_clocks import SchedulersClock, told_clocks


@dataclass(frozen=True, slots=True)
class Clocks:
    """`here_ahead_seconds`: how far this process's clock is before the database's."""

    database_at: datetime
    here_ahead_seconds: float
    ticked_at: datetime | None
    schedulers: Sequence[SchedulersClock]

    @property
    def are_well(self) -> bool:
        return all(one.clock.is_well for one in self.schedulers)

    @property
    def troubled(self) -> SchedulersClock | None:
        """Whose trouble stops the work: the leader's, or anybody's where all hold or the database is left out."""
        hindered = [one for one in self.schedulers if one.clock.holds or one.clock.left_out == "database"]
        if not hindered:
            return None
        leader = next((one for one in hindered if one.leads), None)
        return leader or (hindered[0] if len(hindered) == len(self.schedulers) else None)


def read_clocks(session: Session) -> Clocks:
    """As they are now."""
    database_at: datetime = session.execute(text("select clock_timestamp()")).scalar_one()
    ahead = (utc_now() - database_at).total_seconds()
    ticked_at = session.scalar(select(ProcessBeat.beat_at).where(ProcessBeat.name == TICKING))
    return Clocks(database_at, ahead, ticked_at, told_clocks(session, now=database_at))


def clock_check(session: Session) -> dict[str, str]:
    """`ok`, or that nothing is done by time, with how far the clocks are apart."""
    troubled = read_clocks(session).troubled
    if troubled is None:
        return {"clock": "ok"}
    told = troubled.clock
    doing = "holds" if told.holds else "goes on without the database's clock"
    ahead = round(told.node_ahead_seconds)
    tick = "" if told.tick_ahead_seconds is None else f", the last tick leads to {round(told.tick_ahead_seconds):+d} s"
    return {
        "clock": f"{doing}: compared with the database's clock {troubled.name} is at {ahead:+d} s"
        f"{tick}; run ./hotline clock"
    }
