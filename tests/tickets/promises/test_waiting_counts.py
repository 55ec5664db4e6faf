"""What is kept of how many tickets wait is what the tickets say, whatever becomes of them."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.factories import NOW, staff, ticket, unit
from tickets.people.actor import SYSTEM
from tickets.promises import proof, waiting_counts
from tickets.schema import AuditEntry, Ticket, WaitingChange
from tickets.states import UNFINISHED, Role, TicketStatus

DAY = timedelta(days=1)


@pytest.fixture
def three(session: Session) -> list[Ticket]:
    """Late since yesterday, due tomorrow, and without a date."""
    found = [ticket(session, now=NOW - 5 * DAY) for _ in range(3)]
    for one, due_at in zip(found, (NOW - DAY, NOW + DAY, None), strict=True):
        one.next_due_at = due_at
    session.flush()
    return found


def told(session: Session) -> dict[TicketStatus, int]:
    """By status, having held all that is kept against the tickets themselves."""
    session.flush()
    seen = select(Ticket.status, Ticket.next_due_at).where(Ticket.status.in_(UNFINISHED), Ticket.is_canary.is_(False))
    tickets = session.execute(seen).all()
    kept = {status: number for status, number in waiting_counts.by_status(session).items() if number}
    assert kept == Counter(status for status, _due_at in tickets)
    begin = waiting_counts.begin_of_hour(NOW)
    assert waiting_counts.due_before_this_hour(session, now=NOW) == sum(1 for _, due in tickets if due and due < begin)
    assert waiting_counts.units_that_differ(session, now=NOW) == []
    return kept


def of_the_ward(session: Session) -> tuple[int, int, int]:
    rows = session.execute(waiting_counts.by_unit([unit(session).id], now=NOW)).all()
    return (rows[0].waiting, rows[0].unassigned, rows[0].overdue) if rows else (0, 0, 0)


def moved(session: Session, one: Ticket) -> None:
    one.unit_id = unit(session, "26743").id


def taken(session: Session, one: Ticket) -> None:
    one.assignee_id = staff(session, role=Role.AGENT, at="26740").id


def asked(_session: Session, one: Ticket) -> None:
    one.status = TicketStatus.PENDING_CITIZEN


def hidden(_session: Session, one: Ticket) -> None:
    one.is_restricted = True


def tried(_session: Session, one: Ticket) -> None:
    one.is_canary = True


def ended(_session: Session, one: Ticket) -> None:
    one.status = TicketStatus.RESOLVED


def given_time(_session: Session, one: Ticket) -> None:
    one.next_due_at = NOW + 9 * DAY


@pytest.mark.parametrize(
    ("change", "there"),
    [
        (moved, (2, 2, 0)),
        (taken, (3, 2, 1)),
        (asked, (3, 3, 1)),
        (hidden, (2, 2, 0)),
        (tried, (2, 2, 0)),
        (ended, (2, 2, 0)),
        (given_time, (3, 3, 0)),
    ],
)
def test_the_numbers_follow_whatever_becomes_of_a_ticket_and_go_back_with_it(
    session: Session, three: list[Ticket], change: Callable[[Session, Ticket], None], there: tuple[int, int, int]
) -> None:
    before = told(session)
    was = {name: getattr(three[0], name) for name in ("unit_id", "assignee_id", "status", "is_restricted", "is_canary")}
    assert of_the_ward(session) == (3, 3, 1)

    change(session, three[0])

    told(session)
    assert of_the_ward(session) == there
    for name, value in (was | {"next_due_at": NOW - DAY}).items():
        setattr(three[0], name, value)
    assert told(session) == before
    assert of_the_ward(session) == (3, 3, 1)


def test_thousands_of_changes_become_a_few_numbers_that_say_the_same(session: Session, three: list[Ticket]) -> None:
    for times in range(1_000):
        session.execute(update(Ticket).where(Ticket.id == three[1].id).values(next_due_at=NOW + times % 3 * DAY))
    before, ward = told(session), of_the_ward(session)

    assert waiting_counts.gather(session, now=NOW)

    assert (told(session), of_the_ward(session)) == (before, ward)
    assert session.scalar(select(func.count()).select_from(WaitingChange)) == 3
    assert not waiting_counts.gather(session, now=NOW), "a few are left alone"


def test_what_was_due_in_days_is_late_once_they_are_over_gathered_or_not(session: Session, three: list[Ticket]) -> None:
    later = NOW + 3 * DAY

    def late(now: datetime) -> int:
        return waiting_counts.due_before_this_hour(session, now=now)

    assert (late(NOW), late(later)) == (1, 2)
    session.execute(waiting_counts._GATHER, {"this_hour": waiting_counts.begin_of_hour(later)})
    assert late(later) == 2


def test_the_proof_finds_a_wrong_number_corrects_it_and_says_so(session: Session, three: list[Ticket]) -> None:
    told(session)
    ward = unit(session).id
    session.execute(update(WaitingChange).where(WaitingChange.unit_id == ward).values(change=WaitingChange.change + 7))

    found = proof.differences(session, now=NOW)
    assert found.unit_ids == (ward,)
    corrected = proof.correct(session, found, actor=SYSTEM, now=NOW)

    assert corrected.unit_ids == (ward,)
    assert of_the_ward(session) == (3, 3, 1) and told(session)
    assert session.scalar(select(func.count()).where(AuditEntry.action == "kept_figures.corrected")) == 1
