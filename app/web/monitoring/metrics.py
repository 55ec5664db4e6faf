"""`/metrics` for Prometheus: read from the rows, so that every process tells the same and a restart loses nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Blueprint, Response, g
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from app.phone.spool import depth as spool_depth
from app.phone.spool import refused_count
from app.web.frame.access import internal
from app.web.frame.current import hotline, settings
from app.web.monitoring.client_faults import BrowserTrouble, faults_by_kind
from app.web.monitoring.clock_checks import read_clocks
from app.web.monitoring.latest_answer import PATIENCE_SECONDS, LatestAnswer
from app.web.monitoring.message_checks import message_metrics
from tickets import job_faults, leader_jobs, leadership
from tickets.audit import unsealed
from tickets.process_beats import SILENT_AFTER
from tickets.schema import (
    Call,
    OutboundMessage,
    PlannedStep,
    Presence,
    ProcessBeat,
    Ticket,
    WebhookRefusal,
)
from tickets.states import UNFINISHED, CallState

blueprint = Blueprint("metrics", __name__)

_REFUSALS_OF = timedelta(hours=1)


class _Rows:
    """What Prometheus asks for at a scrape, at one instant."""

    def __init__(self, session: Session, *, now: datetime) -> None:
        self._session, self._now = session, now

    def collect(self) -> Iterator[Metric]:
        yield from self._tickets()
        yield from self._lateness()
        yield from self._phones()
        yield from self._outbox()
        yield self._gauge("hotline_audit_unsealed", "Audit entries not yet in the chain", unsealed.count(self._session))
        yield self._client_faults()
        yield from self._jobs()

    def _tickets(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("hotline_tickets_unfinished", "Tickets not yet resolved", labels=["status"])
        rows = self._session.execute(
            select(Ticket.status, func.count()).where(Ticket.status.in_(UNFINISHED)).group_by(Ticket.status)
        )
        for status, count in rows:
            family.add_metric([status], count)
        yield family
        overdue = self._session.scalar(
            select(func.count())
            .select_from(Ticket)
            .where(Ticket.status.in_(UNFINISHED), Ticket.next_due_at < self._now)
        )
        yield self._gauge("hotline_tickets_overdue", "Unfinished tickets past a promise", overdue or 0)

    def _lateness(self) -> Iterator[Metric]:
        step = self._session.scalar(select(func.min(PlannedStep.planned_at)).where(PlannedStep.fired_at.is_(None)))
        yield self._gauge("hotline_escalation_oldest_due_seconds", "Age of the oldest due step", self._age(step))
        yield from message_metrics(self._session, now=self._now)
        beats = GaugeMetricFamily("hotline_process_silent_seconds", "Since the last sign of life", labels=["kind"])
        for kind, at in self._session.execute(
            select(ProcessBeat.kind, func.max(ProcessBeat.beat_at)).group_by(ProcessBeat.kind)
        ):
            beats.add_metric([kind], self._age(at))
        yield beats
        yield from self._leading()
        yield from self._clocks()

    def _clocks(self) -> Iterator[Metric]:
        found = read_clocks(self._session)
        yield self._gauge(
            "hotline_clock_here_ahead_seconds", "This node's clock against the database's", found.here_ahead_seconds
        )
        ahead = GaugeMetricFamily(
            "hotline_clock_scheduler_ahead_seconds", "A scheduler's clock against the database's", labels=["process"]
        )
        state = GaugeMetricFamily(
            "hotline_clock_state",
            "0: the clocks agree, 1: one is left out, 2: nothing is done by time",
            labels=["process"],
        )
        for one in found.schedulers:
            ahead.add_metric([one.name], one.clock.node_ahead_seconds)
            state.add_metric([one.name], 2 if one.clock.holds else 0 if one.clock.is_well else 1)
        yield from (ahead, state)

    def _leading(self) -> Iterator[Metric]:
        held = leadership.lease(self._session)
        yield self._gauge(
            "hotline_leader_silent_seconds", "Since the lease was renewed", self._age(held.renewed_at if held else None)
        )
        yield self._gauge("hotline_leader_epoch", "How often somebody began to lead", held.epoch if held else 0)
        ages = GaugeMetricFamily("hotline_leader_job_age_seconds", "Since a job last succeeded", labels=["job"])
        overdue = GaugeMetricFamily("hotline_leader_job_overdue", "1 where a job should have succeeded", labels=["job"])
        for job in leader_jobs.all_jobs(self._session):
            ages.add_metric([job.name], self._age(job.succeeded_at or job.announced_at))
            overdue.add_metric([job.name], int(leader_jobs.is_overdue(job, now=self._now)))
        yield from (ages, overdue)

    def _phones(self) -> Iterator[Metric]:
        waiting = self._session.scalar(
            select(func.count()).select_from(Call).where(Call.state.in_([CallState.QUEUED, CallState.OFFERED]))
        )
        yield self._gauge("hotline_calls_waiting", "Callers in the call queue", waiting or 0)
        agents = GaugeMetricFamily("hotline_agents", "Agents by presence", labels=["state"])
        for state, count in self._session.execute(select(Presence.state, func.count()).group_by(Presence.state)):
            agents.add_metric([state], count)
        yield agents
        refused = self._session.scalar(
            select(func.count()).select_from(WebhookRefusal).where(WebhookRefusal.at > self._now - _REFUSALS_OF)
        )
        yield self._gauge("hotline_webhooks_refused_last_hour", "Webhooks refused in the last hour", refused or 0)

    def _outbox(self) -> Iterator[Metric]:
        family = CounterMetricFamily("hotline_messages", "Outbound messages by state", labels=["channel", "state"])
        rows = self._session.execute(
            select(OutboundMessage.channel, OutboundMessage.state, func.count()).group_by(
                OutboundMessage.channel, OutboundMessage.state
            )
        )
        for channel, state, count in rows:
            family.add_metric([channel, state], count)
        yield family

    def _client_faults(self) -> CounterMetricFamily:
        family = CounterMetricFamily("hotline_client_faults", "Troubles told by browsers", labels=["kind"])
        told = faults_by_kind(self._session)
        for kind in BrowserTrouble:
            family.add_metric([kind.value], told.get(kind.value, 0))
        return family

    def _jobs(self) -> Iterator[Metric]:
        failures = CounterMetricFamily("hotline_job_failures", "Runs of recurring work that failed", labels=["job"])
        for job, times in job_faults.by_job(self._session).items():
            failures.add_metric([job], times)
        yield failures
        aside = self._session.scalar(
            select(func.coalesce(func.max(ProcessBeat.detail["set_aside"].as_integer()), 0)).where(
                ProcessBeat.beat_at > self._now - SILENT_AFTER
            )
        )
        yield self._gauge(
            "hotline_escalation_set_aside", "Tickets whose steps hang, are held or are refused", float(aside or 0)
        )

    def _age(self, at: datetime | None) -> float:
        return max(0.0, (self._now - at).total_seconds()) if at else 0.0

    @staticmethod
    def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, words)
        family.add_metric([], value)
        return family


@blueprint.get("/metrics")
@internal
def metrics() -> Response:
    """What the rows say, or said last when the database does not answer; `hotline_metrics_age_seconds` tells."""
    app, now, spooled = hotline(), g.now, spool_depth(settings().data_dir)
    if app.is_bound:
        return _page(_told(g.session, now=now), True, 0.0, spooled)
    last: LatestAnswer[bytes] = app.extensions.setdefault("metrics", LatestAnswer())
    sessions = app.monitoring_sessions
    is_new = last.ask(lambda: _told_in_session(sessions, now=now), patience_seconds=PATIENCE_SECONDS)
    return _page(last.value or b"", is_new, last.age_seconds, spooled)


def _told_in_session(sessions: sessionmaker[Session], *, now: datetime) -> bytes:
    with sessions() as session:
        return _told(session, now=now)


def _told(session: Session, *, now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Rows(session, now=now))
    return generate_latest(registry)


def _page(rows: bytes, is_new: bool, age_seconds: float | None, spooled: int) -> Response:
    """The rows' figures, and those of this process, which needs no database for them."""
    own = CollectorRegistry()
    Gauge("hotline_database_answers", "Whether the database answered this scrape", registry=own).set(is_new)
    age = Gauge("hotline_metrics_age_seconds", "Since the figures from rows were read", registry=own)
    age.set(float("nan") if age_seconds is None else age_seconds)
    Gauge("hotline_spool_events", "Webhook events kept on disk, waiting for the database", registry=own).set(spooled)
    given_up = Gauge("hotline_spool_refused", "Webhook events on disk that were given up", registry=own)
    given_up.set(refused_count(settings().data_dir))
    return Response(rows + generate_latest(own), content_type=CONTENT_TYPE_LATEST)
