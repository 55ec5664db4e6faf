"""Which member of the city's leadership answers for a field or an area, by dated decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from tickets.schema import Category, Procedure, Responsibility, Staff


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


def responsible_leaders(session: Session, *, field: str | None, unit_id: int | None, on: date) -> list[int]:
    """The people who answer on that day, the field's before the area's (R12); without a repetition."""
    rows = session.execute(
        select(Responsibility.staff_id)
        .join(Staff, Staff.id == Responsibility.staff_id)
        .where(
            or_(Responsibility.field == field, Responsibility.unit_id == unit_id),
            Responsibility.valid_from <= on,
            or_(Responsibility.valid_to.is_(None), Responsibility.valid_to > on),
            Staff.disabled_at.is_(None),
        )
        .order_by(Responsibility.field.is_(None), Responsibility.valid_from.desc(), Responsibility.id)
    )
    return list(dict.fromkeys(staff_id for (staff_id,) in rows))


def field_of_matter(session: Session, *, category_id: int | None, procedure_id: int | None) -> str | None:
    """The field a matter belongs to: its category's, else that of the department that keeps its procedure."""
    if category_id is not None:
        return session.scalar(select(Category.field).where(Category.id == category_id))
    if procedure_id is None:
        return None
    return session.scalar(
        select(Category.field)
        .join(Procedure, Procedure.department_id == Category.department_id)
        .where(Procedure.id == procedure_id)
        .order_by(Category.position)
        .limit(1)
    )


def current_responsibilities(session: Session, *, on: date) -> list[Responsibility]:
    """Every assignment in force on that day, for the administration's table."""
    return list(
        session.scalars(
            select(Responsibility)
            .where(
                Responsibility.valid_from <= on, or_(Responsibility.valid_to.is_(None), Responsibility.valid_to > on)
            )
            .order_by(Responsibility.staff_id, Responsibility.field.nulls_last(), Responsibility.unit_id)
        )
    )
