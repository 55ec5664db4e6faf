"""Whether the jobs of this process get on: a leader whose jobs stand still must not renew its lease for ever."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Expected:
    """A job's name, its rhythm, and how long one run of it may take."""

    name: str
    seconds: float
    limit_seconds: float


# Beyond rhythm and limit: a machine that is busy is not stuck.
_PATIENCE_SECONDS = 15.0
# A process that was stopped for a while, or a machine that slept, stood still as a whole: no more of it counts.
_MOST_OF_A_PAUSE_SECONDS = 6.0


@dataclass
class Progress:
    """When each job last began and ended, in seconds that this process has lived through."""

    monotonic: Callable[[], float] = time.monotonic
    _lived: float = 0.0
    _looked: float | None = None
    _running: dict[str, float] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)

    def begins(self, name: str) -> None:
        self._running[name] = self._lived

    def ends(self, name: str) -> None:
        self._running.pop(name, None)
        self._ended[name] = self._lived

    def stuck(self, jobs: Iterable[Expected]) -> str | None:
        """The job that runs beyond its limit, or has not even begun when it should; None where all get on.

        To be asked every few seconds: it is by being asked that time passes here.
        """
        now = self._live_on()
        for job in jobs:
            began, ended = self._running.get(job.name), self._ended.get(job.name)
            if began is not None and now - began > job.limit_seconds:
                return job.name
            if began is None and ended is not None and now - ended > self._again_within(job):
                return job.name
        return None

    @staticmethod
    def _again_within(job: Expected) -> float:
        return job.seconds + job.limit_seconds + _PATIENCE_SECONDS

    def _live_on(self) -> float:
        now = self.monotonic()
        self._lived += min(now - self._looked, _MOST_OF_A_PAUSE_SECONDS) if self._looked is not None else 0.0
        self._looked = now
        return self._lived
