"""Time that counts for no promise: announced work and outages of ours, and what each promise got back of it (R16)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, JsonList, to


class ExclusionWindow(Base):
    """A stretch [from_at, to_at) that an administrator asks to take out of promises and another one decides about.

    `clocks` are the kinds it is for. `holds_reports`: until its end, reports about what is no emergency wait.
    `walked_to` is the last clock that was looked at; once more from the first when the window is over, and with
    `applied_at` it is done.
    """

    __tablename__ = "exclusion_window"
    __table_args__ = (
        CheckConstraint("to_at > from_at", name="range"),
        CheckConstraint("decided_by_id <> asked_by_id", name="another_decides"),
        Index("ix_exclusion_window_to_at", "to_at"),
        Index("ix_exclusion_window_unapplied", "id", postgresql_where=text("is_approved and applied_at is null")),
    )

    id: Mapped[Id]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    reason: Mapped[str]
    clocks: Mapped[JsonList]
    holds_reports: Mapped[bool]
    asked_by_id: Mapped[int] = mapped_column(to("staff"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(to("staff"))
    decided_at: Mapped[datetime | None]
    is_approved: Mapped[bool | None]
    walked_to: Mapped[int] = mapped_column(server_default=text("0"))
    is_last_walk: Mapped[bool] = mapped_column(server_default=text("false"))
    applied_at: Mapped[datetime | None]


class ExclusionCredit(Base):
    """What a promise got back of a window: open seconds of its own calendar; added once and never changed (A6)."""

    __tablename__ = "exclusion_credit"

    window_id: Mapped[int] = mapped_column(to("exclusion_window"), primary_key=True)
    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), primary_key=True, index=True)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    seconds: Mapped[int]
    due_before: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    at: Mapped[datetime]
