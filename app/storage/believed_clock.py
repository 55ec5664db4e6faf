"""The time to act by: read with the database's, judged each time, and held while clocks disagree."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.storage.clock_judge import Agreement, ClockJudge, ClockJudgement, ClockReading
from tickets import clock_decisions
from tickets.told_clocks import ToldTime

log = structlog.get_logger()

_READ = text("select clock_timestamp(), (select beat_at from process_beat where name = 'ticking')")
_SAID_EVERY_SECONDS = 30.0


def seconds_since_boot() -> float:
    """A clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockHeld(Exception):
    """The clocks disagree: nothing that is judged by time may be done now."""


@dataclass
class BelievedClock:
    """One per process; any thread may ask. `node_clock` and `seconds` are this machine's."""

    node_clock: Callable[[], datetime] = utc_now
    seconds: Callable[[], float] = seconds_since_boot
    _judge: ClockJudge = field(default_factory=ClockJudge)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: ClockJudgement | None = None
    _said_at: float = float("-inf")
    _applied: int = 0

    def now(self, session: Session) -> datetime:
        """The time to act by, in this transaction. Raises ClockHeld."""
        judged = self.look(session)
        if judged.now is None:
            raise ClockHeld
        return judged.now

    def on_record(self, session: Session) -> datetime:
        """When something was done, to be written down, also while nothing may be done by time: by two of three."""
        judged = self.look(session)
        told = [one for one in (judged.reading.database_at, judged.reading.node_at, judged.tick_at) if one is not None]
        return judged.now or sorted(told)[(len(told) - 1) // 2]

    def look(self, session: Session) -> ClockJudgement:
        """Read and judge; an administrator's decision ends a hold."""
        database_at, ticked_at = session.execute(_READ).one()
        with self._lock:
            reading = ClockReading(database_at, self.node_clock(), self.seconds(), ticked_at)
            judged = self._judge.judge(reading)
        if judged.state is not Agreement.AGREES:
            decided = clock_decisions.newest(session, now=database_at)
            with self._lock:
                if decided is not None and decided.id > self._applied:
                    self._applied = decided.id
                    self._judge.believe_the_database(reading)
                    judged = self._judge.judge(reading)
                    log.warning("clock.decided", decision=decided.id)
        self._say(judged)
        return judged

    def told(self) -> ToldTime | None:
        """For the sign of life; None before the first look."""
        last = self._last
        if last is None:
            return None
        return ToldTime(
            state=last.state.value,
            left_out=last.left_out.value if last.left_out else "",
            node_ahead_seconds=round(last.node_ahead_seconds, 1),
            tick_ahead_seconds=None if last.tick_ahead_seconds is None else round(last.tick_ahead_seconds, 1),
            troubled_seconds=round(last.troubled_seconds),
        )

    def _say(self, judged: ClockJudgement) -> None:
        before, self._last = self._last, judged
        is_new = (before.state if before else Agreement.AGREES) is not judged.state
        if judged.state is Agreement.AGREES and not is_new:
            return
        if not is_new and judged.reading.seconds - self._said_at < _SAID_EVERY_SECONDS:
            return
        self._said_at = judged.reading.seconds
        say = log.info if judged.state is Agreement.AGREES else log.error
        say(
            f"clock.{judged.state.value}",
            database_at=judged.reading.database_at.isoformat(),
            node_ahead_seconds=round(judged.node_ahead_seconds, 1),
            tick_ahead_seconds=None if judged.tick_ahead_seconds is None else round(judged.tick_ahead_seconds, 1),
            left_out=judged.left_out,
        )
