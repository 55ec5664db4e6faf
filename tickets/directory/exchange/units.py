"""Units as CSV: bodies that begin, end or are corrected, and from whom they took over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.exchange.rows import (
    BadValue,
    ImportOutcome,
    Rows,
    needed_text,
    one_of,
    optional_date,
    optional_number,
    read_rows,
    written,
)
from tickets.directory.sort_keys import sort_key
from tickets.directory.units import UnitFacts, correct_unit, insert_successions, insert_units, unit_by_code
from tickets.schema import Unit, UnitSuccession
from tickets.states import UnitKind

UNIT_COLUMNS = (
    "code",
    "name",
    "name_en",
    "kind",
    "parent",
    "former_province",
    "valid_from",
    "valid_to",
    "lat",
    "lon",
    "predecessors",
    "source",
)
_NEEDED = ("code", "name", "kind", "valid_from")


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A row of the file. `predecessors` are (code, is_partial) of units that existed on the day before `valid_from`."""

    code: str
    valid_from: date
    columns: Mapping[str, object]
    parent: str
    predecessors: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class UnitsImported:
    outcome: ImportOutcome
    new_ids: tuple[int, ...]


def parse_units(session: Session, text: str) -> Rows[UnitLine]:
    """The rows, judged against the file and the directory; a unit is the same one when code and first day are."""
    known = {code for code in session.scalars(select(Unit.code).distinct()) if code}

    def judge(row: Mapping[str, str]) -> UnitLine:
        unit = _judged(row)
        for code in [unit.parent, *(code for code, _ in unit.predecessors)]:
            if code and code not in known:
                raise BadValue("no_such_unit", code)
        # A unit may name one that stands further up in the same file.
        known.add(unit.code)
        return unit

    return read_rows(text, UNIT_COLUMNS, judge, needed=_NEEDED, key=lambda unit: (unit.code, unit.valid_from))


def _judged(row: Mapping[str, str]) -> UnitLine:
    start, end = optional_date(row["valid_from"], "valid_from"), optional_date(row["valid_to"], "valid_to")
    if start is None:
        raise BadValue("missing", "valid_from")
    if end is not None and end <= start:
        raise BadValue("ends_before_it_begins", row["valid_to"])
    name = needed_text(row["name"], "name")
    columns: dict[str, object] = {
        "name": name,
        "name_en": row["name_en"] or name,
        "sort_key": sort_key(name),
        "kind": one_of(UnitKind, row["kind"], "kind"),
        "former_province": row["former_province"] or None,
        "valid_to": end,
        "lat": optional_number(row["lat"], "lat", low=-90, high=90),
        "lon": optional_number(row["lon"], "lon", low=-180, high=180),
        "source": row["source"],
    }
    predecessors = tuple(
        (code.rstrip("*").strip(), code.endswith("*")) for code in row["predecessors"].split("|") if code.strip("* ")
    )
    return UnitLine(needed_text(row["code"], "code", longest=40), start, columns, row["parent"], predecessors)


def write_units(session: Session, rows: Sequence[UnitLine]) -> UnitsImported:
    """Add and correct units; nobody is removed: a unit ends by its `valid_to`."""
    added, changed, new_ids, unchanged = [], [], [], 0
    for row in rows:
        parent = unit_by_code(session, row.parent, on=row.valid_from) if row.parent else None
        wanted = {**row.columns, "parent_id": parent.id if parent else None}
        unit = session.scalars(
            select(Unit).where(Unit.code == row.code, Unit.valid_from == row.valid_from)
        ).one_or_none()
        if unit is None:
            unit_id = _insert(session, row, wanted)
            added.append(f"{row.code} {row.columns['name']}")
            new_ids.append(unit_id)
        elif any(getattr(unit, column) != value for column, value in wanted.items()):
            correct_unit(session, unit.id, wanted)
            changed.append(f"{row.code} {row.columns['name']}")
        else:
            unchanged += 1
    return UnitsImported(ImportOutcome(tuple(added), tuple(changed), unchanged), tuple(new_ids))


def _insert(session: Session, row: UnitLine, wanted: Mapping[str, object]) -> int:
    facts = {name: value for name, value in wanted.items() if name != "sort_key"}
    (unit_id,) = insert_units(session, [UnitFacts(code=row.code, valid_from=row.valid_from, **facts)])  # type: ignore[arg-type]  # checked columns
    eve = row.valid_from - timedelta(days=1)
    edges = []
    for code, is_partial in row.predecessors:
        old = unit_by_code(session, code, on=eve)
        if old is not None:
            edges.append((old.id, unit_id, is_partial))
    insert_successions(session, edges)
    return unit_id


def units_as_csv(session: Session) -> str:
    """Every body with a code and a known first day, in the form that can be brought in again."""
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    before: dict[int, list[str]] = {}
    for old, new, is_partial in session.execute(
        select(UnitSuccession.predecessor_id, UnitSuccession.successor_id, UnitSuccession.is_partial).order_by(
            UnitSuccession.id
        )
    ):
        if code := units[old].code:
            before.setdefault(new, []).append(f"{code}*" if is_partial else code)
    shown = sorted(
        (u for u in units.values() if u.code and u.valid_from), key=lambda u: (u.valid_from or date.min, u.id)
    )
    return written(UNIT_COLUMNS, (_told(unit, units, before.get(unit.id, [])) for unit in shown))


def _told(unit: Unit, units: Mapping[int, Unit], predecessors: Sequence[str]) -> dict[str, object]:
    return {
        "code": unit.code,
        "name": unit.name,
        "name_en": unit.name_en,
        "kind": unit.kind.value,
        "parent": units[unit.parent_id].code if unit.parent_id else None,
        "former_province": unit.former_province,
        "valid_from": unit.valid_from,
        "valid_to": unit.valid_to,
        "lat": unit.lat,
        "lon": unit.lon,
        "predecessors": "|".join(predecessors),
        "source": unit.source,
    }
