"""Which time may be believed: PostgreSQL's clock, this node's, and where the last tick leads to, judged together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

# Clocks that differ by no more are one; NTP keeps them within milliseconds, a leap second smears one second.
TOLERANCE = timedelta(seconds=60)
# Two that agree against a third are believed after so long, by a clock that nobody sets.
SETTLED_AFTER_SECONDS = 60.0


class TimeSource(StrEnum):
    """In the order in which they are believed where two pairs agree."""

    DATABASE = "database"
    NODE = "node"
    TICK = "tick"


class Agreement(StrEnum):
    """HOLDS: nothing may be done by time. GOES_ON: two have agreed long enough, the third is left out."""

    AGREES = "agrees"
    GOES_ON = "goes_on"
    HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The clocks as they stood in one moment. `seconds` is monotonic; `ticked_at` the persisted last tick, if any."""

    database_at: datetime
    node_at: datetime
    seconds: float
    ticked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockJudgement:
    """`now` is the time to act by; None where it must not be acted by any."""

    state: Agreement
    now: datetime | None
    reading: ClockReading
    tick_at: datetime | None
    left_out: TimeSource | None = None
    troubled_seconds: float = 0.0

    @property
    def node_ahead_seconds(self) -> float:
        return (self.reading.node_at - self.reading.database_at).total_seconds()

    @property
    def tick_ahead_seconds(self) -> float | None:
        return (self.tick_at - self.reading.database_at).total_seconds() if self.tick_at else None


_Pair = tuple[TimeSource, TimeSource]


class ClockJudge:
    """What one process remembers between readings. No session, no clock of its own."""

    def __init__(self) -> None:
        self._anchor: tuple[datetime, float] | None = None
        self._pair: _Pair | None = None
        self._paired_since = 0.0
        self._troubled_since: float | None = None

    def judge(self, reading: ClockReading) -> ClockJudgement:
        """All agree: act at once. Two do, and have for a minute: act by these. Otherwise hold."""
        tick_at = self._where_the_tick_leads(reading)
        times = {TimeSource.DATABASE: reading.database_at, TimeSource.NODE: reading.node_at}
        if tick_at is not None:
            times[TimeSource.TICK] = tick_at
        possible = list(combinations(times, 2))
        agreeing = [pair for pair in possible if _agree(times[pair[0]], times[pair[1]])]
        if len(agreeing) == len(possible):
            self._pair = self._troubled_since = None
            return self._believed(Agreement.AGREES, reading.database_at, reading, tick_at)
        if self._troubled_since is None:
            self._troubled_since = reading.seconds
        self._remember_pair(agreeing, reading)
        if self._pair is not None and reading.seconds - self._paired_since >= SETTLED_AFTER_SECONDS:
            return self._believed(Agreement.GOES_ON, times[self._pair[0]], reading, tick_at)
        return self._judgement(Agreement.HOLDS, None, reading, tick_at)

    def believe_the_database(self, reading: ClockReading) -> None:
        """Somebody has decided: from now on ticks lead on from PostgreSQL's clock."""
        self._anchor = (reading.database_at, reading.seconds)
        self._pair = (TimeSource.DATABASE, TimeSource.TICK)
        self._paired_since = reading.seconds - SETTLED_AFTER_SECONDS

    def _where_the_tick_leads(self, reading: ClockReading) -> datetime | None:
        """The time it should be by the last believed tick; None where that tells nothing.

        This process goes on from its own last tick by the monotonic clock. One that has just started, or whose machine
        was asleep, has only the persisted one: a recent one is a witness, a future one contradicts, and one long ago
        tells nothing, for a long silence is no fault of a clock.
        """
        clocks = (reading.database_at, reading.node_at)
        continued = None
        if self._anchor is not None:
            continued = self._anchor[0] + timedelta(seconds=reading.seconds - self._anchor[1])
            if any(_agree(continued, clock) for clock in clocks):
                return continued
        ticked_at = reading.ticked_at
        if ticked_at is not None and (
            any(_agree(ticked_at, clock) for clock in clocks) or ticked_at > min(clocks) + TOLERANCE
        ):
            return ticked_at
        return continued

    def _remember_pair(self, agreeing: list[_Pair], reading: ClockReading) -> None:
        if self._pair not in agreeing:
            self._pair = agreeing[0] if agreeing else None
            self._paired_since = reading.seconds

    def _believed(
        self, state: Agreement, now: datetime, reading: ClockReading, tick_at: datetime | None
    ) -> ClockJudgement:
        self._anchor = (now, reading.seconds)
        return self._judgement(state, now, reading, tick_at)

    def _judgement(
        self, state: Agreement, now: datetime | None, reading: ClockReading, tick_at: datetime | None
    ) -> ClockJudgement:
        left_out = next((source for source in TimeSource if source not in self._pair), None) if self._pair else None
        since = self._troubled_since
        return ClockJudgement(
            state, now, reading, tick_at, left_out, reading.seconds - since if since is not None else 0.0
        )


def _agree(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= TOLERANCE
