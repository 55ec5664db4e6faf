"""Writes what every body needs to be reached: one-stop offices, lines, queues and posts."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.files import rows_of
from tickets.directory.lines import LineFacts, insert_lines
from tickets.directory.offices import OfficeFacts, insert_offices
from tickets.directory.on_call import insert_posts
from tickets.directory.places.shipped import MERGER
from tickets.directory.queues import insert_queues
from tickets.directory.units import AREA_KINDS
from tickets.schema import Unit
from tickets.states import QueueKind, UnitKind

CITY_PHONE = "+842838000000"
OFFICE_HOURS = "07:30–11:30, 13:00–17:00"
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
    _offices_and_lines(session, units)
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


def invented_phone(code: str, position: int) -> str:
    """A number nobody has: 028 9… was never assigned. An area's ends with its code, so that it is easily told apart."""
    return f"+84289{code if code.isdigit() else position:0>7}"


def _offices_and_lines(session: Session, units: list[Unit]) -> None:
    at = [unit for unit in units if unit.kind in (*AREA_KINDS, UnitKind.DEPARTMENT, UnitKind.ONE_STOP_CENTRE)]
    desk = next(unit for unit in units if unit.code == OPERATIONS)
    offices = insert_offices(session, [_office(unit) for unit in [desk, *at]])
    lines = [LineFacts(CITY_PHONE, desk.name, offices[0], is_city=True, valid_from=MERGER)]
    lines += [
        LineFacts(invented_phone(unit.code or "", position), unit.name, office, valid_from=MERGER)
        for position, (unit, office) in enumerate(zip(at, offices[1:], strict=True), start=101)
    ]
    insert_lines(session, lines)


def _office(unit: Unit) -> OfficeFacts:
    if unit.code == OPERATIONS:
        name, name_en = "Bộ phận Một cửa Thành phố - đường dây nóng", "City one-stop office - hotline"
        return OfficeFacts(unit.id, name, name_en, opening_hours="00:00–24:00")
    if unit.kind is UnitKind.ONE_STOP_CENTRE:
        return OfficeFacts(unit.id, unit.name, unit.name_en, opening_hours=OFFICE_HOURS)
    if unit.kind is UnitKind.DEPARTMENT:
        return OfficeFacts(
            unit.id, f"Bộ phận Một cửa {unit.name}", f"One-stop office, {unit.name_en}", opening_hours=OFFICE_HOURS
        )
    return OfficeFacts(
        unit.id,
        f"Trung tâm Phục vụ hành chính công {unit.name}",
        f"Public Administration Service Centre, {unit.name_en}",
        opening_hours=OFFICE_HOURS,
    )


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
