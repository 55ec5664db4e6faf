"""What suddenly many report: proposed with its evidence, owned by somebody, and perhaps answered by guidance."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, JsonList, coded, to
from tickets.states import ProblemState


class ArisingProblem(Base):
    """One accumulation. How many report it is counted from its tickets each time, by who looks.

    `key` is what was counted; `kind` says how it was noticed: wave (more than usual) or alike (nearly the same words).
    `usual` people would have reported as much between `since` and `seen_at`. `unit_ids`: where they are.
    """

    __tablename__ = "problem"
    __table_args__ = (
        Index("ix_problem_state", "state", "id"),
        Index(
            "uq_problem_standing", "key", unique=True, postgresql_where=text("state in ('proposed', 'open')")
        ),
    )  # fmt: skip

    id: Mapped[Id]
    key: Mapped[str]
    kind: Mapped[str]
    state: Mapped[ProblemState] = mapped_column(coded(ProblemState))
    category_id: Mapped[int | None] = mapped_column(to("category"))
    procedure_id: Mapped[int | None] = mapped_column(to("procedure"))
    # Of one unit; none: of all in `unit_ids`.
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    unit_ids: Mapped[JsonList]
    usual: Mapped[float]
    since: Mapped[datetime]
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(to("staff"))
    owned_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(to("staff"))
    reason: Mapped[str] = mapped_column(server_default="")
    guidance_id: Mapped[int | None] = mapped_column(to("guidance"))


class ProblemTicket(Base):
    """A ticket that is part of the evidence; it stays what it is, and is worked on where it was."""

    __tablename__ = "problem_ticket"
    __table_args__ = (UniqueConstraint("problem_id", "ticket_id"),)

    id: Mapped[Id]
    problem_id: Mapped[int] = mapped_column(to("problem", cascade=True))
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    added_at: Mapped[datetime]
