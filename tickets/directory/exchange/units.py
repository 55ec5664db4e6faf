"""Units as a file: bodies that begin, end or are corrected, and from whom they took over."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.removal import removed
from tickets.directory.sort_keys import sort_key
from tickets.directory.units import UnitFacts, correct_unit, insert_successions, insert_units, unit_by_code
from tickets.schema import Unit, UnitSuccession
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue
from tickets.states import UnitKind


class Units(FileKind):
    name = "units"
    columns = (
        Column("code", needed=True, longest=40),
        Column("name", needed=True),
        Column("name_en"),
        Column("kind", Reads.CHOICE, needed=True, words="unit_kind"),
        Column("parent", longest=40),
        Column("former_province"),
        Column("valid_from", Reads.DAY, needed=True),
        Column("valid_to", Reads.DAY),
        Column("lat", Reads.NUMBER, low=-90, high=90),
        Column("lon", Reads.NUMBER, low=-180, high=180),
        Column("predecessors"),
        Column("source"),
    )
    key = ("code", "valid_from")
    ends = "valid_to"
    # Bodies this file makes, for whoever gives them queues and posts.
    new_ids: tuple[int, ...] = ()
    _codes: set[str] | None = None

    def name_of(self, row: TextRow) -> str:
        return f"{row['code']} {row['name']}"

    def judge(self, row: TextRow) -> None:
        if row.get("valid_to") and row["valid_to"] <= row["valid_from"]:
            raise BadValue("ends_before_it_begins", row["valid_to"], column="valid_to")
        if self._codes is None:
            self._codes = {code for code in self.session.scalars(select(Unit.code).distinct()) if code}
        for column, codes in (("parent", [row.get("parent", "")]), ("predecessors", _codes(row))):
            for code in codes:
                if code and code not in self._codes:
                    raise BadValue("no_such_unit", code, column=column)
        # A unit may name one that stands further up in the same file.
        self._codes.add(row["code"])

    def complete(self, row: TextRow) -> None:
        row["name_en"] = row["name_en"] or row["name"]

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        # Who took over from whom is history; the file that made the unit told it.
        kept = {"name_en": cells.get("name_en") or before["name_en"], "predecessors": before["predecessors"]}
        return {**before, **cells, **kept}

    def standing(self) -> list[TextRow]:
        """Every body with a code and a known first day."""
        units = {unit.id: unit for unit in self.session.scalars(select(Unit))}
        before = _predecessors(self.session, units)
        shown = sorted(
            (u for u in units.values() if u.code and u.valid_from), key=lambda u: (u.valid_from or date.min, u.id)
        )
        return [_told(unit, units, before.get(unit.id, [])) for unit in shown]

    def write(self, changes: Sequence[RowChange]) -> None:
        """Nobody is removed: a unit ends by its `valid_to`."""
        made = []
        for change in changes:
            row = change.after
            parent = unit_by_code(self.session, row["parent"], on=_day(row, "valid_from")) if row["parent"] else None
            if change.before is None:
                unit_id = _insert(self.session, row, parent.id if parent else None)
                change.kept["unit"] = unit_id
                made.append(unit_id)
            else:
                unit = self.session.scalars(_the_unit(row)).one()
                correct_unit(self.session, unit.id, {**_columns(row), "parent_id": parent.id if parent else None})
        self.new_ids = tuple(made)

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="unit", row_id=change.kept["unit"], with_it=_MADE_WITH_A_UNIT)


_MADE_WITH_A_UNIT = (
    ("unit_succession", "successor_id"),
    ("unit_membership", "unit_id"),
    ("queue", "unit_id"),
    ("post", "unit_id"),
)


def _the_unit(row: TextRow) -> Select[Unit]:
    return select(Unit).where(Unit.code == row["code"], Unit.valid_from == _day(row, "valid_from"))


def _day(row: TextRow, column: str) -> date:
    return date.fromisoformat(row[column])


def _columns(row: TextRow) -> dict[str, object]:
    return {
        "name": row["name"],
        "name_en": row["name_en"] or row["name"],
        "sort_key": sort_key(row["name"]),
        "kind": UnitKind(row["kind"]),
        "former_province": row["former_province"] or None,
        "valid_to": _day(row, "valid_to") if row["valid_to"] else None,
        "lat": float(row["lat"]) if row["lat"] else None,
        "lon": float(row["lon"]) if row["lon"] else None,
        "source": row["source"],
    }


def _codes(row: TextRow) -> list[str]:
    return [code.rstrip("*").strip() for code in row.get("predecessors", "").split("|") if code.strip("* ")]


def _insert(session: Session, row: TextRow, parent_id: int | None) -> int:
    facts = {name: value for name, value in _columns(row).items() if name != "sort_key"}
    begins = _day(row, "valid_from")
    wanted = UnitFacts(code=row["code"], valid_from=begins, parent_id=parent_id, **facts)  # type: ignore[arg-type]  # checked columns
    (unit_id,) = insert_units(session, [wanted])
    edges = []
    for told in row["predecessors"].split("|"):
        old = unit_by_code(session, told.strip("* "), on=begins - timedelta(days=1)) if told.strip("* ") else None
        if old is not None:
            edges.append((old.id, unit_id, told.strip().endswith("*")))
    insert_successions(session, edges)
    return unit_id


def _predecessors(session: Session, units: dict[int, Unit]) -> dict[int, list[str]]:
    before: dict[int, list[str]] = {}
    for old, new, is_partial in session.execute(
        select(UnitSuccession.predecessor_id, UnitSuccession.successor_id, UnitSuccession.is_partial).order_by(
            UnitSuccession.id
        )
    ):
        if code := units[old].code:
            before.setdefault(new, []).append(f"{code}*" if is_partial else code)
    return before


def _told(unit: Unit, units: dict[int, Unit], predecessors: Sequence[str]) -> TextRow:
    return {
        "code": unit.code or "",
        "name": unit.name,
        "name_en": unit.name_en,
        "kind": unit.kind.value,
        "parent": (units[unit.parent_id].code or "") if unit.parent_id else "",
        "former_province": unit.former_province or "",
        "valid_from": str(unit.valid_from),
        "valid_to": str(unit.valid_to or ""),
        "lat": number_text(unit.lat),
        "lon": number_text(unit.lon),
        "predecessors": "|".join(predecessors),
        "source": unit.source,
    }


def number_text(number: float | None) -> str:
    """As the cells of a file are read."""
    return "" if number is None else str(int(number)) if float(number).is_integer() else repr(float(number))
