"""Whether the wall clock may be believed: a tick after a jump fires nothing until two ticks agree."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_DRIFT = timedelta(seconds=60)


@dataclass
class TickClock:
    """Compares how far the wall clock (PostgreSQL's) and this machine's monotonic clock went between two ticks."""

    _wall: datetime | None = None
    _monotonic: float = 0.0

    def agrees(self, *, wall: datetime, monotonic: float) -> bool:
        """Whether a tick at this instant may fire; the first tick of a process has nothing to be compared with."""
        before, since = self._wall, self._monotonic
        self._wall, self._monotonic = wall, monotonic
        if before is None:
            return True
        drift = (wall - before) - timedelta(seconds=monotonic - since)
        return abs(drift) <= MOST_DRIFT
