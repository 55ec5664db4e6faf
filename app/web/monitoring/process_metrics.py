"""What runs, who leads, whose clock is trusted, and what health says of it all."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.web.monitoring.clock_checks import read_clocks
from app.web.monitoring.families import gauge, gauges, seconds_since, total
from app.web.monitoring.health import NEEDED
from tickets import leader_jobs, leadership
from tickets.process_beats import SILENT_AFTER, processes
from tickets.schema import ProcessBeat

_OF_THE_SERVER = text(
    "select (select coalesce(sum(numbackends), 0) from pg_stat_database) as used,"
    " cast(current_setting('max_connections') as integer) as most, xact_commit as commits,"
    " xact_rollback as rollbacks, deadlocks, pg_database_size(datname) as bytes"
    " from pg_stat_database where datname = current_database()"
)


class ProcessMetrics(Collector):
    """`checks` are those of `/health/ready`, by name: `ok`, or what is wrong."""

    def __init__(self, session: Session, checks: Mapping[str, str], *, now: datetime) -> None:
        self._session, self._checks, self._now = session, checks, now

    def collect(self) -> Iterator[Metric]:
        failed = (([name], int(state != "ok")) for name, state in self._checks.items())
        yield gauges("hotline_check_failed", "1 where /health/ready gives a reason", ("check",), failed)
        yield from self._beats()
        yield from self._leading()
        yield from self._jobs()
        yield from self._clocks()
        yield from self._database()

    def _beats(self) -> Iterator[Metric]:
        last: dict[tuple[str, str], datetime] = {}
        alive = dict.fromkeys(NEEDED, 0)
        for one in processes(self._session):
            place = (one.kind, one.node)
            last[place] = max(one.beat_at, last.get(place, one.beat_at))
            alive[one.kind] = alive.get(one.kind, 0) + (self._now - one.beat_at <= SILENT_AFTER)
        silent = ((place, seconds_since(at, now=self._now)) for place, at in last.items())
        yield gauges(
            "hotline_process_silent_seconds", "Since a node's last sign of life of a kind", ("kind", "node"), silent
        )
        living = (([kind], number) for kind, number in alive.items())
        yield gauges("hotline_processes_alive", "Processes that gave a sign of life lately", ("kind",), living)

    def _leading(self) -> Iterator[Metric]:
        held = leadership.lease(self._session)
        silent = seconds_since(held.renewed_at, now=self._now) if held else float("inf")
        yield gauge("hotline_leader_silent_seconds", "Since the lease was renewed, +Inf where it never was", silent)
        yield gauge("hotline_leader_epoch", "How often somebody began to lead", held.epoch if held else 0)

    def _jobs(self) -> Iterator[Metric]:
        jobs = leader_jobs.all_jobs(self._session)
        ages = (([job.name], seconds_since(job.succeeded_at or job.announced_at, now=self._now)) for job in jobs)
        yield gauges("hotline_leader_job_age_seconds", "Since a job last succeeded", ("work",), ages)
        late = (([job.name], int(leader_jobs.is_overdue(job, now=self._now))) for job in jobs)
        yield gauges("hotline_leader_job_overdue", "1 where a job should have succeeded", ("work",), late)
        aside = self._session.scalar(
            select(func.coalesce(func.max(ProcessBeat.detail["set_aside"].as_integer()), 0)).where(
                ProcessBeat.beat_at > self._now - SILENT_AFTER
            )
        )
        yield gauge("hotline_escalation_set_aside", "Tickets whose steps hang, are held or are refused", aside or 0)

    def _clocks(self) -> Iterator[Metric]:
        found = read_clocks(self._session)
        ahead = found.here_ahead_seconds
        yield gauge("hotline_clock_here_ahead_seconds", "This node's clock against the database's", ahead)
        told = [(one.name, one.clock) for one in found.schedulers]
        yield gauges(
            "hotline_clock_scheduler_ahead_seconds",
            "A scheduler's clock against the database's",
            ("process",),
            (([name], clock.node_ahead_seconds) for name, clock in told),
        )
        yield gauges(
            "hotline_clock_state",
            "0: the clocks agree, 1: one is left out, 2: nothing is done by time",
            ("process",),
            (([name], 2 if clock.holds else 0 if clock.is_well else 1) for name, clock in told),
        )

    def _database(self) -> Iterator[Metric]:
        """What the server counts by itself, for everybody."""
        found = self._session.execute(_OF_THE_SERVER).one()
        yield gauge("hotline_database_connections", "Connections of everybody to the database server", found.used)
        yield gauge("hotline_database_connections_limit", "How many the server takes", found.most)
        family = CounterMetricFamily(
            "hotline_database_transactions", "Transactions of our database by their end", labels=["end"]
        )
        family.add_metric(["commit"], found.commits)
        family.add_metric(["rollback"], found.rollbacks)
        yield family
        yield total("hotline_database_deadlocks", "Deadlocks the server had to end", found.deadlocks)
        yield gauge("hotline_database_bytes", "Size of our database on the server's disk", found.bytes)
