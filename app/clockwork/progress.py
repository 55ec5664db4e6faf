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


@dataclass
class Progress:
    """When each job last began and ended, by the monotonic clock."""

    monotonic: Callable[[], float] = time.monotonic
    _began: dict[str, float] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)

    def begins(self, name: str) -> None:
        self._began[name] = self.monotonic()

    def ends(self, name: str) -> None:
        self._ended[name] = self.monotonic()

    def stuck(self, jobs: Iterable[Expected]) -> str | None:
        """The job that runs beyond its limit, or has not even begun when it should; None where all get on."""
        now = self.monotonic()
        for job in jobs:
            began, ended = self._began.get(job.name), self._ended.get(job.name, float("-inf"))
            if began is None:
                continue
            runs = began > ended
            if runs and now - began > job.limit_seconds:
                return job.name
            if not runs and now - ended > job.seconds + job.limit_seconds + _PATIENCE_SECONDS:
                return job.name
        return None
