"""The table of the hourly trial of the escalation chain (R26)."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.states import CanaryStage


class CanaryRun(Base):
    """One trial with a made-up ticket: when it got through each part of the way, and which part it did not reach.

    `due_at` is the date its promise had. It is over once `ended_at` is set; `missing` then names the first part that
    did not come in time, and is null where all did.
    """

    __tablename__ = "canary_run"
    __table_args__ = (Index("ix_canary_run_opened_at", "opened_at"), Index("ix_canary_run_ended_at", "ended_at"))

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    missing: Mapped[CanaryStage | None] = mapped_column(coded(CanaryStage))
