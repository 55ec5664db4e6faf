"""Changing the rules by hand: drafts of their own, and what is being brought to tickets that are open already."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList, to


class RuleDraft(Base):
    """A rule (or days off) as somebody is writing it, before anything of it holds: one each a person and rule."""

    __tablename__ = "rule_draft"

    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), primary_key=True)
    # As `RuleKind`.
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    # As it was typed, faults included.
    fields: Mapped[Json]
    # The version it was begun from; 0: a new rule.
    seen_version: Mapped[int] = mapped_column(server_default=text("0"))
    updated_at: Mapped[datetime]


class RulePreview(Base):
    """What a draft would do to open tickets: asked for, counted by a worker, found; it goes with its draft."""

    __tablename__ = "rule_preview"
    __table_args__ = (
        ForeignKeyConstraint(
            ["staff_id", "kind", "name"],
            ["rule_draft.staff_id", "rule_draft.kind", "rule_draft.name"],
            ondelete="CASCADE",
        ),
        Index("ix_rule_preview_waiting", "asked_at", postgresql_where=text("ended_at is null")),
    )

    staff_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    # The draft as a file would say it: a count of what it said before is none of it.
    rules: Mapped[str]
    asked_at: Mapped[datetime]
    # When a worker last said that it counts.
    heard_at: Mapped[datetime | None]
    # Of so many open tickets.
    done: Mapped[int] = mapped_column(server_default=text("0"))
    tickets: Mapped[int] = mapped_column(server_default=text("0"))
    found: Mapped[Json | None]
    # refused, failed
    fault: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]


class RuleApplication(Base):
    """New versions of policies on their way to open tickets too (R21): who asked for it, and how far it has come."""

    __tablename__ = "rule_application"
    __table_args__ = (Index("ix_rule_application_unended", "id", postgresql_where=text("ended_at is null")),)

    id: Mapped[Id]
    policies: Mapped[JsonList]
    begun_at: Mapped[datetime]
    begun_by_id: Mapped[int | None] = mapped_column(to("staff"))
    tickets: Mapped[int]
    dates_moved: Mapped[int] = mapped_column(server_default=text("0"))
    overdue: Mapped[int] = mapped_column(server_default=text("0"))
    ended_at: Mapped[datetime | None]


class RuleApplicationTicket(Base):
    """A ticket that an application has still to reach; its row goes in the transaction that changes the ticket."""

    __tablename__ = "rule_application_ticket"
    __table_args__ = (Index("ix_rule_application_ticket_tries", "application_id", "tries", "ticket_id"),)

    application_id: Mapped[int] = mapped_column(to("rule_application", cascade=True), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), primary_key=True, index=True)
    tries: Mapped[int] = mapped_column(server_default=text("0"))
