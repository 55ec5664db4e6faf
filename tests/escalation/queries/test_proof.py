"""A6: a fact that was edited after it was written is found, because the audit trail was written with it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.pursue import pursue
from escalation.firing.sweep import tick
from escalation.queries.proof import Changed, changed_since_written
from tests.escalation.scene import clock, full_house, level_at, step, ticket, ward
from tickets.states import Priority

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

EDITS = {
    "breach": "update clock set first_breach_at = first_breach_at + interval '1 day' where first_breach_at is not null",
    "level": "update planned_step set result = 'superseded' where rank = 2 and kind = 'level' and fired_at is not null",
    "recipients": "update step_recipient set staff_id = (select min(id) from staff) where step_id = :step",
    "attempt": "insert into escalation_attempt (step_id, staff_id, method, state, why, at)"
    " select step_id, staff_id, 'sms', 'delivered', '', now() from step_recipient where step_id = :step",
    "answer": "update acknowledgement set at = at - interval '1 hour'",
}


def test_what_was_written_down_is_as_it_was_written(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    for level in (1, 2):
        tick(session, now=level_at(session, matter, level))
        pursue(session, now=level_at(session, matter, level) + timedelta(minutes=11))
    answered = step(session, matter, 2)
    at = answered.fired_at + timedelta(hours=1)
    acknowledge(session, answered.id, staff_id=people[2].id, new_due_at=at + timedelta(days=2), via="web", now=at)

    assert changed_since_written(session) == []

    for kind, edit in EDITS.items():
        with pytest.raises(Undone), session.begin_nested():
            session.execute(text(edit), {"step": answered.id} if ":step" in edit else {})
            found = changed_since_written(session)
            assert found == [Changed(kind, clock(session, matter).id if kind == "breach" else answered.id)]
            raise Undone


class Undone(Exception):
    """Ends a savepoint whose edit must not stay."""
