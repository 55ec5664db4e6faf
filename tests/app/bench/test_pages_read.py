"""What a piece of work reads is asked about as it was sent."""

from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.bench.pages_read import read_by, statements_sent
from tickets.schema import OpenBreachChange, Unit
from tickets.states import ClockKind


def test_many_rows_of_one_statement_that_answers_with_them_are_one_statement(session: Session) -> None:
    unit_id = session.scalars(select(Unit.id).order_by(Unit.id).limit(1)).one()
    broken_at = datetime(2026, 11, 23, tzinfo=UTC)
    rows = [{"unit_id": unit_id, "kind": ClockKind.ACCEPT, "broken_at": broken_at, "change": n} for n in (1, 2)]

    with statements_sent(session.connection()) as sent:
        session.execute(insert(OpenBreachChange.__table__).returning(OpenBreachChange.unit_id), rows)

    assert read_by(session.connection(), sent).statements == 1
