"""Problems as they are looked at: counted from the tickets that this person may see, and never from restricted ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Subquery, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from tickets.people.roles import Viewer, shared_evidence, shared_tickets
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
    theirs = [one for one in found if may_see(viewer, one)]
    counts = _counts(session, viewer, [one.id for one in theirs])
    shown = [SeenProblem(one, *counts[one.id]) for one in theirs if one.id in counts]
    return shown[:limit]


def seen_problem(session: Session, viewer: Viewer | None, one: ArisingProblem) -> SeenProblem:
    """None: as whoever is told a number and no more."""
    return SeenProblem(one, *_counts(session, viewer, [one.id]).get(one.id, (0, 0)))


def evidence(session: Session, viewer: Viewer, problem_id: int, *, limit: int) -> Sequence[EvidenceTicket]:
    newest = _rows(viewer, [problem_id], ProblemTicket.ticket_id, newest=limit)
    rows = session.execute(
        select(Ticket.id, Ticket.reference, Ticket.subject, Ticket.status, _PLACE)
        .where(Ticket.id.in_(select(newest.c.ticket_id)), shared_tickets(viewer))
        .order_by(Ticket.id.desc())
        .limit(limit)
    )
    return [EvidenceTicket(*row) for row in rows]


def evidence_by_unit(session: Session, viewer: Viewer, problem_id: int) -> dict[int, int]:
    """How many of its tickets lie in each unit, the most first."""
    place = _rows(viewer, [problem_id], ProblemTicket.place_id).c.place_id
    number = func.count()
    rows = session.execute(select(place, number).group_by(place).order_by(number.desc()))
    return {row[0]: row[1] for row in rows}


_PLACE = func.coalesce(Ticket.place_unit_id, Ticket.unit_id)


def _counts(session: Session, viewer: Viewer | None, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    one = _rows(viewer, ids, ProblemTicket.problem_id, ProblemTicket.person).c
    rows = session.execute(
        select(one.problem_id, func.count(), func.count(func.distinct(one.person))).group_by(one.problem_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _rows(
    viewer: Viewer | None, ids: Sequence[int], *columns: InstrumentedAttribute[Any], newest: int | None = None
) -> Subquery:
    """These columns of the evidence that may be told to this person, stretch by stretch; of each so many `newest`."""
    parts = [select(*columns).where(ProblemTicket.problem_id.in_(ids), stretch) for stretch in shared_evidence(viewer)]
    if newest is not None:
        in_order = (part.order_by(ProblemTicket.ticket_id.desc()).limit(newest).subquery() for part in parts)
        parts = [select(*one.c) for one in in_order]
    return union_all(*parts).subquery("evidence")
