"""The lines and opening hours of the demonstration, which nobody has; in a city of its own none of them may stand.

A city begins without any: what nobody entered is missing, and says so. Installations that were begun when every one got
them lose them at their next start, as far as they are still exactly what was shipped and nobody vouched for them.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.seeding.desks import OPERATIONS
from tickets.audit.entries import record
from tickets.city import day_of
from tickets.directory import releases
from tickets.directory.lines import LineFacts, correct_line, insert_lines
from tickets.directory.offices import OfficeFacts, correct_office, insert_offices
from tickets.directory.places.shipped import MERGER
from tickets.directory.units import AREA_KINDS
from tickets.people.actor import SYSTEM
from tickets.schema import DirectoryConfirmation, DirectoryRelease, Line, OneStopOffice, Staff, Unit
from tickets.schema.base import Json
from tickets.states import UnitKind

CITY_PHONE = "+842838000000"
# 028 9… was never assigned.
_NOBODYS = "+84289"
_FIRST_POSITION = 101
_OFFICE_HOURS = "07:30–11:30, 13:00–17:00"
_DAY_AND_NIGHT = "00:00–24:00"


def give(session: Session, *, now: datetime) -> bool:
    """To every body that receives citizens, where there is neither a line nor an office; false where there is."""
    if _there_is(session, Line) or _there_is(session, OneStopOffice):
        return False
    units = session.scalars(select(Unit).where(Unit.valid_to.is_(None), Unit.code.is_not(None)).order_by(Unit.id)).all()
    desk = next((unit for unit in units if unit.code == OPERATIONS), None)
    if desk is None:
        return False
    at = [unit for unit in units if unit.kind in (*AREA_KINDS, UnitKind.DEPARTMENT, UnitKind.ONE_STOP_CENTRE)]
    offices = insert_offices(session, [_office(unit) for unit in (desk, *at)])
    lines = [LineFacts(CITY_PHONE, desk.name, offices[0], is_city=True, valid_from=MERGER)]
    lines += [
        LineFacts(_phone(unit.code or "", position), unit.name, office, valid_from=MERGER)
        for position, (unit, office) in enumerate(zip(at, offices[1:], strict=True), start=_FIRST_POSITION)
    ]
    insert_lines(session, lines)
    _note(session, "reference.loaded", {"kinds": ["lines"]}, now=now)
    return True


def close(session: Session, *, now: datetime) -> int:
    """End the examples that still stand where nobody plays; returns how many lines that were.

    The public reads nothing of them from this moment, whatever was released: a line that has ended is told to nobody,
    and hours that nobody ever confirmed or released by name are taken out of what was released.
    """
    if session.scalar(select(exists().where(Staff.is_demo, Staff.disabled_at.is_(None)))):
        return 0
    lines, offices = _example_lines(session), _example_offices(session)
    _end(session, lines, offices, on=day_of(now))
    if lines or offices:
        _take_from_the_public(session, {one.id for one in lines}, offices, now=now)
        _note(session, "directory.examples_closed", {"count": len(lines), "offices": len(offices)}, now=now)
    return len(lines)


def _end(session: Session, lines: Sequence[Line], offices: Sequence[OneStopOffice], *, on: date) -> None:
    for line in lines:
        correct_line(session, line.id, {"valid_to": on})
    for office in offices:
        correct_office(session, office.id, {"opening_hours": ""})


def is_example(phone: str) -> bool:
    """Whether nobody can have this number."""
    return phone == CITY_PHONE or phone.startswith(_NOBODYS)


def _example_lines(session: Session) -> list[Line]:
    """Still word for word what was shipped: the number, its day, whose it is and how it is called."""
    rows = session.execute(
        select(Line, Unit)
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .join(Unit, Unit.id == OneStopOffice.unit_id)
        .where(Line.valid_to.is_(None), Line.valid_from == MERGER, Line.provider_account.is_(None))
        .where(Line.label == Unit.name)
        .order_by(Line.id)
    )
    return [line for line, unit in rows if _is_shipped(line, unit)]


def _is_shipped(line: Line, unit: Unit) -> bool:
    if unit.code == OPERATIONS:
        return line.is_city and line.phone == CITY_PHONE
    code = unit.code or ""
    if code.isdigit():
        return not line.is_city and line.phone == _phone(code, 0)
    position = line.phone.removeprefix(_NOBODYS)
    # Three digits that count the bodies, padded.
    return not line.is_city and len(position) == len("0000101") and position.startswith("0000")


def _example_offices(session: Session) -> list[OneStopOffice]:
    """Hours that came with an office of which nobody has entered anything, and which nobody vouched for."""
    vouched = select(DirectoryRelease.unit_id).where(DirectoryRelease.decided_by_id.is_not(None))
    confirmed = select(DirectoryConfirmation.unit_id)
    rows = session.execute(
        select(OneStopOffice, Unit)
        .join(Unit, Unit.id == OneStopOffice.unit_id)
        .where(OneStopOffice.address == "", OneStopOffice.lat.is_(None), OneStopOffice.counters.is_(None))
        .where(OneStopOffice.devices == "", OneStopOffice.duty_staff == "", OneStopOffice.opening_hours != "")
        .where(Unit.id.not_in(vouched), Unit.id.not_in(confirmed))
        .order_by(OneStopOffice.id)
    )
    return [office for office, unit in rows if _is_as_shipped(office, _office(unit))]


def _is_as_shipped(office: OneStopOffice, example: OfficeFacts) -> bool:
    return (office.name, office.name_en, office.opening_hours) == (
        example.name,
        example.name_en,
        example.opening_hours,
    )


def _take_from_the_public(
    session: Session, line_ids: set[int], offices: Sequence[OneStopOffice], *, now: datetime
) -> None:
    """What is released otherwise stays: what somebody has entered since still waits for its release."""
    office_ids = {one.id for one in offices}

    def without(content: Json) -> Json:
        return {**content, "offices": [_without(one, line_ids, office_ids) for one in content["offices"]]}

    of_units = session.scalars(
        select(OneStopOffice.unit_id)
        .outerjoin(Line, Line.office_id == OneStopOffice.id)
        .where(OneStopOffice.id.in_(office_ids) | Line.id.in_(line_ids))
        .distinct()
    ).all()
    releases.corrected(session, of_units, without, now=now)


def _without(office: Json, line_ids: set[int], office_ids: set[int]) -> Json:
    kept = [line for line in office["lines"] if line["id"] not in line_ids]
    return {**office, "lines": kept, **({"hours": ""} if office["id"] in office_ids else {})}


def _phone(code: str, position: int) -> str:
    """A number nobody has. An area's ends with its code, so that it is easily told apart."""
    return f"{_NOBODYS}{code if code.isdigit() else position:0>7}"


def _office(unit: Unit) -> OfficeFacts:
    if unit.code == OPERATIONS:
        name, name_en = "Bộ phận Một cửa Thành phố - đường dây nóng", "City one-stop office - hotline"
        return OfficeFacts(unit.id, name, name_en, opening_hours=_DAY_AND_NIGHT)
    name = f"Trung tâm Phục vụ hành chính công {unit.name}"
    name_en = f"Public Administration Service Centre, {unit.name_en}"
    if unit.kind is UnitKind.ONE_STOP_CENTRE:
        name, name_en = unit.name, unit.name_en
    elif unit.kind is UnitKind.DEPARTMENT:
        name, name_en = f"Bộ phận Một cửa {unit.name}", f"One-stop office, {unit.name_en}"
    return OfficeFacts(unit.id, name, name_en, opening_hours=_OFFICE_HOURS)


def _there_is(session: Session, table: type[Line | OneStopOffice]) -> bool:
    return bool(session.scalar(select(exists().select_from(table))))


def _note(session: Session, action: str, params: Json, *, now: datetime) -> None:
    record(session, actor=SYSTEM, action=action, subject_kind="unit", subject_id=None, params=params, now=now)
