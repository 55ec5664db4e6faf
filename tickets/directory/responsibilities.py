"""Which member of the city's leadership answers for a field or an area, by dated decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tickets.schema import Responsibility


@dataclass(frozen=True, slots=True)
class ResponsibilityFacts:
    """Either `field` or `unit_id` is given."""

    staff_id: int
    decision_no: str
    valid_from: date
    field: str | None = None
    unit_id: int | None = None
    valid_to: date | None = None


def insert_responsibilities(session: Session, facts: Sequence[ResponsibilityFacts]) -> None:
    if facts:
        session.execute(
            insert(Responsibility),
            [
                {
                    "staff_id": one.staff_id,
                    "field": one.field,
                    "unit_id": one.unit_id,
                    "decision_no": one.decision_no,
                    "valid_from": one.valid_from,
                    "valid_to": one.valid_to,
                }
                for one in facts
            ],
        )
