"""Dossiers of procedures by year; three years without any say that a procedure may be needed no longer."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tickets.schema import ProcedureYear
from tickets.schema.rows import insert_many

YEARS_WITHOUT = 3


def insert_counts(session: Session, counts: Sequence[tuple[int, int, int]]) -> None:
    """(procedure, year, dossiers)"""
    rows = [{"procedure_id": number, "year": year, "dossiers": dossiers} for number, year, dossiers in counts]
    insert_many(session, ProcedureYear, rows)


def correct_count(session: Session, procedure_id: int, year: int, *, dossiers: int) -> None:
    session.execute(
        update(ProcedureYear)
        .where(ProcedureYear.procedure_id == procedure_id, ProcedureYear.year == year)
        .values(dossiers=dossiers)
    )


def unused_procedures(session: Session, *, this_year: int) -> frozenset[int]:
    """Without a dossier in the last three whole years, of all of which counts were brought: unknown is not none."""
    rows = session.scalars(
        select(ProcedureYear.procedure_id)
        .where(ProcedureYear.year.between(this_year - YEARS_WITHOUT, this_year - 1))
        .group_by(ProcedureYear.procedure_id)
        .having(func.count() == YEARS_WITHOUT, func.sum(ProcedureYear.dossiers) == 0)
    )
    return frozenset(rows)


def counts_of(session: Session, procedure_id: int) -> list[tuple[int, int]]:
    """(year, dossiers), the latest first."""
    rows = session.execute(
        select(ProcedureYear.year, ProcedureYear.dossiers)
        .where(ProcedureYear.procedure_id == procedure_id)
        .order_by(ProcedureYear.year.desc())
    )
    return [(year, dossiers) for year, dossiers in rows]
