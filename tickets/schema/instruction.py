"""Tables of what a leader's answer leads to: instructions, each a task of its unit, and colleagues who were asked."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, to


class Instruction(Base):
    """What somebody above told a unit to do about a matter: a task with a clock of its own, followed to its end (A5).

    `unit_id` had the matter then, `to_staff_id` handled it (nobody: its queue). `broken_at` is when nobody had answered
    by `due_at`; what was answered afterwards stands beside that. `ended_at`: its matter had been settled by then.
    `holds_until`: a date that was given beside a breach holds the next level until then; None holds nothing.
    """

    __tablename__ = "instruction"
    __table_args__ = (
        Index(
            "ix_instruction_unanswered",
            "due_at",
            postgresql_where=text("answered_at is null and broken_at is null and ended_at is null"),
        ),
        Index("ix_instruction_given_at", "given_at"),
    )

    id: Mapped[Id]
    step_id: Mapped[int] = mapped_column(to("planned_step", cascade=True))
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    given_by_id: Mapped[int] = mapped_column(to("staff"))
    given_at: Mapped[datetime]
    words: Mapped[str]
    due_at: Mapped[datetime]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    to_staff_id: Mapped[int | None] = mapped_column(to("staff"))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(to("staff"))
    answer: Mapped[str] = mapped_column(server_default="")
    broken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    holds_until: Mapped[datetime | None]


class Delegation(Base):
    """That whoever may answer for a level asked a colleague to; the responsibility goes on owing it (A4).

    By `due_at` the colleague should have answered or given it back (None: asked when that had no time of its own);
    `broken_at` is when whoever asked was told that neither had happened. `declined_at`: given back, after which the
    same person may be asked again. `ended_at`: the level had been answered, or its promise was over, by then.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        Index(
            "uq_delegation_open",
            "step_id",
            "from_id",
            "to_id",
            unique=True,
            postgresql_where=text("declined_at is null"),
        ),
        Index(
            "ix_delegation_unanswered",
            "due_at",
            postgresql_where=text("declined_at is null and broken_at is null and ended_at is null"),
        ),
    )

    id: Mapped[Id]
    step_id: Mapped[int] = mapped_column(to("planned_step", cascade=True), index=True)
    from_id: Mapped[int] = mapped_column(to("staff"))
    to_id: Mapped[int] = mapped_column(to("staff"))
    reason: Mapped[str]
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    broken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
