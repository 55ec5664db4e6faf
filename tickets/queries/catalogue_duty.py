"""How the catalogue stands: each procedure with the stage it owes, what is late or unused, and departments' shares."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.directory.catalogue_months import Shares, shares_now
from tickets.directory.catalogue_steps import Owed, Steps, owed, steps_of
from tickets.directory.catalogue_years import unused_procedures
from tickets.schema import Procedure, Unit


@dataclass(frozen=True, slots=True)
class CataloguedProcedure:
    procedure: Procedure
    steps: Steps
    owed: Owed | None
    is_late: bool
    is_unused: bool


@dataclass(frozen=True, slots=True)
class DepartmentCatalogue:
    unit_id: int
    name: str
    name_en: str
    shares: Shares
    late: int
    unused: int


def catalogued(
    session: Session, *, department_ids: Collection[int] | None = None, now: datetime
) -> list[CataloguedProcedure]:
    """Every procedure, or those these departments keep, by name."""
    statement = select(Procedure).order_by(Procedure.sort_key, Procedure.id)
    if department_ids is not None:
        statement = statement.where(Procedure.department_id.in_(department_ids))
    rows = session.scalars(statement).all()
    steps = steps_of(session, None if department_ids is None else [row.id for row in rows])
    unused = unused_procedures(session, this_year=day_of(now).year)
    return [_one(row, steps.get(row.id, {}), row.id in unused, day_of(now)) for row in rows]


def departments(session: Session, rows: Collection[CataloguedProcedure]) -> list[DepartmentCatalogue]:
    """Those that keep any of these procedures, by name."""
    keepers = {row.procedure.department_id for row in rows if row.procedure.department_id is not None}
    shares = shares_now(session)
    units = session.scalars(select(Unit).where(Unit.id.in_(keepers)).order_by(Unit.sort_key))
    return [
        DepartmentCatalogue(
            unit.id,
            unit.name,
            unit.name_en,
            shares.get(unit.id, Shares()),
            sum(row.is_late for row in rows if row.procedure.department_id == unit.id),
            sum(row.is_unused for row in rows if row.procedure.department_id == unit.id),
        )
        for unit in units
    ]


def _one(procedure: Procedure, steps: Steps, is_unused: bool, today: date) -> CataloguedProcedure:
    to_come = owed(steps)
    return CataloguedProcedure(procedure, steps, to_come, to_come is not None and to_come.due_on < today, is_unused)
