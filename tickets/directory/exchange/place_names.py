"""What people say of places as files: other names, streets with the wards they cross, landmarks."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, select

from tickets.directory.exchange.kind import RowChange, StillNeeded, TextRow
from tickets.directory.exchange.long_kind import FEW_ROWS, LongKind
from tickets.directory.exchange.units import number_text
from tickets.directory.loading import area_rows
from tickets.directory.place_names import (
    correct_place_name,
    districts_named,
    insert_aliases,
    insert_landmarks,
    insert_streets,
    remove_place_names,
    set_street_wards,
    wards_of_streets,
)
from tickets.directory.places import PlaceRows, rows_from_csv
from tickets.directory.places.fold import key as folded
from tickets.directory.places.lexicon import bare
from tickets.schema import Landmark, PlaceAlias, Street, StreetWard
from tickets.schema.place_names import ALIAS_WORDS, LANDMARK_WORDS, STREET_WORDS
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

# What these stand for is a place of the city; the others only warn.
_MEANT_IN = {"city": "city", "province": "province", "district": "district", "earlier_district": "district"}
# One letter or a number would be found in every text.
_SHORTEST_STREET = 2


class _PlaceNames(LongKind):
    table: ClassVar[type[PlaceAlias] | type[Street] | type[Landmark]]
    ends = "retired"

    @cached_property
    def places(self) -> PlaceRows:
        return area_rows(self.session)

    @cached_property
    def districts(self) -> Mapping[str, str]:
        """By their folded names, whole and without "Quận"; those that rows name already too, none that is of two."""
        known: dict[str, set[str]] = {}
        wards = {ward.district for ward in self.places.old_wards}
        for district in (wards | districts_named(self.session)) - {""}:
            for said in (district, bare(district)[1]):
                known.setdefault(" ".join(folded(said)), set()).add(district)
        return {said: next(iter(names)) for said, names in known.items() if len(names) == 1}

    def judge_district(self, row: TextRow) -> None:
        if not row.setdefault("district", ""):
            return
        found = self.districts.get(" ".join(folded(row["district"])))
        if found is None:
            raise BadValue("no_such_district", row["district"], column="district")
        row["district"] = found

    def retiring(self, change: RowChange) -> dict[str, object]:
        return {"retired_at": self.now if change.after["retired"] == "true" else None}

    def take_all_back(self, changes: Sequence[RowChange]) -> list[tuple[RowChange, StillNeeded]]:
        """Nothing points at them: whole files of streets go at once."""
        remove_place_names(self.session, self.table, [change.kept["row"] for change in changes])
        return []


class Aliases(_PlaceNames):
    name = "aliases"
    table, indexed_words = PlaceAlias, ALIAS_WORDS
    columns = (
        Column("kind", Reads.CHOICE, needed=True, words="alias_kind"),
        Column("alias", needed=True, longest=120),
        Column("means", longest=200),
        Column("note", longest=500),
        Column("retired", Reads.YES_NO),
    )
    key = ("kind", "alias")

    def name_of(self, row: TextRow) -> str:
        return row["alias"]

    @cached_property
    def _named(self) -> Mapping[str, frozenset[str]]:
        """What each kind may stand for."""
        provinces = {row.province for row in self.places.districts} | {u.former_province for u in self.places.units}
        return {
            "city": frozenset(unit.name for unit in self.units.by_code.values() if unit.kind.value == "city"),
            "province": frozenset(provinces),
            "district": frozenset(district.name for district in self.places.districts),
        }

    @cached_property
    def _owned(self) -> Mapping[tuple[str, ...], str]:
        """Names that are somebody's own today: they never come to stand for something else."""
        return {folded(bare(unit.name)[1]): unit.name for unit in self.places.units}

    def complete(self, row: TextRow) -> None:
        self._judge_meaning(row)

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        after = {**before, **cells}
        if after["means"] != before["means"]:
            self._judge_meaning(after)
        return after

    def _judge_meaning(self, row: TextRow) -> None:
        named = _MEANT_IN.get(row["kind"])
        if not folded(row["alias"]):
            raise BadValue("missing", "alias", column="alias")
        if row["kind"] == "heard" and not row["means"]:
            raise BadValue("missing", "means", column="means")
        if named is None:
            return
        if row["means"] not in self._named[named]:
            raise BadValue("no_such_place", row["means"] or "means", column="means")
        owner = self._owned.get(folded(row["alias"]))
        if owner is not None and folded(row["alias"]) != folded(bare(row["means"])[1]):
            raise BadValue("name_of_a_unit", owner, column="alias")

    def finder(self, asked: int) -> Callable[[str], TextRow | None]:
        """Where nobody has loaded other names the shipped ones hold: they are written first, and go on holding."""
        if self.session.scalar(select(PlaceAlias.id).limit(1)) is None:
            shipped = ({"kind": one.kind, "alias": one.alias, "means": one.means} for one in rows_from_csv().aliases)
            insert_aliases(self.session, list(shipped))
        return super().finder(asked)

    def told(self, rows: Sequence[Any]) -> list[TextRow]:
        return [
            {"kind": one.kind, "alias": one.alias, "means": one.means, "note": one.note, "retired": _yes(one)}
            for one in rows
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        ids = self.ids_of(changes)
        fresh = [change for change in changes if change.before is None]
        written = insert_aliases(self.session, [self._columns(change) for change in fresh])
        for change, row_id in zip(fresh, written, strict=True):
            change.kept["row"] = row_id
        for change in (one for one in changes if one.before is not None):
            row_id = ids[change.after["kind"], change.after["alias"]]
            correct_place_name(self.session, PlaceAlias, row_id, self._columns(change))

    def _columns(self, change: RowChange) -> dict[str, object]:
        return {name: change.after[name] for name in ("kind", "alias", "means", "note")} | self.retiring(change)


class Streets(_PlaceNames):
    name = "streets"
    table, indexed_words = Street, STREET_WORDS
    columns = (
        Column("name", needed=True, longest=120),
        Column("district", longest=120),
        Column("wards", longest=4000),
        Column("source", longest=500),
        Column("retired", Reads.YES_NO),
    )
    key = ("name", "district")

    def judge(self, row: TextRow) -> None:
        self.judge_district(row)
        if len("".join(folded(row["name"]))) < _SHORTEST_STREET or all(word.isdigit() for word in folded(row["name"])):
            raise BadValue("name_says_nothing", row["name"], column="name")
        if row.get("wards"):
            codes = [self._code(one) for one in row["wards"].replace(";", "|").split("|") if one.strip()]
            row["wards"] = "|".join(sorted(set(codes)))

    def _code(self, text: str) -> str:
        try:
            return self.units.code(text.strip())
        except BadValue as bad:
            raise BadValue(bad.code, bad.detail, column="wards") from None

    def complete(self, row: TextRow) -> None:
        if not row["district"] and not row["wards"]:
            raise BadValue("district_or_ward", column="district")

    def told(self, rows: Sequence[Any]) -> list[TextRow]:
        # A page asks for its own; everything together is read faster than by a hundred thousand ids.
        only = [StreetWard.street_id.in_([one.id for one in rows])] if len(rows) <= FEW_ROWS else []
        wards = wards_of_streets(self.session, *only)
        codes = {unit_id: unit.code or "" for unit_id, unit in self.units.by_id.items()}
        return [
            {
                "name": one.name,
                "district": one.district,
                "wards": "|".join(sorted(filter(None, (codes.get(unit, "") for unit in wards.get(one.id, ()))))),
                "source": one.source,
                "retired": _yes(one),
            }
            for one in rows
        ]

    def at_unit(self, unit_id: int) -> ColumnElement[bool]:
        return Street.id.in_(select(StreetWard.street_id).where(StreetWard.unit_id == unit_id))

    def write(self, changes: Sequence[RowChange]) -> None:
        ids = self.ids_of(changes)
        fresh = [change for change in changes if change.before is None]
        written = insert_streets(self.session, [self._columns(change) for change in fresh])
        for change, row_id in zip(fresh, written, strict=True):
            change.kept["row"] = row_id
            ids[change.after["name"], change.after["district"]] = row_id
        wards: dict[int, list[int]] = {}
        for change in changes:
            row_id, row = ids[change.after["name"], change.after["district"]], change.after
            if change.before is not None:
                correct_place_name(self.session, Street, row_id, self._columns(change))
            if row["wards"] or (change.before or {}).get("wards"):
                wards[row_id] = [self.units.id(code) for code in row["wards"].split("|") if code]
        set_street_wards(self.session, wards)

    def _columns(self, change: RowChange) -> dict[str, object]:
        return {name: change.after[name] for name in ("name", "district", "source")} | self.retiring(change)


class Landmarks(_PlaceNames):
    name = "landmarks"
    table, indexed_words = Landmark, LANDMARK_WORDS
    columns = (
        Column("name", needed=True, longest=200),
        Column("also", longest=1000),
        Column("kind", Reads.CHOICE, needed=True, words="landmark_kind"),
        Column("district", longest=120),
        Column("unit", Reads.UNIT),
        Column("lat", Reads.NUMBER, low=-90, high=90),
        Column("lon", Reads.NUMBER, low=-180, high=180),
        Column("source", longest=500),
        Column("retired", Reads.YES_NO),
    )
    key = ("name", "district")

    def judge(self, row: TextRow) -> None:
        self.judge_district(row)
        if len(folded(row["name"])) < _SHORTEST_STREET:
            raise BadValue("name_says_nothing", row["name"], column="name")

    def complete(self, row: TextRow) -> None:
        if not row["district"] and not row["unit"]:
            raise BadValue("district_or_ward", column="district")

    def told(self, rows: Sequence[Any]) -> list[TextRow]:
        return [
            {
                "name": one.name,
                "also": one.also,
                "kind": one.kind,
                "district": one.district,
                "unit": (self.units.by_id[one.unit_id].code or "") if one.unit_id in self.units.by_id else "",
                "lat": number_text(one.lat),
                "lon": number_text(one.lon),
                "source": one.source,
                "retired": _yes(one),
            }
            for one in rows
        ]

    def at_unit(self, unit_id: int) -> ColumnElement[bool]:
        return Landmark.unit_id == unit_id

    def write(self, changes: Sequence[RowChange]) -> None:
        ids = self.ids_of(changes)
        fresh = [change for change in changes if change.before is None]
        written = insert_landmarks(self.session, [self._columns(change) for change in fresh])
        for change, row_id in zip(fresh, written, strict=True):
            change.kept["row"] = row_id
        for change in (one for one in changes if one.before is not None):
            row_id = ids[change.after["name"], change.after["district"]]
            correct_place_name(self.session, Landmark, row_id, self._columns(change))

    def _columns(self, change: RowChange) -> dict[str, object]:
        row = change.after
        told = {name: row[name] for name in ("name", "also", "kind", "district", "source")}
        point = {name: float(row[name]) if row[name] else None for name in ("lat", "lon")}
        return {
            **told,
            **point,
            "unit_id": self.units.id(row["unit"]) if row["unit"] else None,
            **self.retiring(change),
        }


def _yes(row: Any) -> str:
    return "true" if row.retired_at else "false"
