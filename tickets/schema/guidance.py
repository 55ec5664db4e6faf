"""What a leader has decided to answer to everybody who asks the same."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, JsonList, coded, to
from tickets.states import GuidanceState, GuidanceUseKind


class Guidance(Base):
    """One question and its answer, in both languages, and what it is about.

    `unit_ids` are the units of its area, none: the whole city. `words` are phrases, one a line, of which one must be
    said; none: category or procedure alone decide. `spoken_*` is said to callers before the queue, empty: nothing is.
    """

    __tablename__ = "guidance"
    __table_args__ = (Index("ix_guidance_state", "state", "id"),)

    id: Mapped[Id]
    state: Mapped[GuidanceState] = mapped_column(coded(GuidanceState))
    question_vi: Mapped[str]
    question_en: Mapped[str]
    answer_vi: Mapped[str]
    answer_en: Mapped[str]
    spoken_vi: Mapped[str] = mapped_column(server_default="")
    spoken_en: Mapped[str] = mapped_column(server_default="")
    # Question and answer as they are searched: folded.
    search_key: Mapped[str]
    unit_ids: Mapped[JsonList]
    category_id: Mapped[int | None] = mapped_column(to("category"))
    procedure_id: Mapped[int | None] = mapped_column(to("procedure"))
    words: Mapped[str] = mapped_column(server_default="")
    drafted_by_id: Mapped[int] = mapped_column(to("staff"))
    drafted_at: Mapped[datetime]
    submitted_by_id: Mapped[int | None] = mapped_column(to("staff"))
    submitted_at: Mapped[datetime | None]
    # Why a leader gave it back the last time.
    return_reason: Mapped[str] = mapped_column(server_default="")
    approved_by_id: Mapped[int | None] = mapped_column(to("staff"))
    approved_at: Mapped[datetime | None]
    # As it stands under the decision: who signed, its number and its date.
    signed_by: Mapped[str] = mapped_column(server_default="")
    decision_no: Mapped[str] = mapped_column(server_default="")
    decided_on: Mapped[date | None]
    issued_by_id: Mapped[int | None] = mapped_column(to("staff"))
    issued_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(to("staff"))
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(server_default="")


class GuidanceTicket(Base):
    """A ticket that is answered with a guidance: linked, asked to be answered, and what came of it.

    `result` is the door of the answer, `page` where the same words had gone to this citizen already, or `refused`.
    `told_key` is a hash of where it was sent, so that one citizen is written to once.
    """

    __tablename__ = "guidance_ticket"
    __table_args__ = (
        UniqueConstraint("guidance_id", "ticket_id"),
        Index("ix_guidance_ticket_told", "guidance_id", "told_key", postgresql_where=text("told_key <> ''")),
        Index(
            "ix_guidance_ticket_waiting",
            "asked_at",
            "id",
            postgresql_where=text("asked_at is not null and done_at is null"),
        ),
    )

    id: Mapped[Id]
    guidance_id: Mapped[int] = mapped_column(to("guidance", cascade=True))
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    linked_at: Mapped[datetime]
    linked_by_id: Mapped[int | None] = mapped_column(to("staff"))
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(to("staff"))
    done_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(server_default="")
    told_key: Mapped[str] = mapped_column(server_default="")


class GuidanceUse(Base):
    """How often a guidance was before somebody: once for each ticket or call, and a number for each day of its page."""

    __tablename__ = "guidance_use"
    __table_args__ = (UniqueConstraint("guidance_id", "kind", "thing"),)

    id: Mapped[Id]
    guidance_id: Mapped[int] = mapped_column(to("guidance", cascade=True))
    kind: Mapped[GuidanceUseKind] = mapped_column(coded(GuidanceUseKind))
    thing: Mapped[str]
    number: Mapped[int] = mapped_column(server_default=text("1"))
