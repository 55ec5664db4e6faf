"""What is told of a problem is what its tickets are now, whoever looks: moved, hidden, answered elsewhere, named."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from tests.factories import open_ticket, staff, unit
from tickets.people.roles import Viewer, load_viewer, shared_tickets
from tickets.problems.waves import Wave, WaveCell
from tickets.queries.problems import evidence, evidence_by_unit, seen_problem
from tickets.schema import ArisingProblem, ProblemTicket, Ticket, TicketAccess
from tickets.states import Role
from tickets.work.evidence_proof import tickets_whose_evidence_differs
from tickets.work.problems import correct_evidence, propose

WARD, OTHER = "26740", "26743"
PERSON = func.coalesce(Ticket.reply_phone, Ticket.reply_email, Ticket.reference)
PLACE = func.coalesce(Ticket.place_unit_id, Ticket.unit_id)
Tickets = list[int]


@pytest.fixture
def problem(session: Session, now: datetime) -> tuple[ArisingProblem, Tickets]:
    """Eight tickets of six people, two of them at another ward."""
    at = [WARD] * 6 + [OTHER] * 2
    phones = [f"+8490129900{number}" for number in (1, 1, 2, 3, 4, 5, 5, 6)]
    ids = [
        open_ticket(session, unit_code=code, phone=phone, now=now).ticket_id
        for code, phone in zip(at, phones, strict=True)
    ]
    units = (unit(session, WARD).id, unit(session, OTHER).id)
    wave = Wave("alike", WaveCell(), now, tuple(ids), 6, 0.5, "alike:test", units)
    propose(session, [wave], now=now)
    return session.scalars(select(ArisingProblem)).one(), ids


def viewers(session: Session, now: datetime) -> list[Viewer]:
    """The city's supervisor, each ward's, and an auditor, who sees no ticket."""
    held = [(Role.SUPERVISOR, "TTDH"), (Role.SUPERVISOR, WARD), (Role.AGENT, OTHER), (Role.AUDITOR, "79")]
    found = [load_viewer(session, staff(session, role=role, at=at).id, now=now) for role, at in held]
    return [one for one in found if one is not None]


def counted(session: Session, viewer: Viewer | None, problem_id: int) -> tuple[int, int]:
    """From the tickets themselves."""
    rows = select(func.count(), func.count(func.distinct(PERSON))).select_from(ProblemTicket).join(Ticket)
    found = session.execute(rows.where(ProblemTicket.problem_id == problem_id, shared_tickets(viewer))).one()
    return found[0], found[1]


def assert_told_as_it_is(session: Session, one: ArisingProblem, who: Sequence[Viewer]) -> list[tuple[int, int]]:
    session.flush()
    told = []
    for viewer in (None, *who):
        seen = seen_problem(session, viewer, one)
        assert (seen.tickets, seen.people) == counted(session, viewer, one.id)
        told.append((seen.tickets, seen.people))
        if viewer is None:
            continue
        there = select(Ticket.id, PLACE).join(ProblemTicket).where(shared_tickets(viewer))
        rows = session.execute(there.order_by(Ticket.id.desc())).all()
        assert [ticket.id for ticket in evidence(session, viewer, one.id, limit=50)] == [row[0] for row in rows]
        assert sum(evidence_by_unit(session, viewer, one.id).values()) == len(rows)
        assert set(evidence_by_unit(session, viewer, one.id)) == {row[1] for row in rows}
    assert tickets_whose_evidence_differs(session) == []
    return told


def moved(session: Session, ids: Tickets) -> None:
    session.get_one(Ticket, ids[0]).unit_id = unit(session, OTHER).id


def coordinated(session: Session, ids: Tickets) -> None:
    session.get_one(Ticket, ids[0]).coordinating_unit_id = unit(session, OTHER).id


def hidden(session: Session, ids: Tickets) -> None:
    session.get_one(Ticket, ids[2]).is_restricted = True


def tried(session: Session, ids: Tickets) -> None:
    session.get_one(Ticket, ids[3]).is_canary = True


def answered_elsewhere(session: Session, ids: Tickets) -> None:
    session.get_one(Ticket, ids[1]).reply_phone = "+84901299099"


def placed_elsewhere(session: Session, ids: Tickets) -> None:
    session.get_one(Ticket, ids[4]).place_unit_id = unit(session, OTHER).id


@pytest.mark.parametrize(
    ("change", "of_city", "of_ward"),
    [
        (moved, (8, 6), (5, 5)),
        (coordinated, (8, 6), (6, 5)),
        (hidden, (7, 5), (5, 4)),
        (tried, (7, 5), (5, 4)),
        (answered_elsewhere, (8, 7), (6, 6)),
        (placed_elsewhere, (8, 6), (6, 5)),
    ],
)
def test_a_problem_is_counted_as_its_tickets_are_now_for_whoever_looks(
    session: Session,
    now: datetime,
    problem: tuple[ArisingProblem, Tickets],
    change: Callable[[Session, Tickets], None],
    of_city: tuple[int, int],
    of_ward: tuple[int, int],
) -> None:
    one, ids = problem
    who = viewers(session, now)
    assert assert_told_as_it_is(session, one, who) == [(8, 6), (8, 6), (6, 5), (2, 2), (0, 0)]

    change(session, ids)

    assert assert_told_as_it_is(session, one, who)[:3] == [of_city, of_city, of_ward]


def test_what_was_restricted_once_is_counted_for_whom_it_was_named_to_only_when_it_is_open_again(
    session: Session, now: datetime, problem: tuple[ArisingProblem, Tickets]
) -> None:
    one, ids = problem
    *_, other, _auditor = who = viewers(session, now)
    session.add(TicketAccess(ticket_id=ids[2], staff_id=other.staff_id, reason="routing", created_at=now))
    hidden(session, ids)
    assert assert_told_as_it_is(session, one, who)[3] == (2, 2), "not even for whom it was named to"

    session.get_one(Ticket, ids[2]).is_restricted = False

    assert assert_told_as_it_is(session, one, who)[3] == (3, 3)


def test_the_proof_finds_what_was_spoilt_and_corrects_it(
    session: Session, now: datetime, problem: tuple[ArisingProblem, Tickets]
) -> None:
    one, ids = problem
    session.get_one(Ticket, ids[2]).is_restricted = True
    session.flush()
    session.execute(update(ProblemTicket).where(ProblemTicket.ticket_id == ids[2]).values(counts=True))
    session.execute(text("update problem_ticket set person = 1, counts = null where ticket_id = :one"), {"one": ids[5]})
    assert tickets_whose_evidence_differs(session) == [ids[2], ids[5]]

    assert correct_evidence(session, [ids[0], ids[2], ids[5]]) == [ids[2], ids[5]]

    assert assert_told_as_it_is(session, one, viewers(session, now))[0] == (7, 5)
