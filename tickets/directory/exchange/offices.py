"""One-stop offices as a file: where people go, when, and how many desks wait for them."""

from collections.abc import Sequence

from sqlalchemy import select

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.removal import removed
from tickets.directory.exchange.units import number_text
from tickets.directory.offices import OfficeFacts, correct_office, insert_offices
from tickets.schema import OneStopOffice, Unit
from tickets.sheets.columns import Column, Reads


class Offices(FileKind):
    name = "offices"
    columns = (
        Column("unit", Reads.UNIT, needed=True),
        Column("name", longest=200),
        Column("name_en", longest=200),
        Column("address", longest=500),
        Column("opening_hours", longest=500),
        Column("lat", Reads.NUMBER, low=-90, high=90),
        Column("lon", Reads.NUMBER, low=-180, high=180),
        Column("counters", Reads.WHOLE, high=1000),
        Column("devices", longest=1000),
        Column("duty_staff", longest=1000),
    )
    key = ("unit", "name")
    _first: dict[str, TextRow] | None = None

    def judge(self, row: TextRow) -> None:
        """A unit's one office needs no name."""
        if self._first is None:
            self._first = {}
            for standing in self.standing():
                self._first.setdefault(standing["unit"], standing)
        if not row.get("name"):
            unit, first = self.units.by_code[row["unit"]], self._first.get(row["unit"])
            row["name"] = first["name"] if first else f"Bộ phận Một cửa {unit.name}"

    def complete(self, row: TextRow) -> None:
        unit = self.units.by_code[row["unit"]]
        row["name_en"] = row["name_en"] or f"One-stop office, {unit.name_en}"

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        return {**before, **cells, "name_en": cells.get("name_en") or before["name_en"]}

    def standing(self) -> list[TextRow]:
        rows = self.session.execute(
            select(OneStopOffice, Unit.code).join(Unit, Unit.id == OneStopOffice.unit_id).order_by(OneStopOffice.id)
        )
        return [
            {
                "unit": code or "",
                "name": office.name,
                "name_en": office.name_en,
                "address": office.address,
                "opening_hours": office.opening_hours,
                "lat": number_text(office.lat),
                "lon": number_text(office.lon),
                "counters": number_text(office.counters),
                "devices": office.devices,
                "duty_staff": office.duty_staff,
            }
            for office, code in rows
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        fresh = [change for change in changes if change.before is None]
        facts = [OfficeFacts(self.units.id(o.after["unit"]), o.after["name"], o.after["name_en"]) for o in fresh]
        for change, office_id in zip(fresh, insert_offices(self.session, facts), strict=True):
            change.kept["office"] = office_id
        ids = {
            (unit_id, name): office_id
            for office_id, unit_id, name in self.session.execute(
                select(OneStopOffice.id, OneStopOffice.unit_id, OneStopOffice.name)
            )
        }
        for change in changes:
            row = change.after
            columns = {
                "name_en": row["name_en"],
                "address": row["address"],
                "opening_hours": row["opening_hours"],
                "lat": float(row["lat"]) if row["lat"] else None,
                "lon": float(row["lon"]) if row["lon"] else None,
                "counters": int(row["counters"]) if row["counters"] else None,
                "devices": row["devices"],
                "duty_staff": row["duty_staff"],
            }
            correct_office(self.session, ids[self.units.id(row["unit"]), row["name"]], columns)

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="one_stop_office", row_id=change.kept["office"])
