"""What suddenly many report: proposed with its evidence, owned by somebody, and perhaps answered by guidance."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
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
    """A ticket that is part of the evidence; it stays what it is, and is worked on where it was.

    Beside it what it is counted by, which triggers take from the ticket: whose it is, where, whose matter (a hash of
    who is answered), and whether it may be counted at all. None in rows that are not told yet.
    """

    __tablename__ = "problem_ticket"
    __table_args__ = (
        UniqueConstraint("problem_id", "ticket_id"),
        # Whose it is, and where: each stands in few pages, however many report the same.
        Index("ix_problem_ticket_people", "problem_id", "person", postgresql_where=text("counts")),
        Index("ix_problem_ticket_places", "problem_id", "unit_id", "place_id", postgresql_where=text("counts")),
        Index(
            "ix_problem_ticket_coordinated",
            "problem_id",
            "coordinating_unit_id",
            postgresql_where=text("counts and coordinating_unit_id is not null"),
        ),
    )

    id: Mapped[Id]
    problem_id: Mapped[int] = mapped_column(to("problem", cascade=True))
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    added_at: Mapped[datetime]
    unit_id: Mapped[int | None]
    coordinating_unit_id: Mapped[int | None]
    place_id: Mapped[int | None]
    person: Mapped[int | None] = mapped_column(BigInteger)
    counts: Mapped[bool | None]


# What evidence is counted by, of a ticket `t`, in the order of the columns.
EVIDENCE_COLUMNS = "unit_id, coordinating_unit_id, place_id, person, counts"
EVIDENCE_OF_TICKET = """t.unit_id, t.coordinating_unit_id, coalesce(t.place_unit_id, t.unit_id),
    hashtextextended(coalesce(t.reply_phone, t.reply_email, t.reference), 0), not t.is_restricted and not t.is_canary"""
_OF_EVIDENCE = f"""
begin
    select {EVIDENCE_OF_TICKET}
    into new.unit_id, new.coordinating_unit_id, new.place_id, new.person, new.counts
    from ticket t where t.id = new.ticket_id;
    return new;
end
"""  # noqa: S608  (our own names)
_OF_TICKET = f"""
begin
    update problem_ticket e set ({EVIDENCE_COLUMNS}) = (select {EVIDENCE_OF_TICKET} from ticket t where t.id = new.id)
    where e.ticket_id = new.id;
    return null;
end
"""  # noqa: S608  (our own names)
_DECIDING = "unit_id, coordinating_unit_id, place_unit_id, reply_phone, reply_email, is_restricted, is_canary"
# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
KEEPS_EVIDENCE = {
    "what_evidence_counts_by": (_OF_EVIDENCE, "problem_ticket", "before insert on problem_ticket for each row"),
    "evidence_of_ticket": (
        _OF_TICKET,
        "ticket",
        f"after update on ticket for each row when (({', '.join(f'old.{one}' for one in _DECIDING.split(', '))})"
        f" is distinct from ({', '.join(f'new.{one}' for one in _DECIDING.split(', '))}))",
    ),
}
