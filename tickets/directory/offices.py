"""One-stop offices: where procedures are received, and to which published lines belong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tickets.schema import OneStopOffice


@dataclass(frozen=True, slots=True)
class OfficeFacts:
    unit_id: int
    name: str
    name_en: str
    address: str = ""
    opening_hours: str = ""


def insert_offices(session: Session, facts: Sequence[OfficeFacts]) -> list[int]:
    """Write new offices; their ids in the given order."""
    rows = [
        {
            "unit_id": office.unit_id,
            "name": office.name,
            "name_en": office.name_en,
            "address": office.address,
            "opening_hours": office.opening_hours,
        }
        for office in facts
    ]
    wanted = insert(OneStopOffice).returning(OneStopOffice.id, sort_by_parameter_order=True)
    return list(session.scalars(wanted, rows)) if rows else []


def correct_office(session: Session, office_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(OneStopOffice).where(OneStopOffice.id == office_id).values(columns))


def offices_of(session: Session, unit_id: int) -> list[OneStopOffice]:
    return list(
        session.scalars(select(OneStopOffice).where(OneStopOffice.unit_id == unit_id).order_by(OneStopOffice.id))
    )
