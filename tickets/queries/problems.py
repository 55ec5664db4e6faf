"""Problems as they are looked at: counted from the tickets that this person may see, and never from restricted ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, shared_tickets
from tickets.schema import ArisingProblem, ProblemTicket, Ticket
from tickets.states import ProblemState, TicketStatus
from tickets.work.problems import may_see

_MOST_READ = 400


@dataclass(frozen=True, slots=True)
class SeenProblem:
    """A problem with how many tickets of it, and of how many people, this person may know of."""

    problem: ArisingProblem
    tickets: int
    people: int


@dataclass(frozen=True, slots=True)
class EvidenceTicket:
    id: int
    reference: str
    subject: str
    status: TicketStatus
    unit_id: int


def seen_problems(session: Session, viewer: Viewer, *, limit: int) -> Sequence[SeenProblem]:
    """What stands first, then what was ended, the newest of each; nothing of which this person may know no ticket."""
    standing = ArisingProblem.state.in_((ProblemState.PROPOSED, ProblemState.OPEN))
    found = session.scalars(
        select(ArisingProblem).order_by(standing.desc(), ArisingProblem.id.desc()).limit(_MOST_READ)
    ).all()
    counts = _counts(session, viewer, [one.id for one in found])
    shown = [SeenProblem(one, *counts[one.id]) for one in found if one.id in counts and may_see(viewer, one)]
    return shown[:limit]


def seen_problem(session: Session, viewer: Viewer | None, one: ArisingProblem) -> SeenProblem:
    """None: as whoever is told a number and no more."""
    return SeenProblem(one, *_counts(session, viewer, [one.id]).get(one.id, (0, 0)))


def evidence(session: Session, viewer: Viewer, problem_id: int, *, limit: int) -> Sequence[EvidenceTicket]:
    rows = session.execute(
        select(Ticket.id, Ticket.reference, Ticket.subject, Ticket.status, _place())
        .join(ProblemTicket, ProblemTicket.ticket_id == Ticket.id)
        .where(ProblemTicket.problem_id == problem_id, shared_tickets(viewer))
        .order_by(Ticket.id.desc())
        .limit(limit)
    )
    return [EvidenceTicket(*row) for row in rows]


def evidence_by_unit(session: Session, viewer: Viewer, problem_id: int) -> dict[int, int]:
    """How many of its tickets lie in each unit, the most first."""
    number = func.count()
    rows = session.execute(
        select(_place(), number)
        .join(ProblemTicket, ProblemTicket.ticket_id == Ticket.id)
        .where(ProblemTicket.problem_id == problem_id, shared_tickets(viewer))
        .group_by(_place())
        .order_by(number.desc())
    )
    return {row[0]: row[1] for row in rows}


def _place() -> ColumnElement[int]:
    return func.coalesce(Ticket.place_unit_id, Ticket.unit_id)


def _counts(session: Session, viewer: Viewer | None, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    person = func.coalesce(Ticket.reply_phone, Ticket.reply_email, Ticket.reference)
    rows = session.execute(
        select(ProblemTicket.problem_id, func.count(), func.count(func.distinct(person)))
        .join(Ticket, Ticket.id == ProblemTicket.ticket_id)
        .where(ProblemTicket.problem_id.in_(ids), shared_tickets(viewer))
        .group_by(ProblemTicket.problem_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}
