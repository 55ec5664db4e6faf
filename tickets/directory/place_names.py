"""Other names of places, streets and landmarks: their rows, for whoever enters them and for the place resolver."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import BigInteger, ColumnElement, any_, delete, insert, literal, select, union, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.schema import Base, Landmark, PlaceAlias, Street, StreetWard

_Named = type[PlaceAlias] | type[Street] | type[Landmark]


def insert_aliases(session: Session, rows: Sequence[Mapping[str, object]]) -> list[int]:
    """Write new other names; their ids in the given order."""
    return _inserted(session, PlaceAlias, rows)


def insert_streets(session: Session, rows: Sequence[Mapping[str, object]]) -> list[int]:
    return _inserted(session, Street, rows)


def insert_landmarks(session: Session, rows: Sequence[Mapping[str, object]]) -> list[int]:
    return _inserted(session, Landmark, rows)


def correct_place_name(session: Session, table: _Named, row_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(table).where(table.id == row_id).values(columns))


def remove_place_names(session: Session, table: _Named, ids: Sequence[int]) -> None:
    session.execute(delete(table).where(table.id == any_(literal(list(ids), ARRAY(BigInteger)))))


def set_street_wards(session: Session, wards: Mapping[int, Iterable[int]]) -> None:
    """By street, all the units it runs through."""
    if not wards:
        return
    session.execute(delete(StreetWard).where(StreetWard.street_id.in_(wards)))
    rows = [{"street_id": street, "unit_id": unit} for street, units in wards.items() for unit in units]
    if rows:
        session.execute(insert(StreetWard), rows)


def wards_of_streets(session: Session, *only: ColumnElement[bool]) -> dict[int, list[int]]:
    wards: dict[int, list[int]] = {}
    rows = select(StreetWard.street_id, StreetWard.unit_id).where(*only)
    for street, unit in session.execute(rows.order_by(StreetWard.street_id, StreetWard.unit_id)):
        wards.setdefault(street, []).append(unit)
    return wards


def districts_named(session: Session) -> set[str]:
    """Those that streets and landmarks in force name."""
    of_streets = select(Street.district).where(Street.retired_at.is_(None))
    of_landmarks = select(Landmark.district).where(Landmark.retired_at.is_(None))
    return set(session.scalars(union(of_streets, of_landmarks)))


def _inserted(session: Session, table: type[Base], rows: Sequence[Mapping[str, object]]) -> list[int]:
    if not rows:
        return []
    wanted = insert(table).returning(table.__table__.c.id, sort_by_parameter_order=True)
    return list(session.scalars(wanted, list(rows)))
