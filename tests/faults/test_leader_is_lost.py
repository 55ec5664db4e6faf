"""G5: a leader that stands still or whose host is lost is replaced in all its jobs, and acts no more when it wakes."""

import os
import signal
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import select

from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from app.web.monitoring.leader_checks import job_check, leader_check
from tests.conftest import Committed
from tests.faults.lost_host import dark_line
from tests.faults.nodes import LONG, kill, running, wait_until
from tests.faults.promised import within
from tests.faults.test_escalation_exactly_once import assert_each_level_was_written_once, due_soon, unfired
from tickets import leader_jobs
from tickets.audit import entries, unsealed
from tickets.schema import AuditSeal, LeaderJob, LeaderLease, OutboundMessage, ProcessBeat

pytestmark = pytest.mark.fault

PROMISED_SECONDS = 30.0
ALARM_WITHIN_SECONDS = 60.0
STOPPED_SECONDS = 30.0 if LONG else 0.0
TICKETS = 60 if LONG else 12


def lease(committed: Committed) -> tuple[int, str]:
    with committed.factory() as session:
        row = session.scalars(select(LeaderLease)).one_or_none()
    return (row.epoch, row.holder) if row else (0, "")


def leading_pid(committed: Committed) -> int:
    assert wait_until(lambda: lease(committed)[1] != "")
    return int(lease(committed)[1].rsplit(":", 1)[1])


def done_since(committed: Committed, at: datetime) -> bool:
    """Whether every job that only the leader does has succeeded since then."""
    with committed.factory() as session:
        jobs = leader_jobs.all_jobs(session)
    return bool(jobs) and all(job.succeeded_at is not None and job.succeeded_at > at for job in jobs)


def database_time(committed: Committed) -> datetime:
    with committed.factory() as session:
        return database_now(session)


@contextmanager
def standing_still(pid: int):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def seconds_until_all_is_done(committed: Committed) -> float:
    began, at = time.monotonic(), database_time(committed)
    with within(PROMISED_SECONDS, "a survivor does all the jobs of a lost leader"):
        assert wait_until(lambda: done_since(committed, at)), "not every job was done"
    return time.monotonic() - began


def alarms(committed: Committed) -> dict[str, str]:
    """What `/health/ready` would say now of the leader and its jobs."""
    with committed.factory() as session:
        now = database_now(session)
        told = {**leader_check(session, now=now), **job_check(session, now=now)}
    return {name: said for name, said in told.items() if said != "ok"}


def assert_each_seal_is_the_next(committed: Committed) -> None:
    with committed.factory() as session:
        assert entries.verify(session).broken_entry_id is None
        numbers = Counter(session.scalars(select(AuditSeal.number)))
    assert set(numbers.values()) <= {1}


def test_of_four_schedulers_one_stopped_and_continued_each_does_its_work_once(committed, settings: Settings):
    node = settings.model_copy(update={"database_url": committed.url})
    with running("scheduler", node, count=4):
        stopped = leading_pid(committed)
        epoch = lease(committed)[0]
        with transaction(committed.factory) as session:
            due_soon(session, count=TICKETS, first_in=1, apart=4, spread=6, seed=5)
        with standing_still(stopped):
            over = seconds_until_all_is_done(committed)
            time.sleep(max(0.0, STOPPED_SECONDS - over))
        again = database_time(committed)
        assert wait_until(lambda: unfired(committed) == 0)
        assert wait_until(lambda: sealed_all(committed))
        assert leading_pid(committed) != stopped
        assert lease(committed)[0] == epoch + 1
        assert wait_until(lambda: swept_since(committed, again))

    with committed.factory() as session:
        assert_each_level_was_written_once(session, tickets=TICKETS)
    assert_each_seal_is_the_next(committed)
    assert_each_message_was_posted_once(committed)


def sealed_all(committed: Committed) -> bool:
    with committed.factory() as session:
        return unsealed.count(session) == 0


def swept_since(committed: Committed, at: datetime) -> bool:
    with committed.factory() as session:
        swept = session.get_one(LeaderJob, "sweep the phone floor").succeeded_at
    return swept is not None and swept > at


def assert_each_message_was_posted_once(committed: Committed) -> None:
    with committed.factory() as session:
        keys = Counter(session.scalars(select(OutboundMessage.dedup_key)))
    assert set(keys.values()) <= {1}


def test_when_the_leaders_host_is_lost_a_survivor_does_all_its_jobs(committed, settings: Settings):
    here = settings.model_copy(update={"database_url": committed.url})
    with dark_line(committed.url) as line:
        far = settings.model_copy(update={"database_url": line.leading_over(committed.url)})
        with running("scheduler", far) as lost:
            assert leading_pid(committed) == lost[0].pid
            with running("scheduler", here) as survivors:
                assert wait_until(lambda: survivor_lives(committed, survivors[0].pid))
                line.is_dark = True
                seconds_until_all_is_done(committed)

                assert leading_pid(committed) == survivors[0].pid
                assert lost[0].poll() is None


@pytest.mark.skipif(not LONG, reason="takes minutes; runs with --long")
def test_where_nobody_takes_over_the_alarm_is_raised_and_goes_when_somebody_does(committed, settings: Settings):
    node = settings.model_copy(update={"database_url": committed.url})
    with running("scheduler", node, count=2) as schedulers:
        assert wait_until(lambda: leading_pid(committed) > 0 and alarms(committed) == {})
        for scheduler in schedulers:
            kill(scheduler)

        for name in ("leader", "jobs"):
            with within(ALARM_WITHIN_SECONDS, f"the alarm of a lost leader ({name})"):
                assert wait_until(lambda n=name: n in alarms(committed))
    with running("scheduler", node), within(ALARM_WITHIN_SECONDS, "and its end when somebody leads again"):
        assert wait_until(lambda: alarms(committed) == {})


def survivor_lives(committed: Committed, pid: int) -> bool:
    with committed.factory() as session:
        names = session.scalars(select(ProcessBeat.name).where(ProcessBeat.kind == "scheduler"))
        return any(name.endswith(f":{pid}") for name in names)
