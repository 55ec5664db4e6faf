"""Published lines as CSV: a number is published at a unit's one-stop office from a day on, or withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.exchange.rows import (
    BadValue,
    ImportOutcome,
    Rows,
    needed_text,
    optional_date,
    read_rows,
    written,
    yes_or_no,
)
from tickets.directory.lines import LineFacts, correct_line, insert_lines
from tickets.directory.offices import OfficeFacts, insert_offices
from tickets.people.phones import parse_phone
from tickets.schema import Line, OneStopOffice, Unit

LINE_COLUMNS = ("phone", "label", "unit", "office", "is_city", "provider_account", "valid_from", "valid_to")
_NEEDED = ("phone", "unit")


@dataclass(frozen=True, slots=True)
class LineRow:
    phone: str
    label: str
    unit_id: int
    unit_name: str
    unit_name_en: str
    office: str
    is_city: bool
    provider_account: str | None
    valid_from: date | None
    valid_to: date | None


def parse_lines(session: Session, text: str) -> Rows[LineRow]:
    units = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.valid_to.is_(None)))}

    def judge(row: Mapping[str, str]) -> LineRow:
        unit = units.get(needed_text(row["unit"], "unit"))
        if unit is None:
            raise BadValue("no_such_unit", row["unit"])
        phone = parse_phone(row["phone"])
        if phone is None:
            raise BadValue("bad_phone", row["phone"])
        return LineRow(
            phone=phone.number,
            label=row["label"] or unit.name,
            unit_id=unit.id,
            unit_name=unit.name,
            unit_name_en=unit.name_en,
            office=row["office"],
            is_city=yes_or_no(row["is_city"], "is_city"),
            provider_account=row["provider_account"] or None,
            valid_from=optional_date(row["valid_from"], "valid_from"),
            valid_to=optional_date(row["valid_to"], "valid_to"),
        )

    return read_rows(text, LINE_COLUMNS, judge, needed=_NEEDED, key=lambda line: line.phone)


def write_lines(session: Session, rows: Sequence[LineRow]) -> ImportOutcome:
    """Publish, correct and withdraw lines; a number that is not in the file stays as it is."""
    known = {line.phone: line for line in session.scalars(select(Line).where(Line.valid_to.is_(None)))}
    added, changed, unchanged = [], [], 0
    for row in rows:
        office_id = _office(session, row)
        line = known.get(row.phone)
        wanted = {
            "label": row.label,
            "office_id": office_id,
            "is_city": row.is_city,
            "provider_account": row.provider_account,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }
        if line is None:
            facts = LineFacts(row.phone, row.label, office_id, row.is_city, row.valid_from, row.provider_account)
            insert_lines(session, [facts])
            added.append(row.phone)
        elif any(getattr(line, column) != value for column, value in wanted.items()):
            correct_line(session, line.id, wanted)
            changed.append(row.phone)
        else:
            unchanged += 1
    return ImportOutcome(tuple(added), tuple(changed), unchanged)


def _office(session: Session, row: LineRow) -> int:
    """The unit's office of that name (its first one, if none is named); made when there is none."""
    wanted = select(OneStopOffice.id).where(OneStopOffice.unit_id == row.unit_id).order_by(OneStopOffice.id).limit(1)
    if row.office:
        wanted = wanted.where(OneStopOffice.name == row.office)
    found = session.scalar(wanted)
    if found is not None:
        return found
    name = row.office or f"Bộ phận Một cửa {row.unit_name}"
    return insert_offices(session, [OfficeFacts(row.unit_id, name, f"One-stop office, {row.unit_name_en}")])[0]


def lines_as_csv(session: Session) -> str:
    rows = session.execute(
        select(Line, OneStopOffice.name, Unit.code)
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .join(Unit, Unit.id == OneStopOffice.unit_id)
        .where(Line.valid_to.is_(None))
        .order_by(Line.id)
    )
    return written(
        LINE_COLUMNS,
        (
            {
                "phone": line.phone,
                "label": line.label,
                "unit": unit_code,
                "office": office,
                "is_city": "true" if line.is_city else "false",
                "provider_account": line.provider_account,
                "valid_from": line.valid_from,
                "valid_to": line.valid_to,
            }
            for line, office, unit_code in rows
        ),
    )
