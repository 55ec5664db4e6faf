"""Whether the hourly trial of the chain gets through, for readiness and for `/metrics` (R26)."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.web.monitoring.families import gauge, seconds_since
from escalation.canary.runs import canary_state
from tickets.schema import CanaryRun


def canary_check(session: Session) -> dict[str, str]:
    """`ok`, or since when no trial has got through; one alone that failed is no reason yet."""
    state = canary_state(session)
    if state.is_well or state.failed_since is None:
        return {"canary": "ok"}
    return {"canary": f"has failed since {state.failed_since.isoformat()}"}


def canary_metrics(session: Session, *, now: datetime) -> Iterator[Metric]:
    state = canary_state(session)
    yield gauge("hotline_canary_failures_in_a_row", "Trials that failed since one passed", state.failed_in_a_row)
    passed = seconds_since(state.passed_at, now=now) if state.passed_at else float("nan")
    yield gauge("hotline_canary_passed_age_seconds", "Since a trial passed, NaN where none did", passed)
    late = state.lateness.total_seconds() if state.lateness is not None else float("nan")
    yield gauge("hotline_canary_lateness_seconds", "How late the level of the newest trial fired", late)


def tickets_under_trial() -> Select[int]:
    """The made-up tickets that are not ended yet: at most one, which stands in no figure."""
    return select(CanaryRun.ticket_id).where(CanaryRun.ended_at.is_(None))
