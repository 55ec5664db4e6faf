"""What the rows say at one instant: read by keys and small indexes, so that a scrape costs the same in ten years."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.settings import Settings
from app.web.monitoring.canary_check import canary_metrics, tickets_under_trial
from app.web.monitoring.client_faults import BrowserTrouble, faults_by_kind
from app.web.monitoring.families import gauge, gauges, seconds_since, total
from app.web.monitoring.message_checks import message_metrics
from app.web.monitoring.readiness_metrics import KeptReadiness
from telephony.floor.waiting import is_in_line
from telephony.provider.kept_accounts import undecided_names
from tickets import done_days, job_faults
from tickets.audit import unsealed
from tickets.outbox.counted import MOST_OF_EACH, dead_by_state, waiting_by_channel
from tickets.promises import waiting_counts
from tickets.schema import (
    AuditEntry,
    Call,
    CallbackRequest,
    OutboundMessage,
    PlannedStep,
    Presence,
    Ticket,
    WebhookRefusal,
)
from tickets.states import UNFINISHED

_REFUSALS_OF = timedelta(hours=1)


class RowMetrics(Collector):
    """What Prometheus asks for at a scrape; what runs and who leads is in `process_metrics`."""

    def __init__(self, session: Session, here: Settings, readiness: KeptReadiness, *, now: datetime) -> None:
        self._session, self._here, self._readiness, self._now = session, here, readiness, now

    def collect(self) -> Iterator[Metric]:
        yield from self._tickets()
        yield from self._lateness()
        yield from canary_metrics(self._session, now=self._now)
        yield from self._phones()
        yield from self._messages()
        yield from self._audit()
        yield from self._faults()

    def _tickets(self) -> Iterator[Metric]:
        unfinished = waiting_counts.by_status(self._session)
        yield gauges(
            "hotline_tickets_unfinished",
            "Tickets not yet resolved",
            ("status",),
            (([status], unfinished.get(status, 0)) for status in UNFINISHED),
        )
        late_lately = self._session.scalar(
            select(func.count())
            .select_from(Ticket)
            .where(
                Ticket.status.in_(UNFINISHED),
                Ticket.next_due_at >= waiting_counts.begin_of_hour(self._now),
                Ticket.next_due_at < self._now,
                Ticket.id.not_in(tickets_under_trial()),
            )
        )
        overdue = waiting_counts.due_before_this_hour(self._session, now=self._now) + (late_lately or 0)
        yield gauge("hotline_tickets_overdue", "Unfinished tickets past a promise", overdue)
        yield from self._readiness.metrics(self._session, now=self._now)
        yield total("hotline_tickets_numbered", "Numbers drawn for tickets", self._highest(Ticket))

    def _lateness(self) -> Iterator[Metric]:
        step = self._session.scalar(select(func.min(PlannedStep.planned_at)).where(PlannedStep.fired_at.is_(None)))
        yield self._age("hotline_escalation_oldest_due_seconds", "Age of the oldest due step", step)
        yield from message_metrics(self._session, self._here, now=self._now)
        backup = done_days.last_done(self._session, done_days.BACKUP)
        age = seconds_since(backup, now=self._now) if backup else float("inf")
        yield gauge("hotline_backup_age_seconds", "Since the last backup, +Inf where there was none", age)

    def _phones(self) -> Iterator[Metric]:
        waiting, since = self._session.execute(
            select(func.count(), func.min(Call.queued_at)).where(is_in_line(self._now))
        ).one()
        yield gauge("hotline_calls_waiting", "Callers in the call queue", waiting)
        yield self._age("hotline_calls_oldest_waiting_seconds", "How long the first caller in the queue waits", since)
        promised = self._session.scalar(
            select(func.min(func.greatest(CallbackRequest.created_at, CallbackRequest.not_before))).where(
                text("callback_request.state in ('open', 'claimed', 'dialling')")
            )
        )
        yield self._age("hotline_callbacks_oldest_open_seconds", "Age of the oldest open call-back", promised)
        rows = self._session.execute(select(Presence.state, func.count()).group_by(Presence.state))
        yield gauges("hotline_agents", "Agents by presence", ("state",), (([state], count) for state, count in rows))
        # Anybody may send what is refused: as many as they like.
        lately = select(WebhookRefusal.at).where(WebhookRefusal.at > self._now - _REFUSALS_OF).limit(MOST_OF_EACH)
        refused = self._session.scalar(select(func.count()).select_from(lately.subquery()))
        words = f"Webhooks refused in the last hour, counted up to {MOST_OF_EACH}"
        yield gauge("hotline_webhooks_refused_last_hour", words, refused or 0)

        undecided = len(undecided_names(self._session))
        yield gauge("hotline_accounts_undecided", "Accounts abroad without a recorded decision", undecided)

    def _messages(self) -> Iterator[Metric]:
        """Only what is not over yet: what was sent is history, and history grows."""
        waiting = (([channel], count) for channel, count in waiting_by_channel(self._session).items())
        words = f"Messages that have not left yet, counted up to {MOST_OF_EACH}"
        yield gauges("hotline_messages_waiting", words, ("channel",), waiting)
        dead = (([state], count) for state, count in dead_by_state(self._session).items())
        words = f"Messages that wait for a person's decision, counted up to {MOST_OF_EACH}"
        yield gauges("hotline_messages_dead", words, ("state",), dead)
        yield total("hotline_messages_numbered", "Numbers drawn for messages", self._highest(OutboundMessage))

    def _audit(self) -> Iterator[Metric]:
        number, oldest = unsealed.waiting(self._session)
        yield gauge("hotline_audit_unsealed", "Audit entries not yet in the chain, counted up to 1000", number)
        yield self._age("hotline_audit_oldest_unsealed_seconds", "Age of the oldest of them", oldest)
        yield total("hotline_audit_numbered", "Numbers drawn for audit entries", self._highest(AuditEntry))

    def _faults(self) -> Iterator[Metric]:
        """Kept by day and kind: a few rows a day."""
        told = faults_by_kind(self._session)
        family = CounterMetricFamily("hotline_client_faults", "Troubles told by browsers", labels=["kind"])
        for kind in BrowserTrouble:
            family.add_metric([kind.value], told.get(kind.value, 0))
        yield family
        failures = CounterMetricFamily("hotline_job_failures", "Runs of recurring work that failed", labels=["work"])
        for job, times in job_faults.by_job(self._session).items():
            failures.add_metric([job], times)
        yield failures

    def _highest(self, table: type[Ticket] | type[OutboundMessage] | type[AuditEntry]) -> int:
        """Near to how many there ever were, and never less than before; counting them would read them all."""
        # Not max(): without fresh statistics PostgreSQL may read all of the index for it.
        return self._session.scalar(select(table.id).order_by(table.id.desc()).limit(1)) or 0

    def _age(self, name: str, words: str, at: datetime | None) -> Metric:
        return gauge(name, words, seconds_since(at, now=self._now))
