"""A6: no fact can be edited, an edit by whoever owns the tables is found, and a month is proved by its file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.storage.database import transaction
from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.pursue import pursue
from escalation.firing.sweep import tick
from escalation.queries.ledger import EXPORT_HEADINGS, as_codes
from escalation.queries.month_proof import differences, levels_between
from escalation.queries.proof import Changed, changed_since_written
from tests.conftest import Committed
from tests.escalation.scene import clock, full_house, level_at, step, ticket, ward
from tickets.schema import PlannedStep, Ticket
from tickets.states import Priority

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

EDITS = {
    "breach": "update clock set first_breach_at = first_breach_at + interval '1 day' where first_breach_at is not null",
    "level": "update planned_step set result = 'superseded' where id = :step",
    "recipients": "update step_recipient set staff_id = (select min(id) from staff) where step_id = :step",
    "attempt": "update escalation_attempt set state = 'delivered' where step_id = :step and state = 'planned'",
    "answer": "update acknowledgement set at = at - interval '1 hour'",
}


class Undone(Exception):
    """Ends a transaction whose edit must not stay."""


@contextmanager
def by_the_owner(committed: Committed) -> Iterator[Session]:
    """Whoever may do everything, past every trigger; nothing of it stays."""
    engine = create_engine(make_url(committed.superuser_url).set(drivername="postgresql+psycopg"))
    with pytest.raises(Undone), engine.connect() as connection, Session(connection) as session:
        session.execute(text("set session_replication_role = replica"))
        yield session
        raise Undone
    engine.dispose()


def happened(session: Session) -> tuple[int, int]:
    """Two levels that fired, the second told further and answered; its step and the clock."""
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    for level in (1, 2):
        tick(session, now=level_at(session, matter, level))
        pursue(session, now=level_at(session, matter, level) + timedelta(minutes=11))
    answered = step(session, matter, 2)
    at = answered.fired_at + timedelta(hours=1)
    acknowledge(session, answered.id, staff_id=people[2].id, new_due_at=at + timedelta(days=2), via="web", now=at)
    session.flush()
    return answered.id, clock(session, matter).id


def test_what_was_written_down_is_as_it_was_written_and_no_edit_of_it_is_possible_or_unseen(committed: Committed):
    with transaction(committed.factory) as session:
        step_id, clock_id = happened(session)
        assert changed_since_written(session) == []

    for kind, edit in EDITS.items():
        where = {"step": step_id} if ":step" in edit else {}
        with pytest.raises(DBAPIError, match=r"permission denied|is a fact"), transaction(committed.factory) as session:
            session.execute(text(edit), where)
        with by_the_owner(committed) as session:
            session.execute(text(edit), where)
            assert changed_since_written(session) == [Changed(kind, clock_id if kind == "breach" else step_id)]


@pytest.mark.parametrize("deed", ["delete from planned_step where id = :step", "update clock set history = '[]'"])
def test_a_level_that_fired_and_the_dates_before_are_not_removed(session: Session, deed: str):
    step_id, _ = happened(session)
    past = """[{"at": "2026-11-23", "due_at": "2026-11-24", "cause": "manual", "staff_id": null}]"""
    session.execute(text("update clock set history = history || cast(:past as jsonb)"), {"past": past})

    with pytest.raises(DBAPIError, match="fact"):
        session.execute(text(deed), {"step": step_id} if ":step" in deed else {})


def lines(session: Session) -> list[dict[str, str]]:
    return [dict(zip(EXPORT_HEADINGS, as_codes(one), strict=True)) for one in levels_between(session, *MONTH)]


def test_a_month_is_proved_by_the_file_that_was_exported_before_and_whatever_was_edited_in_it_is_named(
    session: Session,
):
    step_id, _ = happened(session)
    exported = lines(session)
    session.execute(text("update step_recipient set read_at = now() where read_at is null"))
    session.expire_all()
    reference = session.scalars(select(Ticket.reference)).one()

    assert differences(levels_between(session, *MONTH), exported) == []

    edited = [{**line, "told": line["told"] + "; Người lạ"} if line["level"] == "2" else line for line in exported]
    [told_otherwise] = differences(levels_between(session, *MONTH), edited)
    assert (told_otherwise.reference, told_otherwise.level, told_otherwise.column) == (reference, "2", "told")
    [missing] = differences(levels_between(session, *MONTH), exported[1:])
    assert (missing.level, missing.column, missing.in_file) == ("1", None, "")
    fired_at = session.get_one(PlannedStep, step_id).fired_at.isoformat()
    assert [one["fired_at"] for one in exported if one["level"] == "2"] == [fired_at]
