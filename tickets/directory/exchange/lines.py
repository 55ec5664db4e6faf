"""Published lines as a file: a number is published at a unit's one-stop office from a day on, or withdrawn."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.removal import removed
from tickets.directory.lines import LineFacts, correct_line, insert_lines
from tickets.directory.offices import OfficeFacts, insert_offices
from tickets.schema import Line, OneStopOffice, Unit
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue


class Lines(FileKind):
    name = "lines"
    columns = (
        Column("phone", Reads.PHONE, needed=True, longest=40),
        Column("label"),
        Column("unit", Reads.UNIT, needed=True),
        Column("office"),
        Column("is_city", Reads.YES_NO),
        Column("provider_account", longest=40),
        Column("valid_from", Reads.DAY),
        Column("valid_to", Reads.DAY),
    )
    key = ("phone",)
    ends = "valid_to"

    def judge(self, row: TextRow) -> None:
        begins, ends = row.get("valid_from"), row.get("valid_to")
        if begins and ends and ends <= begins:
            raise BadValue("ends_before_it_begins", ends, column="valid_to")

    def complete(self, row: TextRow) -> None:
        row["label"] = row["label"] or self.units.by_code[row["unit"]].name

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        kept = {column: cells.get(column) or before[column] for column in ("label", "office")}
        if cells.get("unit", before["unit"]) != before["unit"] and not cells.get("office"):
            kept["office"] = ""
        return {**before, **cells, **kept}

    def standing(self) -> list[TextRow]:
        rows = self.session.execute(
            select(Line, OneStopOffice.name, Unit.code)
            .join(OneStopOffice, OneStopOffice.id == Line.office_id)
            .join(Unit, Unit.id == OneStopOffice.unit_id)
            .where(Line.valid_to.is_(None))
            .order_by(Line.id)
        )
        return [
            {
                "phone": line.phone,
                "label": line.label,
                "unit": unit_code or "",
                "office": office,
                "is_city": "true" if line.is_city else "false",
                "provider_account": line.provider_account or "",
                "valid_from": str(line.valid_from or ""),
                "valid_to": str(line.valid_to or ""),
            }
            for line, office, unit_code in rows
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        """A number that is not in the file stays as it is."""
        for change in changes:
            row = change.after
            office_id = self._office(row)
            begins, ends = _day(row["valid_from"]), _day(row["valid_to"])
            is_city, account = row["is_city"] == "true", row["provider_account"] or None
            if change.before is None:
                insert_lines(self.session, [LineFacts(row["phone"], row["label"], office_id, is_city, begins, account)])
            wanted = {
                "label": row["label"], "office_id": office_id, "is_city": is_city, "provider_account": account,
                "valid_from": begins, "valid_to": ends,
            }  # fmt: skip
            line_id = change.kept.get("line") or self._line(row["phone"])
            correct_line(self.session, line_id, wanted)
            change.kept["line"] = line_id

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="line", row_id=change.kept["line"])

    def _line(self, phone: str) -> int:
        return self.session.scalars(select(Line.id).where(Line.phone == phone, Line.valid_to.is_(None))).one()

    def _office(self, row: TextRow) -> int:
        """The unit's office of that name (its first one, if none is named); made when there is none."""
        unit = self.units.by_code[row["unit"]]
        wanted = select(OneStopOffice.id).where(OneStopOffice.unit_id == unit.id).order_by(OneStopOffice.id).limit(1)
        if row["office"]:
            wanted = wanted.where(OneStopOffice.name == row["office"])
        found = self.session.scalar(wanted)
        if found is not None:
            return found
        name = row["office"] or f"Bộ phận Một cửa {unit.name}"
        return insert_offices(self.session, [OfficeFacts(unit.id, name, f"One-stop office, {unit.name_en}")])[0]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
