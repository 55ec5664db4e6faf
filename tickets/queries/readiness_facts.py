"""What there is of every unit, and of the city, for whoever asks whether it is ready: a handful of statements."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, extract, func, or_, select
from sqlalchemy.orm import Session, aliased

from tickets import done_days
from tickets.city import day_of
from tickets.directory.going_live import is_live_on
from tickets.directory.units import AREA_KINDS, in_force
from tickets.schema import (
    Calendar,
    Call,
    Category,
    ContactMethod,
    Holiday,
    Line,
    LineTest,
    NightCall,
    OneStopOffice,
    OutboundMessage,
    Procedure,
    Queue,
    RoleAssignment,
    Staff,
    Unit,
)
from tickets.states import Level, NightResult, OutboundChannel, OutboundState, QueueKind, Role, UnitKind

# Within this time somebody should have taken up the telephone, by a test or for a citizen.
_LINE_ANSWERED_WITHIN = timedelta(days=30)
# Kinds that receive citizens at a counter.
WITH_OFFICE = (*AREA_KINDS, UnitKind.DEPARTMENT, UnitKind.ONE_STOP_CENTRE)


@dataclass(frozen=True, slots=True)
class LineFact:
    """A published line: when somebody last took it up, and when it was last tested with which end."""

    line_id: int
    phone: str
    answered_at: datetime | None
    tested_at: datetime | None
    tested: str

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None


@dataclass(frozen=True, slots=True)
class WorkingUnit:
    unit_id: int
    code: str
    name: str
    name_en: str
    sort_key: str
    kind: UnitKind
    is_live: bool
    lat: float | None
    lon: float | None
    offices: int = 0
    has_address: bool = False
    has_hours: bool = False
    lines: tuple[LineFact, ...] = ()
    agents: int = 0
    agents_with_phone: int = 0
    has_procedures: bool = False

    @property
    def wants_office(self) -> bool:
        return self.kind in WITH_OFFICE

    @property
    def level(self) -> Level:
        return Level.WARD if self.kind in AREA_KINDS else Level.CITY


@dataclass(frozen=True, slots=True)
class Installation:
    """What the installation itself knows of the outside world, and no row tells."""

    has_provider: bool
    has_mail: bool


@dataclass(frozen=True, slots=True)
class CityFacts:
    has_provider: bool
    has_mail: bool
    has_city_line: bool
    last_backup_at: datetime | None
    has_calendar: bool
    years_planned: frozenset[int]
    # Matters of the city level for which no department is named, by their codes.
    categories: tuple[str, ...]


def unit_facts(session: Session, *, unit_ids: Collection[int] | None = None, now: datetime) -> list[WorkingUnit]:
    """Of every body that works tickets, by name; `unit_ids` narrows it."""
    units = _units(session, unit_ids, day_of(now))
    offices, lines = _offices(session), _lines(session, now)
    agents, procedures = _agents(session, now), _procedures(session)
    found = []
    for unit_id, code, name, name_en, sort_key, kind, lat, lon, is_live in units:
        number, addresses, hours = offices.get(unit_id, (0, False, False))
        count, proved = agents.get(unit_id, (0, 0))
        found.append(
            WorkingUnit(
                unit_id, code or "", name, name_en, sort_key, kind, is_live, lat, lon,
                offices=number, has_address=addresses, has_hours=hours, lines=tuple(lines.get(unit_id, ())),
                agents=count, agents_with_phone=proved,
                has_procedures=(None if kind in AREA_KINDS or kind is UnitKind.ONE_STOP_CENTRE else unit_id)
                in procedures,
            )
        )  # fmt: skip
    return found


def city_facts(session: Session, here: Installation, *, now: datetime) -> CityFacts:
    years = session.scalars(select(extract("year", Holiday.day)).where(Holiday.kind == "off").distinct())
    return CityFacts(
        has_provider=here.has_provider,
        has_mail=here.has_mail,
        has_city_line=bool(session.scalar(select(exists().where(Line.is_city, _runs(day_of(now)))))),
        last_backup_at=done_days.last_done(session, done_days.BACKUP),
        has_calendar=bool(session.scalar(select(exists().select_from(Calendar)))),
        years_planned=frozenset(int(year) for year in years),
        categories=_without_department(session),
    )


def _units(session: Session, unit_ids: Collection[int] | None, today: date) -> list[tuple[Any, ...]]:
    statement = (
        select(
            Unit.id, Unit.code, Unit.name, Unit.name_en, Unit.sort_key, Unit.kind, Unit.lat, Unit.lon,
            is_live_on(today),
        )
        .join(Queue, and_(Queue.unit_id == Unit.id, Queue.kind == QueueKind.WORK))
        .where(in_force(today))
        .order_by(Unit.sort_key, Unit.id)
    )  # fmt: skip
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(unit_ids))
    return [tuple(row) for row in session.execute(statement)]


def _offices(session: Session) -> dict[int, tuple[int, bool, bool]]:
    rows = session.execute(
        select(
            OneStopOffice.unit_id,
            func.count(),
            func.bool_and(OneStopOffice.address != ""),
            func.bool_and(OneStopOffice.opening_hours != ""),
        ).group_by(OneStopOffice.unit_id)
    )
    return {unit_id: (number, addresses, hours) for unit_id, number, addresses, hours in rows}


def _lines(session: Session, now: datetime) -> Mapping[int, list[LineFact]]:
    since = now - _LINE_ANSWERED_WITHIN
    # The youngest of each line, not all that were answered on it. Nobody answers before a call arrives.
    answered_on = Call.line_id == Line.id, Call.answered_at > since, Call.arrived_at > since
    youngest = select(Call.answered_at).where(*answered_on).order_by(Call.answered_at.desc()).limit(1)
    last_answered = select(Line.id, youngest.correlate(Line).scalar_subquery())
    taken: dict[int, datetime | None] = {line_id: at for line_id, at in session.execute(last_answered)}
    for line_id, at in session.execute(
        select(NightCall.line_id, func.max(NightCall.pressed_at))
        .where(NightCall.result == NightResult.ANSWERED, NightCall.night >= day_of(since))
        .group_by(NightCall.line_id)
    ):
        taken[line_id] = max((one for one in (taken.get(line_id), at) if one is not None), default=None)
    last = select(func.max(LineTest.id)).group_by(LineTest.line_id)
    # By its key for each test: a join might read every message there is.
    state, error_code = (
        select(column).where(OutboundMessage.dedup_key == LineTest.dedup_key).scalar_subquery()
        for column in (OutboundMessage.state, OutboundMessage.error_code)
    )
    tests = select(LineTest.line_id, LineTest.asked_at, state, error_code).where(LineTest.id.in_(last))
    tested = {line_id: (at, _how(state, error)) for line_id, at, state, error in session.execute(tests)}
    found = defaultdict[int, list[LineFact]](list)
    rows = session.execute(
        select(Line.id, Line.phone, OneStopOffice.unit_id)
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .where(_runs(day_of(now)))
        .order_by(Line.id)
    )
    for line_id, phone, unit_id in rows:
        at, how = tested.get(line_id, (None, ""))
        proved = at if how == OutboundState.DELIVERED and at is not None and at > now - _LINE_ANSWERED_WITHIN else None
        answered = max((one for one in (taken.get(line_id), proved) if one is not None), default=None)
        found[unit_id].append(LineFact(line_id, phone, answered, at, how))
    return found


def _how(state: OutboundState | None, error_code: str | None) -> str:
    """How a test call stands: the state of its message, or why nobody was there."""
    if state is None:
        return ""
    return error_code or state.value if state is OutboundState.FAILED else state.value


def _agents(session: Session, now: datetime) -> dict[int, tuple[int, int]]:
    proved = aliased(ContactMethod)
    has_phone = exists().where(
        proved.staff_id == Staff.id,
        proved.verified_at.is_not(None),
        proved.kind.in_((OutboundChannel.SMS, OutboundChannel.VOICE)),
    )
    rows = session.execute(
        select(
            RoleAssignment.unit_id,
            func.count(Staff.id.distinct()),
            func.count(Staff.id.distinct()).filter(has_phone),
        )
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .where(
            Staff.disabled_at.is_(None),
            RoleAssignment.role == Role.AGENT,
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
        .group_by(RoleAssignment.unit_id)
    )
    return {unit_id: (count, with_phone) for unit_id, count, with_phone in rows}


def _procedures(session: Session) -> set[int | None]:
    """Departments that have some, and None where there are any of the ward level."""
    rows = session.execute(select(Procedure.level, Procedure.department_id).distinct())
    return {None if level is Level.WARD else department_id for level, department_id in rows}


def _without_department(session: Session) -> tuple[str, ...]:
    child = aliased(Category)
    statement = select(Category.code).where(
        Category.level == Level.CITY,
        Category.department_id.is_(None),
        Category.retired_at.is_(None),
        Category.conduct == "",
        ~exists().where(child.parent_id == Category.id),
    )
    return tuple(session.scalars(statement.order_by(Category.position, Category.id)))


def _runs(today: date) -> ColumnElement[bool]:
    return and_(
        or_(Line.valid_from.is_(None), Line.valid_from <= today), or_(Line.valid_to.is_(None), Line.valid_to > today)
    )
