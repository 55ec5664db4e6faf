"""What fails in a process that works by itself: told once in the log when it begins and when it is over, and counted.

A job that comes every second and fails for an hour must not say so 3,600 times, nor die of it.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.storage.database_faults import fault_of
from tickets import job_faults

log = structlog.get_logger()


@dataclass
class JobTroubles:
    """Of one process. What was counted while the database was away is written when it is back."""

    _standing: dict[str, str] = field(default_factory=dict)
    _times: Counter[str] = field(default_factory=Counter)
    _uncounted: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def failed(self, job: str, trouble: BaseException) -> None:
        """The job failed and comes again. A fault of the database is named by its kind, anything else in full."""
        fault = fault_of(trouble)
        reason = str(fault or type(trouble).__name__)
        with self._lock:
            is_told = self._standing.get(job) == reason
            self._standing[job] = reason
            self._times[job] += 1
            self._uncounted[job] += 1
        if is_told:
            return
        if fault is None:
            log.error("job.failed", job=job, reason=reason, exc_info=trouble)
        else:
            log.warning("job.failed", job=job, reason=reason, detail=str(trouble)[:300])

    def succeeded(self, job: str) -> None:
        """The job did its work; if it had failed before, that is over."""
        if job not in self._standing:
            return
        with self._lock:
            reason, times = self._standing.pop(job, ""), self._times.pop(job, 0)
        log.info("job.works_again", job=job, reason=reason, times=times)

    def write(self, session: Session, *, now: datetime) -> "Counter[str]":
        """Add what has not been counted yet; once that is committed, `written` is to be told of it."""
        with self._lock:
            waiting = Counter(self._uncounted)
        job_faults.count(session, waiting, now=now)
        return waiting

    def written(self, counted: "Counter[str]") -> None:
        with self._lock:
            self._uncounted -= counted
