"""What ties tickets to each other beyond their own rows: duplicates and their master, a closed one and its appeal."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.states import AppealOutcome, Channel

_STANDS = text("ended_at is null")


class DuplicateLink(Base):
    """That a ticket was answered through another, its master; the link that stands is the one without an end (R10).

    `due_at` is the date the duplicate had been promised, `taken_seconds` what the master's own promise lost to it: both
    are needed to undo the link. `cause` says why it ended: unlinked, reopened, restricted, danger, set_aside or
    passed_on.
    """

    __tablename__ = "duplicate_link"
    __table_args__ = (
        Index("uq_duplicate_link_stands", "ticket_id", unique=True, postgresql_where=_STANDS),
        Index("ix_duplicate_link_master_id", "master_id", postgresql_where=_STANDS),
    )

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    master_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    linked_at: Mapped[datetime]
    # None: the house itself, when a master left and another ticket took its place.
    linked_by_id: Mapped[int | None] = mapped_column(to("staff"))
    due_at: Mapped[datetime | None]
    taken_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(to("staff"))
    cause: Mapped[str] = mapped_column(server_default="")


class Appeal(Base):
    """That a citizen appealed against a closed ticket's result: once for each closure, by a ticket of its own (R24).

    `closure` is how often the first ticket had been opened again by then. `outcome` is None until it is decided.
    """

    __tablename__ = "appeal"
    __table_args__ = (UniqueConstraint("ticket_id", "closure"),)

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    closure: Mapped[int]
    # The ticket at the body above, with a clock of its own.
    case_id: Mapped[int] = mapped_column(to("ticket", cascade=True), unique=True)
    channel: Mapped[Channel] = mapped_column(coded(Channel))
    opened_at: Mapped[datetime]
    outcome: Mapped[AppealOutcome | None] = mapped_column(coded(AppealOutcome))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(to("staff"))
