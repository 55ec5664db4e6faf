"""Writes what every body needs to work: queues and posts. Offices and lines are entered by whoever has them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.files import rows_of
from tickets.directory.on_call import insert_posts
from tickets.directory.queues import insert_queues
from tickets.directory.units import AREA_KINDS
from tickets.schema import Unit
from tickets.states import QueueKind, UnitKind

OPERATIONS, CITY_OFFICE = "TTDH", "VPUB"
_TRIAGE = ("Chờ phân loại của Thành phố", "City triage")

_WORKING_KINDS = (
    *AREA_KINDS,
    UnitKind.OFFICE,
    UnitKind.DEPARTMENT,
    UnitKind.ONE_STOP_CENTRE,
    UnitKind.EXTERNAL,
)


def load(session: Session, *, bodies: dict[str, int], areas: dict[str, int]) -> None:
    units = list(
        session.scalars(select(Unit).where(Unit.id.in_([*bodies.values(), *areas.values()])).order_by(Unit.id))
    )
    _queues(session, units)
    _posts(session, units)


def equip(session: Session, unit_ids: Sequence[int]) -> None:
    """Queues and posts for bodies that came later; their lines are published by whoever runs them."""
    give_queues(session, unit_ids)
    give_posts(session, unit_ids)


def give_queues(session: Session, unit_ids: Sequence[int]) -> None:
    _queues(session, _bodies(session, unit_ids))


def give_triage(session: Session, desk: Unit) -> None:
    """Make this body the city's desk: what belongs to no unit yet waits in its triage queue."""
    insert_queues(session, [(desk.id, QueueKind.TRIAGE, *_TRIAGE)])


def give_posts(session: Session, unit_ids: Sequence[int]) -> None:
    _posts(session, _bodies(session, unit_ids))


def _bodies(session: Session, unit_ids: Sequence[int]) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.id.in_(unit_ids)).order_by(Unit.id)))


def _queues(session: Session, units: list[Unit]) -> None:
    rows: list[tuple[int, QueueKind, str, str]] = []
    for unit in units:
        if unit.kind not in _WORKING_KINDS:
            continue
        rows.append((unit.id, QueueKind.WORK, unit.name, unit.name_en))
        if unit.code == OPERATIONS:
            rows.append((unit.id, QueueKind.TRIAGE, *_TRIAGE))
        elif unit.code == CITY_OFFICE or unit.kind in (*AREA_KINDS, UnitKind.DEPARTMENT):
            rows.append((unit.id, QueueKind.CONDUCT, f"Hạn chế - {unit.name}", f"Restricted - {unit.name_en}"))
    insert_queues(session, rows)


def _posts(session: Session, units: list[Unit]) -> None:
    rows = rows_of("posts")
    insert_posts(
        session,
        [
            (unit.id, row["code"], row["name"], row["name_en"])
            for unit in units
            for row in rows
            if unit.kind.value in row["at"].split() or unit.code in row["at"].split()
        ],
    )
