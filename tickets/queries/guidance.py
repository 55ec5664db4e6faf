"""Guidance as it is looked at: with what it has done, for those who steer it and for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.folding import folded_words
from tickets.people.roles import Viewer, shared_tickets
from tickets.schema import Guidance, GuidanceTicket, GuidanceUse, Ticket
from tickets.states import GuidanceState, GuidanceUseKind, TicketStatus
from tickets.work.guidance_tickets import REFUSED, answerable

_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class GuidanceCounts:
    """What one guidance has done: tickets it answered, and how often it was beside a matter, read and said."""

    answered: int = 0
    beside: int = 0
    public: int = 0
    spoken: int = 0


@dataclass(frozen=True, slots=True)
class LinkedTicket:
    reference: str
    subject: str
    status: TicketStatus
    unit_id: int
    is_asked: bool
    result: str


def counts_of(session: Session, ids: Sequence[int]) -> dict[int, GuidanceCounts]:
    """By guidance; what is restricted is counted for nobody."""
    answered = session.execute(
        select(GuidanceTicket.guidance_id, func.count())
        .join(Ticket, Ticket.id == GuidanceTicket.ticket_id)
        .where(
            GuidanceTicket.guidance_id.in_(ids), GuidanceTicket.done_at.is_not(None), GuidanceTicket.result != REFUSED,
            shared_tickets(None),
        )
        .group_by(GuidanceTicket.guidance_id)
    )  # fmt: skip
    used = session.execute(
        select(GuidanceUse.guidance_id, GuidanceUse.kind, func.sum(GuidanceUse.number))
        .where(GuidanceUse.guidance_id.in_(ids))
        .group_by(GuidanceUse.guidance_id, GuidanceUse.kind)
    )
    numbers = {(row[0], row[1]): int(row[2]) for row in used}
    of_answers = {row[0]: row[1] for row in answered}
    kinds = (GuidanceUseKind.BESIDE, GuidanceUseKind.PUBLIC, GuidanceUseKind.SPOKEN)
    return {i: GuidanceCounts(of_answers.get(i, 0), *(numbers.get((i, kind), 0) for kind in kinds)) for i in ids}


def guidance_list(session: Session, *, limit: int) -> Sequence[Guidance]:
    """All of it, the newest first: whoever steers one area sees what others have decided."""
    return session.scalars(select(Guidance).order_by(Guidance.id.desc()).limit(limit)).all()


def linked_tickets(session: Session, guidance_id: int, viewer: Viewer, *, limit: int) -> Sequence[LinkedTicket]:
    rows = session.execute(
        select(
            Ticket.reference, Ticket.subject, Ticket.status, Ticket.unit_id, GuidanceTicket.asked_at.is_not(None),
            GuidanceTicket.result,
        )
        .join(Ticket, Ticket.id == GuidanceTicket.ticket_id)
        .where(GuidanceTicket.guidance_id == guidance_id, answerable(viewer))
        .order_by(GuidanceTicket.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [LinkedTicket(*row) for row in rows]


def public_answers(session: Session, *, text: str = "", before: int | None = None, limit: int) -> Sequence[Guidance]:
    """What is issued, the newest first; every word of `text` must occur, with or without marks."""
    wanted = _issued().order_by(Guidance.id.desc()).limit(limit)
    for word in folded_words(text)[:_MOST_WORDS]:
        wanted = wanted.where(Guidance.search_key.like(f"%{word}%"))
    if before is not None:
        wanted = wanted.where(Guidance.id < before)
    return session.scalars(wanted).all()


def public_answer(session: Session, number: int) -> Guidance:
    """Raises NotFound for what is not issued, or is no more."""
    found = session.scalars(_issued().where(Guidance.id == number)).first() if number < 2**62 else None
    if found is None:
        raise NotFound("guidance", number)
    return found


def _issued() -> Select[Guidance]:
    return select(Guidance).where(Guidance.state == GuidanceState.ISSUED)
