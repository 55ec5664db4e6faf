"""What is about to be late at a unit is found however much was warned of before it and is done, gone or hidden."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.factories import NOW, staff, ticket, unit
from tickets.people.roles import load_viewer
from tickets.queries.supervision import MOST_AT_RISK, at_risk
from tickets.schema import Clock, PlannedStep, Ticket
from tickets.states import ClockKind, ClockStatus, Role, StepKind

DUE = NOW + timedelta(days=2)
# More than a list of warned steps ever held before what is done was left out.
MANY = 2 * MOST_AT_RISK + 1


def warned(session: Session, clock: Clock, *, at: int | None, rank: int = 75) -> None:
    """Its lead was warned; the promise is due when its clock says."""
    found = session.scalars(
        select(PlannedStep).where(
            PlannedStep.clock_id == clock.id, PlannedStep.kind == StepKind.WARNING, PlannedStep.rank == rank
        )
    ).one()
    found.fired_at, found.due_at, found.unit_id = NOW, clock.due_at or DUE, at
    session.flush()


def resolving(session: Session, of: Ticket) -> Clock:
    return session.scalars(select(Clock).where(Clock.ticket_id == of.id, Clock.kind == ClockKind.RESOLVE)).one()


def with_many_before(session: Session, **facts: object) -> None:
    """A ticket whose promise has had so many cycles, all of them warned of and due before the one that runs."""
    early = ticket(session, now=NOW, unit_code="26740")
    clock = resolving(session, early)
    early.next_due_at = clock.due_at = DUE
    for name, value in facts.items():
        setattr(clock if name == "status" else early, name, value)
    session.flush()
    kept = {column.key for column in Clock.__table__.columns} - {"id", "cycle"}
    copies = [{name: getattr(clock, name) for name in kept} | {"cycle": 100 + n} for n in range(MANY)]
    ids = session.scalars(insert(Clock).returning(Clock.id), copies).all()
    session.execute(
        insert(PlannedStep),
        [
            {
                "ticket_id": early.id, "clock_id": one, "kind": StepKind.WARNING, "rank": 75, "planned_at": NOW,
                "due_at": DUE, "fired_at": NOW, "unit_id": unit(session).id,
            }
            for one in ids
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [{"status": ClockStatus.MET}, {"is_restricted": True}, {"elsewhere": True}],
    ids=["done in time", "known to others alone", "gone to another unit"],
)
def test_the_one_that_runs_is_listed_behind_many_that_do_not_matter(session: Session, facts: dict[str, object]) -> None:
    if facts.pop("elsewhere", False):
        facts["unit_id"] = unit(session, "26824").id
    with_many_before(session, **facts)
    late = ticket(session, now=NOW, unit_code="26740")
    clock = resolving(session, late)
    late.next_due_at = clock.due_at = DUE + timedelta(hours=1)
    session.flush()
    warned(session, clock, at=late.unit_id)
    viewer = load_viewer(session, staff(session, role=Role.SUPERVISOR, at="26740").id, now=NOW)
    assert viewer is not None

    assert [one.id for one in at_risk(session, viewer, [late.unit_id], now=NOW)] == [late.id]
