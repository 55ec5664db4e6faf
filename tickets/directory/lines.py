"""Published phone numbers: which office's line it is, and therefore which unit a call on it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, insert, or_, select, update
from sqlalchemy.orm import Session

from tickets.schema import Line, OneStopOffice, Unit


@dataclass(frozen=True, slots=True)
class LineFacts:
    phone: str
    label: str
    office_id: int
    is_city: bool = False
    valid_from: date | None = None
    provider_account: str | None = None


@dataclass(frozen=True, slots=True)
class DialledLine:
    """A line with the unit its office belongs to. A city line stands for no place: its callers are asked."""

    id: int
    phone: str
    label: str
    is_city: bool
    office_id: int
    unit_id: int
    unit_code: str | None
    unit_name: str


def insert_lines(session: Session, facts: Sequence[LineFacts]) -> None:
    if facts:
        session.execute(
            insert(Line),
            [
                {
                    "phone": line.phone,
                    "label": line.label,
                    "office_id": line.office_id,
                    "is_city": line.is_city,
                    "valid_from": line.valid_from,
                    "provider_account": line.provider_account,
                }
                for line in facts
            ],
        )


def correct_line(session: Session, line_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(Line).where(Line.id == line_id).values(columns))


def city_line(session: Session, *, on: date) -> DialledLine | None:
    """The number of the whole city: of several the one published last, for old and new stand side by side at first."""
    newest = (Line.valid_from.desc().nulls_last(), Line.id.desc())
    return _one(session, _lines(on).where(Line.is_city.is_(True)).order_by(*newest).limit(1))


def published_lines(session: Session, *, unit_id: int | None = None, on: date) -> list[DialledLine]:
    """All lines of that day, or a unit's."""
    wanted = _lines(on).order_by(Line.is_city.desc(), Unit.sort_key, Line.phone)
    if unit_id is not None:
        wanted = wanted.where(OneStopOffice.unit_id == unit_id)
    return [DialledLine(*row) for row in session.execute(wanted)]


def _lines(on: date) -> Select[int, str, str, bool, int, int, str | None, str]:
    return (
        select(
            Line.id,
            Line.phone,
            Line.label,
            Line.is_city,
            Line.office_id,
            OneStopOffice.unit_id,
            Unit.code,
            Unit.name,
        )
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .join(Unit, Unit.id == OneStopOffice.unit_id)
        .where(or_(Line.valid_from.is_(None), Line.valid_from <= on), or_(Line.valid_to.is_(None), Line.valid_to > on))
    )


def _one(session: Session, wanted: Select[int, str, str, bool, int, int, str | None, str]) -> DialledLine | None:
    row = session.execute(wanted).first()
    return DialledLine(*row) if row else None


def unit_of_line(session: Session, line_id: int) -> int | None:
    """Whose published line it is; None for none."""
    statement = select(OneStopOffice.unit_id).join(Line, Line.office_id == OneStopOffice.id).where(Line.id == line_id)
    return session.scalar(statement)
