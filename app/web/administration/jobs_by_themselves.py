"""The jobs that nobody starts, and when each last did its work: in words, for administration."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets import leader_jobs
from tickets.process_beats import TICKING
from tickets.schema import LeaderJob, OutboundMessage, ProcessBeat, WebhookEvent


@dataclass(frozen=True, slots=True)
class Job:
    """`last_at`: the last success, or the newest trace of its work where none is noted; None where there is none."""

    name: str
    last_at: datetime | None
    is_overdue: bool = False
    failed_at: datetime | None = None


def jobs_by_themselves(session: Session, *, now: datetime) -> list[Job]:
    """What every scheduler and worker does first, then what the leader alone does; what is overdue on top."""
    traces = (
        (
            _("Report to higher levels when due"),
            select(func.max(ProcessBeat.beat_at)).where(ProcessBeat.name == TICKING),
        ),
        (_("Deliver messages"), select(func.max(OutboundMessage.sent_at))),
        (_("Recover requests kept on disk"), select(func.max(WebhookEvent.replayed_at))),
    )
    values = session.execute(select(*(trace.scalar_subquery() for _name, trace in traces))).one()
    everybodys = [Job(name, at) for (name, _trace), at in zip(traces, values, strict=True)]
    leaders = [_leaders(job, now=now) for job in leader_jobs.all_jobs(session)]
    return sorted([*everybodys, *leaders], key=lambda job: not job.is_overdue)


def _leaders(job: LeaderJob, *, now: datetime) -> Job:
    failed_at = job.failed_at if job.failure else None
    return Job(job_words().get(job.name, job.name), job.succeeded_at, leader_jobs.is_overdue(job, now=now), failed_at)


def job_words() -> dict[str, str]:
    return {
        "wake for waiting messages": _("Wake the worker for messages that wait"),
        "open what was held": _("Open what was set aside until today"),
        "close what was answered": _("Close what was answered and not objected to"),
        "pass on what units left": _("Give on what units that ended left open"),
        "apply new rules": _("Bring new rules to open tickets"),
        "give time back": _("Give promises back the time of maintenance and outages"),
        "seal audit trail": _("Seal the audit trail"),
        "follow instructions": _("Follow leaders' instructions"),
        "send daily lists": _("Send the daily lists"),
        "try the chain": _("Try the way of reports with a ticket of its own"),
        "sweep the phone floor": _("Offer waiting calls, end what ran out on the phones"),
        "fetch recordings": _("Fetch recordings from the provider"),
        "ask the phone provider": _("Ask the provider for what it did not tell"),
        "clear away": _("Clear away what has served its time"),
        "forget old webhooks": _("Forget old webhooks"),
        "count finished days": _("Count the promises of finished days"),
        "hand levels over": _("Bring open reports to whoever is responsible now"),
        "tell who comes on duty": _("Tell people that their duty begins"),
        "tell what units lack": _("Tell what units lack before they can be relied on, once a week"),
        "check lines at night": _("Call published lines at night"),
        "remind of the directory": _("Remind units to confirm their entry in the directory"),
        "tell gaps of the rota": _("Tell of gaps in the duty rota, once a week"),
        "fill the rota ahead": _("Fill the duty rota ahead"),
        "answer with guidance": _("Answer what a leader's guidance answers"),
        "ask for silent callers": _("Ask the provider for callers it has not told of"),
        "follow incidents": _("Follow incidents to their end"),
        "let recordings go on": _("Let recordings go on that were held for a secret"),
        "look for problems": _("Look for what suddenly many report"),
        "learn from corrections": _("Learn from what people put right in kinds of matter"),
        "prove kept figures": _("Prove kept figures against the clocks"),
    }
