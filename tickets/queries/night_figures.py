"""What the night check found: by month for everybody, and of each unit its last calls."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tickets.outbox.night_checks import consenting
from tickets.schema import Line, NightCall, Unit
from tickets.states import NightResult


@dataclass(frozen=True, slots=True)
class NightMonth:
    """Calls that were placed and ended, of the nights that began in a month."""

    month: date
    called: int
    answered: int
    rang_out: int
    busy: int
    # A machine, nobody who pressed a key, a wrong number, or one that cannot be reached.
    otherwise: int
    # Until somebody pressed 1; the half of them was faster.
    median_seconds: int | None

    @property
    def share(self) -> float | None:
        return self.answered / self.called if self.called else None


@dataclass(frozen=True, slots=True)
class NightUnit:
    unit_id: int
    name: str
    name_en: str
    consents: bool
    last: NightCall | None
    phone: str


def night_months(session: Session, *, unit_ids: Collection[int] | None = None) -> list[NightMonth]:
    """Of the last twelve months with any call, the latest first."""
    month = func.date_trunc("month", NightCall.night).label("month")
    answered = NightCall.result == NightResult.ANSWERED
    median = func.percentile_cont(0.5).within_group(NightCall.seconds).filter(answered)
    statement = (
        select(
            month,
            func.count(),
            func.count().filter(answered),
            func.count().filter(NightCall.result == NightResult.RANG_OUT),
            func.count().filter(NightCall.result == NightResult.BUSY),
            median,
        )
        .where(NightCall.result.is_not(None), NightCall.result != NightResult.NOT_CALLED)
        .group_by(month)
        .order_by(month.desc())
        .limit(12)
    )
    if unit_ids is not None:
        statement = statement.where(NightCall.unit_id.in_(unit_ids))
    return [_month(*row) for row in session.execute(statement)]


def night_units(session: Session, unit_ids: Collection[int]) -> list[NightUnit]:
    """By name, each with the last call that was placed to one of its lines."""
    last = (
        select(NightCall, Line.phone)
        .join(Line, Line.id == NightCall.line_id)
        .ext(distinct_on(NightCall.unit_id))
        .where(NightCall.unit_id.in_(unit_ids), NightCall.result.is_not(None))
        .where(NightCall.result != NightResult.NOT_CALLED)
        .order_by(NightCall.unit_id, NightCall.night.desc(), NightCall.id.desc())
    )
    calls = {call.unit_id: (call, phone) for call, phone in session.execute(last)}
    consent = consenting(session, unit_ids)
    units = session.scalars(select(Unit).where(Unit.id.in_(unit_ids)).order_by(Unit.sort_key, Unit.id))
    return [_unit(unit, unit.id in consent, *calls.get(unit.id, (None, ""))) for unit in units]


def _month(month: date, called: int, answered: int, rang_out: int, busy: int, median: float | None) -> NightMonth:
    otherwise = called - answered - rang_out - busy
    day = date(month.year, month.month, 1)
    return NightMonth(day, called, answered, rang_out, busy, otherwise, None if median is None else round(median))


def _unit(unit: Unit, consents: bool, last: NightCall | None, phone: str) -> NightUnit:
    return NightUnit(unit.id, unit.name, unit.name_en, consents, last, phone)
