"""Reads the reference files that come with the product into place rows; the seeding and the tests use it."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import cast

from tickets.city import city
from tickets.directory.places.rows import (
    AliasKind,
    AliasRow,
    AreaKind,
    AreaUnit,
    DistrictRow,
    OldWardRow,
    PlaceRows,
    PointRow,
)
from tickets.reference_files import REFERENCE_DATA

# Resolution 1685/NQ-UBTVQH15: the units answer from this day on, districts and old wards end with the day before.
MERGER = date(2025, 7, 1)
# Thành phố Thủ Đức was made of Quận 2, Quận 9 and Quận Thủ Đức.
THU_DUC_CITY = date(2021, 1, 1)


def rows_from_csv(folder: Path = REFERENCE_DATA) -> PlaceRows:
    units = tuple(_units(folder))
    until_2020 = {row["old_ward"]: row["district_until_2020"] for row in _read(folder / "thu_duc_before_2021.csv")}
    last_wards = tuple(_last_wards(folder))
    earlier = tuple(_earlier_wards(folder, last_wards))
    return PlaceRows(
        units=units,
        old_wards=(*last_wards, *earlier, *_in_district_until_2020((*last_wards, *earlier), until_2020)),
        districts=(*_districts(folder), *_districts_until_2020(until_2020)),
        aliases=tuple(
            AliasRow(kind=cast(AliasKind, row["kind"]), alias=row["alias"], means=row["means"])
            for row in _read(folder / "place_aliases.csv")
        ),
        points=tuple(
            PointRow(int(row["code"]), float(row["lat"]), float(row["lon"]))
            for row in _read(folder / "units.csv")
            if row["lat"] and row["lon"]
        ),
    )


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _units(folder: Path) -> Iterator[AreaUnit]:
    for row in _read(folder / "units.csv"):
        yield AreaUnit(
            id=int(row["code"]),
            code=row["code"],
            name=row["name"],
            kind=cast(AreaKind, row["kind"]),
            valid_from=MERGER,
            valid_to=None,
            former_province=row["former_province"],
        )


def _last_wards(folder: Path) -> Iterator[OldWardRow]:
    """The wards of 30 June 2025, one row each: the file has one line per successor."""
    lines: dict[tuple[str, str, str, str], list[int]] = {}
    for row in _read(folder / "old_to_new.csv"):
        key = (row["old_code"], row["old_ward"], row["old_district"], row["old_province"])
        lines.setdefault(key, []).append(int(row["new_code"]))
    for (code, name, district, province), successors in lines.items():
        yield OldWardRow(
            name=name,
            district=district,
            province=province,
            successors=tuple(successors),
            old_code=code,
            valid_to=MERGER,
        )


def _earlier_wards(folder: Path, last_wards: tuple[OldWardRow, ...]) -> Iterator[OldWardRow]:
    province_of = {ward.district: ward.province for ward in last_wards}
    for row in _read(folder / "historic_wards.csv"):
        yield OldWardRow(
            name=row["historic_ward"],
            district=row["old_district"],
            province=province_of[row["old_district"]],
            successors=tuple(int(code) for code in row["new_codes"].split("|")),
            merged_into=row["merged_into_old_ward"],
        )


def _in_district_until_2020(wards: tuple[OldWardRow, ...], until_2020: dict[str, str]) -> Iterator[OldWardRow]:
    """The wards of Thành phố Thủ Đức once more, in the district they belonged to before it existed."""
    for ward in wards:
        district = until_2020.get(ward.merged_into or ward.name)
        if ward.district != "Thành phố Thủ Đức" or district is None:
            continue
        yield OldWardRow(
            name=ward.name,
            district=district,
            province=ward.province,
            successors=ward.successors,
            old_code=ward.old_code,
            merged_into=ward.merged_into,
            valid_to=THU_DUC_CITY,
        )


def _districts(folder: Path) -> Iterator[DistrictRow]:
    for row in _read(folder / "old_districts.csv"):
        valid_from = THU_DUC_CITY if row["district_name"] == "Thành phố Thủ Đức" else None
        yield DistrictRow(row["district_name"], row["province_name"], valid_from=valid_from, valid_to=MERGER)


def _districts_until_2020(until_2020: dict[str, str]) -> Iterator[DistrictRow]:
    for name in sorted(set(until_2020.values())):
        yield DistrictRow(name, city().name, valid_to=THU_DUC_CITY)
