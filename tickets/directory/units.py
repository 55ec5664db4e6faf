"""The bodies that answer, and those that once did: dated rows, who followed whom, and the city's own desks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.orm import Session

from tickets.directory.sort_keys import sort_key
from tickets.errors import NotFound
from tickets.schema import Queue, Unit, UnitMembership, UnitSuccession
from tickets.states import QueueKind, UnitKind

# Kinds that answer for an area: what "the 168" are.
AREA_KINDS = (UnitKind.WARD, UnitKind.COMMUNE, UnitKind.SPECIAL_ZONE)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit to be written; dates as in `unit`."""

    name: str
    name_en: str
    kind: UnitKind
    code: str | None = None
    parent_id: int | None = None
    former_province: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    lat: float | None = None
    lon: float | None = None
    source: str = ""


def insert_units(session: Session, facts: Sequence[UnitFacts]) -> list[int]:
    """Write new units; their ids in the given order."""
    rows = [
        {
            "code": unit.code,
            "name": unit.name,
            "name_en": unit.name_en,
            "sort_key": sort_key(unit.name),
            "kind": unit.kind,
            "parent_id": unit.parent_id,
            "former_province": unit.former_province,
            "valid_from": unit.valid_from,
            "valid_to": unit.valid_to,
            "lat": unit.lat,
            "lon": unit.lon,
            "source": unit.source,
        }
        for unit in facts
    ]
    return list(session.scalars(insert(Unit).returning(Unit.id, sort_by_parameter_order=True), rows)) if rows else []


def correct_unit(session: Session, unit_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(Unit).where(Unit.id == unit_id).values(columns))


def insert_successions(session: Session, edges: Sequence[tuple[int, int, bool]]) -> None:
    """Write (predecessor, successor, is_partial) edges."""
    if edges:
        session.execute(
            insert(UnitSuccession),
            [{"predecessor_id": old, "successor_id": new, "is_partial": partial} for old, new, partial in edges],
        )


def insert_memberships(session: Session, rows: Sequence[tuple[int, int, date | None, date | None]]) -> None:
    """Write (unit, parent, valid_from, valid_to): the district a ward lay in, the province a district lay in."""
    if rows:
        session.execute(
            insert(UnitMembership),
            [
                {"unit_id": unit, "parent_id": parent, "valid_from": start, "valid_to": end}
                for unit, parent, start, end in rows
            ],
        )


def in_force(on: date) -> ColumnElement[bool]:
    """The condition on `Unit` for bodies that exist on that day."""
    return and_(
        or_(Unit.valid_from.is_(None), Unit.valid_from <= on),
        or_(Unit.valid_to.is_(None), Unit.valid_to > on),
    )


def unit_by_code(session: Session, code: str, *, on: date) -> Unit | None:
    """The body that bears this code on that day; where an area and a body share one, the one that began last."""
    return session.scalars(
        select(Unit).where(Unit.code == code, in_force(on)).order_by(Unit.valid_from.desc().nulls_last()).limit(1)
    ).first()


def unit_named(session: Session, code: str, *, on: date) -> Unit:
    """As `unit_by_code`, raising NotFound."""
    unit = unit_by_code(session, code, on=on)
    if unit is None:
        raise NotFound("unit", code)
    return unit


def current_units(session: Session, *, kinds: Sequence[UnitKind] = (), on: date) -> list[Unit]:
    """The bodies of these kinds (all kinds that answer, if none is named) that exist on that day, by name."""
    wanted = kinds or [kind for kind in UnitKind if kind not in (UnitKind.DISTRICT, UnitKind.PROVINCE)]
    return list(
        session.scalars(select(Unit).where(Unit.kind.in_(wanted), in_force(on)).order_by(Unit.sort_key, Unit.name))
    )


def with_units_below(session: Session, unit_ids: Collection[int]) -> tuple[int, ...]:
    """These units and all that stand below them, at any depth."""
    line = select(Unit.id).where(Unit.id.in_(unit_ids)).cte(recursive=True)
    line = line.union(select(Unit.id).join(line, Unit.parent_id == line.c.id))
    return tuple(session.scalars(select(line.c.id).order_by(line.c.id)))


def city(session: Session) -> Unit:
    """The city itself: where leadership and administration are held."""
    return session.scalars(select(Unit).where(Unit.kind == UnitKind.CITY, Unit.valid_to.is_(None))).one()


def city_office(session: Session) -> Unit:
    """The Office of the City People's Committee: the office that keeps the city's conduct queue."""
    return session.scalars(
        select(Unit)
        .join(Queue, Queue.unit_id == Unit.id)
        .where(Unit.kind == UnitKind.OFFICE, Unit.valid_to.is_(None), Queue.kind == QueueKind.CONDUCT)
    ).one()


def city_operations(session: Session) -> Unit:
    """The desk that answers the city's line: the unit that keeps the triage queue."""
    return session.scalars(
        select(Unit)
        .join(Queue, Queue.unit_id == Unit.id)
        .where(Unit.valid_to.is_(None), Queue.kind == QueueKind.TRIAGE)
        .order_by(Unit.id)
        .limit(1)
    ).one()


@dataclass(frozen=True, slots=True)
class Edge:
    """A neighbour in a unit's history: whom it came from or what became of it, and whether only in part."""

    unit: Unit
    is_partial: bool


def predecessors(session: Session, unit_id: int) -> list[Edge]:
    rows = session.execute(
        select(Unit, UnitSuccession.is_partial)
        .join(UnitSuccession, UnitSuccession.predecessor_id == Unit.id)
        .where(UnitSuccession.successor_id == unit_id)
        .order_by(Unit.sort_key)
    )
    return [Edge(unit, partial) for unit, partial in rows]


def successors(session: Session, unit_id: int) -> list[Edge]:
    rows = session.execute(
        select(Unit, UnitSuccession.is_partial)
        .join(UnitSuccession, UnitSuccession.successor_id == Unit.id)
        .where(UnitSuccession.predecessor_id == unit_id)
        .order_by(Unit.sort_key)
    )
    return [Edge(unit, partial) for unit, partial in rows]
