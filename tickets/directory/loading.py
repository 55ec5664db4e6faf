"""Turns the dated rows of units, successions and memberships into the rows the place resolver is built from."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.place_names import wards_of_streets
from tickets.directory.places import (
    AliasRow,
    AreaUnit,
    DistrictRow,
    LandmarkRow,
    OldWardRow,
    PlaceIndex,
    PlaceRows,
    PointRow,
    StreetRow,
    build_index,
)
from tickets.directory.places.rows import AliasKind, AreaKind
from tickets.directory.places.shipped import rows_from_csv
from tickets.directory.units import AREA_KINDS
from tickets.schema import Landmark, PlaceAlias, Street, Unit, UnitMembership, UnitSuccession
from tickets.states import UnitKind


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    code: str | None
    name: str
    kind: UnitKind
    former_province: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class _Tables:
    units: Mapping[int, _Row]
    successors: Mapping[int, list[int]]
    parents: Mapping[int, list[tuple[int, date | None, date | None]]]


def load_places(session: Session) -> PlaceIndex:
    """The index over everything the directory knows today; three statements and about 0.1 s, so a process keeps it."""
    return build_index(place_rows(session))


def place_rows(session: Session) -> PlaceRows:
    """The same facts as plain rows. A database that nobody has loaded other names into knows the shipped ones."""
    return replace(
        area_rows(session),
        aliases=_aliases(session) or rows_from_csv().aliases,
        streets=_streets(session),
        landmarks=_landmarks(session),
        points=_points(session),
    )


def area_rows(session: Session) -> PlaceRows:
    """Units, what they were before, and districts, without what people say beside their names."""
    tables = _read(session)
    return PlaceRows(
        units=tuple(_current(tables)),
        old_wards=tuple(_old_wards(tables)),
        districts=tuple(_districts(tables)),
    )


def _aliases(session: Session) -> tuple[AliasRow, ...]:
    rows = session.execute(
        select(PlaceAlias.kind, PlaceAlias.alias, PlaceAlias.means)
        .where(PlaceAlias.retired_at.is_(None))
        .order_by(PlaceAlias.id)
    )
    return tuple(AliasRow(kind=cast(AliasKind, kind), alias=alias, means=means) for kind, alias, means in rows)


def _streets(session: Session) -> tuple[StreetRow, ...]:
    wards = wards_of_streets(session)
    rows = session.execute(
        select(Street.id, Street.name, Street.district).where(Street.retired_at.is_(None)).order_by(Street.id)
    )
    return tuple(StreetRow(name, district, tuple(wards.get(row_id, ()))) for row_id, name, district in rows)


def _points(session: Session) -> tuple[PointRow, ...]:
    """Of every unit its own, and those of landmarks whose unit is known."""
    of_units = select(Unit.id, Unit.lat, Unit.lon).where(Unit.kind.in_(AREA_KINDS), Unit.lat.is_not(None))
    of_landmarks = select(Landmark.unit_id, Landmark.lat, Landmark.lon).where(
        Landmark.retired_at.is_(None), Landmark.unit_id.is_not(None), Landmark.lat.is_not(None)
    )
    rows = [*session.execute(of_units), *session.execute(of_landmarks)]
    return tuple(PointRow(unit, lat, lon) for unit, lat, lon in rows if lon is not None)


def _landmarks(session: Session) -> tuple[LandmarkRow, ...]:
    rows = session.execute(
        select(Landmark.name, Landmark.also, Landmark.district, Landmark.unit_id)
        .where(Landmark.retired_at.is_(None))
        .order_by(Landmark.id)
    )
    return tuple(
        LandmarkRow(name, tuple(filter(None, (one.strip() for one in also.split("|")))), district, unit)
        for name, also, district, unit in rows
    )


def _read(session: Session) -> _Tables:
    kinds = (*AREA_KINDS, UnitKind.TOWNSHIP, UnitKind.DISTRICT, UnitKind.PROVINCE)
    rows = session.execute(
        select(Unit.id, Unit.code, Unit.name, Unit.kind, Unit.former_province, Unit.valid_from, Unit.valid_to)
        .where(Unit.kind.in_(kinds))
        .order_by(Unit.id)
    )
    successors: defaultdict[int, list[int]] = defaultdict(list)
    edges = session.execute(
        select(UnitSuccession.predecessor_id, UnitSuccession.successor_id).order_by(UnitSuccession.id)
    )
    for predecessor, successor in edges:
        successors[predecessor].append(successor)
    parents: defaultdict[int, list[tuple[int, date | None, date | None]]] = defaultdict(list)
    memberships = session.execute(
        select(
            UnitMembership.unit_id, UnitMembership.parent_id, UnitMembership.valid_from, UnitMembership.valid_to
        ).order_by(UnitMembership.id)
    )
    for unit_id, parent_id, start, end in memberships:
        parents[unit_id].append((parent_id, start, end))
    return _Tables({row[0]: _Row(*row) for row in rows}, successors, parents)


def _current(tables: _Tables) -> list[AreaUnit]:
    return [
        AreaUnit(
            id=row.id,
            code=row.code or "",
            name=row.name,
            kind=cast(AreaKind, row.kind.value),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            former_province=row.former_province or "",
        )
        for row in tables.units.values()
        if row.kind in AREA_KINDS and row.valid_from is not None
    ]


def _old_wards(tables: _Tables) -> list[OldWardRow]:
    """One row per district a ward lay in; a district that was followed without wards in between bears its own name."""
    wards: list[OldWardRow] = []
    for row in tables.units.values():
        if row.kind is UnitKind.PROVINCE or row.valid_from is not None or row.id not in tables.successors:
            continue
        if row.kind is UnitKind.DISTRICT:
            wards.append(_old_ward(tables, row, district=row, until=row.valid_to))
            continue
        for parent_id, _start, end in tables.parents[row.id]:
            wards.append(_old_ward(tables, row, district=tables.units[parent_id], until=end or row.valid_to))
    return wards


def _old_ward(tables: _Tables, row: _Row, *, district: _Row, until: date | None) -> OldWardRow:
    followed_by = [tables.units[unit] for unit in tables.successors[row.id]]
    merged_into = next((unit.name for unit in followed_by if unit.id in tables.successors), None)
    return OldWardRow(
        name=row.name,
        district=district.name,
        province=_province(tables, district),
        successors=tuple(dict.fromkeys(_today(tables, row.id))),
        old_code=row.code,
        merged_into=merged_into,
        valid_from=row.valid_from,
        valid_to=until,
    )


def _today(tables: _Tables, unit_id: int) -> list[int]:
    """The units at the end of every line of succession that begins here."""
    following = tables.successors.get(unit_id)
    if not following:
        return [unit_id]
    return [end for successor in following for end in _today(tables, successor)]


def _districts(tables: _Tables) -> list[DistrictRow]:
    return [
        DistrictRow(row.name, _province(tables, row), valid_from=row.valid_from, valid_to=row.valid_to)
        for row in tables.units.values()
        if row.kind is UnitKind.DISTRICT
    ]


def _province(tables: _Tables, district: _Row) -> str:
    parents = tables.parents.get(district.id, [])
    return tables.units[parents[-1][0]].name if parents else district.former_province or ""
