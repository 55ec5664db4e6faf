"""Tables kept so that pages do not grow with history: what stands open of escalation, and the promises of each day.

Nothing here is a truth of its own: `tickets/promises/standing_levels.py` and `day_totals.py` write it from clocks,
steps and answers, and a nightly job proves it.
"""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, coded, to
from tickets.states import ClockKind


class StandingLevel(Base):
    """The highest level that a running clock has raised for its present due date: a line of the supervisors' board."""

    __tablename__ = "standing_level"
    __table_args__ = (
        # The board's order, with what it is counted and narrowed by.
        Index(
            "ix_standing_level_order",
            text("level desc"),
            "due_at",
            "step_id",
            postgresql_include=["ticket_id", "clock_kind", "breach_cause", "is_answered"],
        ),
        # The same order, unit by unit.
        Index("ix_standing_level_unit", "unit_id", text("level desc"), "due_at", "step_id"),
    )

    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    step_id: Mapped[int]
    level: Mapped[int]
    due_at: Mapped[datetime]
    clock_kind: Mapped[ClockKind] = mapped_column(coded(ClockKind))
    breach_cause: Mapped[str]
    is_answered: Mapped[bool]
    # Where the ticket is; None in rows that the release before wrote.
    unit_id: Mapped[int | None]


class StandingReport(Base):
    """The highest level of a running clock that a person was told of: a line of the leader's list."""

    __tablename__ = "standing_report"
    __table_args__ = (
        Index(
            "ix_standing_report_harm",
            "staff_id",
            "is_answered",
            text("(-harm)"),
            "due_on",
            text("(-people)"),
            "due_at",
            "step_id",
        ),
    )

    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), primary_key=True, autoincrement=False)
    staff_id: Mapped[int] = mapped_column(to("staff"), primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    step_id: Mapped[int]
    level: Mapped[int]
    due_at: Mapped[datetime]
    is_answered: Mapped[bool]
    # The level, and EMERGENCY_HARM more in an emergency.
    harm: Mapped[int] = mapped_column(server_default="0")
    # The day of the city on which it was due.
    due_on: Mapped[date] = mapped_column(server_default="1970-01-01")
    # The citizen whose ticket it is, and everybody whose duplicate waits for the same answer.
    people: Mapped[int] = mapped_column(server_default="1")


class PromiseDay(Base):
    """How many promises of a unit and kind ended on a day of the city, or of today so far, by what became of them."""

    __tablename__ = "promise_day"

    on_day: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(to("unit"), primary_key=True, autoincrement=False)
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind), primary_key=True)
    met: Mapped[int]
    missed: Mapped[int]
    cancelled: Mapped[int]


class PublishedPromise(Base):
    """How a body kept its promises of a kind over the days that were published last."""

    __tablename__ = "published_promise"

    unit_id: Mapped[int] = mapped_column(to("unit"), primary_key=True, autoincrement=False)
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind), primary_key=True)
    met: Mapped[int]
    missed: Mapped[int]
    overdue: Mapped[int]
