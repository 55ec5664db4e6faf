"""What providers sent and what we refused, for the administrator's log: kinds, times and reasons, never contents."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import WebhookEvent, WebhookRefusal


@dataclass(frozen=True, slots=True)
class Received:
    """A request we believed, and how it was answered; `replayed_at` when it came out of the spool."""

    id: int
    received_at: datetime
    account: str
    kind: str
    answer_status: int | None
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    id: int
    at: datetime
    account: str
    path: str
    reason: str


def received(session: Session, *, before_id: int | None = None, limit: int = 50) -> list[Received]:
    """The newest first."""
    wanted = select(
        WebhookEvent.id,
        WebhookEvent.received_at,
        WebhookEvent.account,
        WebhookEvent.kind,
        WebhookEvent.answer_status,
        WebhookEvent.replayed_at,
    ).order_by(WebhookEvent.id.desc())
    if before_id is not None:
        wanted = wanted.where(WebhookEvent.id < before_id)
    return [Received(*row) for row in session.execute(wanted.limit(limit))]


def refused(session: Session, *, before_id: int | None = None, limit: int = 50) -> list[RefusedEvent]:
    """The newest first."""
    wanted = select(
        WebhookRefusal.id, WebhookRefusal.at, WebhookRefusal.account, WebhookRefusal.path, WebhookRefusal.reason
    ).order_by(WebhookRefusal.id.desc())
    if before_id is not None:
        wanted = wanted.where(WebhookRefusal.id < before_id)
    return [RefusedEvent(*row) for row in session.execute(wanted.limit(limit))]
