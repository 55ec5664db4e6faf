"""A job that fails says so once and not each second, is counted in rows, and says when it is over."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.recurring.troubles import JobTroubles
from tickets.job_faults import by_job


@pytest.fixture
def said() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as entries:
        yield entries  # type: ignore[misc]


def test_the_same_failure_is_told_once_and_its_end_too(said) -> None:
    troubles = JobTroubles()

    for _ in range(60):
        troubles.failed("seal audit trail", ValueError("no"))
    troubles.failed("seal audit trail", KeyError("other"))
    for _ in range(3):
        troubles.succeeded("seal audit trail")

    told = [(entry["event"], entry["reason"], entry.get("times")) for entry in said]
    assert told == [
        ("job.failed", "ValueError", None),
        ("job.failed", "KeyError", None),
        ("job.works_again", "KeyError", 61),
    ]


def test_each_failure_is_counted_once_whatever_the_writing_meets(session: Session, now: datetime) -> None:
    troubles = JobTroubles()
    for job, times in (("a", 3), ("b", 1)):
        for _ in range(times):
            troubles.failed(job, ValueError("no"))

    troubles.write(session, now=now)  # and the transaction was lost
    session.rollback()
    troubles.written(troubles.write(session, now=now))
    troubles.failed("a", ValueError("no"))
    troubles.written(troubles.write(session, now=now))

    assert by_job(session) == {"a": 4, "b": 1}
