"""Writes the 168 units that answer for an area, what stood there before them, and who followed whom."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.seeding.files import rows_of
from tickets.directory.places.shipped import MERGER, THU_DUC_CITY
from tickets.directory.units import UnitFacts, insert_memberships, insert_successions, insert_units
from tickets.folding import fold
from tickets.states import UnitKind

# Wards merged before July 2025 ended on various days; the sources tell only that this was the last possible one.
LAST_EARLIER_MERGER = date(2025, 1, 1)
RESOLUTION = "Resolution 1685/NQ-UBTVQH15 of 16 June 2025"
EARLIER = "merged before July 2025; the day is not told by the source"

_KINDS = {"Phường": UnitKind.WARD, "Xã": UnitKind.COMMUNE, "Thị": UnitKind.TOWNSHIP, "Đặc": UnitKind.SPECIAL_ZONE}
_TITLES = {
    "Phường": "{} Ward",
    "Xã": "{} Commune",
    "Thị trấn": "{} Township",
    "Đặc khu": "{} Special Zone",
    "Quận": "{} District",
    "Huyện": "{} District",
    "Thành phố": "{} City",
    "Tỉnh": "{} Province",
}

OldWard = tuple[str, str]
"""Name and district: what identifies a ward that no longer exists."""


@dataclass(frozen=True)
class _Past:
    provinces: dict[str, int]
    districts: dict[str, int]
    wards: dict[OldWard, int]


def load(session: Session, *, city_id: int) -> dict[str, int]:
    """The ids of the 168 by code."""
    units = _units(session, city_id)
    provinces = _provinces(session)
    past = _Past(provinces, _districts(session), {})
    _old_wards(session, past)
    _successions(session, past, units, city_id)
    _memberships(session, past)
    return units


def english(name: str) -> str:
    """The name without marks and with the kind of unit in English: Phường Sài Gòn is Sai Gon Ward."""
    for title, pattern in _TITLES.items():
        if name.startswith(f"{title} "):
            rest = name.removeprefix(f"{title} ")
            return f"{title_of_number(title)} {rest}" if rest.isdigit() else pattern.format(_plain(rest))
    return _plain(name)


def title_of_number(title: str) -> str:
    return {"Phường": "Ward", "Quận": "District", "Xã": "Commune"}.get(title, title)


def _plain(name: str) -> str:
    return " ".join(word.capitalize() for word in fold(name).split())


def _units(session: Session, city_id: int) -> dict[str, int]:
    rows = rows_of("units")
    facts = [
        UnitFacts(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            kind=UnitKind(row["kind"]),
            parent_id=city_id,
            former_province=row["former_province"],
            valid_from=date.fromisoformat(row["valid_from"]),
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            source=row["source"],
        )
        for row in rows
    ]
    return dict(zip((row["code"] for row in rows), insert_units(session, facts), strict=True))


def _provinces(session: Session) -> dict[str, int]:
    codes = {row["province_name"]: row["province_code"] for row in rows_of("old_districts")}
    facts = [
        UnitFacts(
            code=code, name=name, name_en=english(name), kind=UnitKind.PROVINCE, valid_to=MERGER, source=RESOLUTION
        )
        for name, code in codes.items()
    ]
    return dict(zip(codes, insert_units(session, facts), strict=True))


def _districts(session: Session) -> dict[str, int]:
    facts = [
        UnitFacts(
            code=row["district_code"],
            name=row["district_name"],
            name_en=english(row["district_name"]),
            kind=UnitKind.DISTRICT,
            former_province=row["province_name"],
            valid_from=THU_DUC_CITY if row["district_name"] == "Thành phố Thủ Đức" else None,
            valid_to=MERGER,
            source=RESOLUTION,
        )
        for row in rows_of("old_districts")
    ]
    facts += [
        UnitFacts(
            name=name,
            name_en=english(name),
            kind=UnitKind.DISTRICT,
            former_province="Thành phố Hồ Chí Minh",
            valid_to=THU_DUC_CITY,
            source="became part of Thành phố Thủ Đức",
        )
        for name in sorted({row["district_until_2020"] for row in rows_of("thu_duc_before_2021")})
    ]
    return dict(zip((one.name for one in facts), insert_units(session, facts), strict=True))


def _old_wards(session: Session, past: _Past) -> None:
    last = {(row["old_ward"], row["old_district"]): row for row in rows_of("old_to_new") if not _is_district(row)}
    earlier = rows_of("historic_wards")
    province_of = {row["old_district"]: row["old_province"] for row in last.values()}
    facts = [
        _old_ward(name, row["old_province"], code=row["old_code"], until=MERGER, source=RESOLUTION)
        for (name, _), row in last.items()
    ]
    facts += [
        _old_ward(
            row["historic_ward"], province_of[row["old_district"]], code=None, until=LAST_EARLIER_MERGER, source=EARLIER
        )
        for row in earlier
    ]
    keys = [*last, *((row["historic_ward"], row["old_district"]) for row in earlier)]
    past.wards.update(zip(keys, insert_units(session, facts), strict=True))


def _old_ward(name: str, province: str, *, code: str | None, until: date, source: str) -> UnitFacts:
    return UnitFacts(
        code=code,
        name=name,
        name_en=english(name),
        kind=_KINDS[name.split(maxsplit=1)[0]],
        former_province=province,
        valid_to=until,
        source=source,
    )


def _is_district(row: dict[str, str]) -> bool:
    """Côn Đảo was a district without wards: the file names the district itself as the old unit."""
    return row["old_ward"] == row["old_district"]


def _successions(session: Session, past: _Past, units: dict[str, int], city_id: int) -> None:
    edges = [(province, city_id, False) for province in past.provinces.values()]
    for row in rows_of("old_to_new"):
        old = (
            past.districts[row["old_district"]]
            if _is_district(row)
            else past.wards[row["old_ward"], row["old_district"]]
        )
        edges.append((old, units[row["new_code"]], row["is_partial"] == "true"))
    for row in rows_of("historic_wards"):
        district = row["old_district"]
        edges.append(
            (past.wards[row["historic_ward"], district], past.wards[row["merged_into_old_ward"], district], False)
        )
    insert_successions(session, edges)


def _memberships(session: Session, past: _Past) -> None:
    rows: list[tuple[int, int, date | None, date | None]] = [
        (past.districts[row["district_name"]], past.provinces[row["province_name"]], None, MERGER)
        for row in rows_of("old_districts")
    ]
    until_2020 = {row["old_ward"]: row["district_until_2020"] for row in rows_of("thu_duc_before_2021")}
    rows += [
        (past.districts[name], past.provinces["Thành phố Hồ Chí Minh"], None, THU_DUC_CITY)
        for name in sorted(set(until_2020.values()))
    ]
    merged = {
        (row["historic_ward"], row["old_district"]): row["merged_into_old_ward"] for row in rows_of("historic_wards")
    }
    for (name, district), ward in past.wards.items():
        before = until_2020.get(merged.get((name, district), name)) if district == "Thành phố Thủ Đức" else None
        if before:
            rows.append((ward, past.districts[before], None, THU_DUC_CITY))
        until = LAST_EARLIER_MERGER if (name, district) in merged else MERGER
        rows.append((ward, past.districts[district], THU_DUC_CITY if before else None, until))
    insert_memberships(session, rows)
