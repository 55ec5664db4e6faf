"""Every ward there ever was, in every spelling: the right units, and never a wrong single one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pytest

from tests.tickets.directory.spellings import ways_to_say, without_marks
from tickets.directory.places import AreaUnit, OldWardRow, build_index, resolve, rows_from_csv
from tickets.directory.places.fold import exact_key, key
from tickets.directory.places.lexicon import bare

TODAY = date(2026, 11, 23)
ROWS = rows_from_csv()
INDEX = build_index(ROWS)
OLD_WARDS = [ward for ward in ROWS.old_wards if ward.name != ward.district]


def wrong(texts: Iterable[str], *, outcome: str, units: Iterable[int]) -> list[str]:
    """The texts that do not resolve to exactly these units with this outcome, and what they resolve to."""
    expected = frozenset(units)
    failures = []
    for text in dict.fromkeys(texts):
        resolution = resolve(INDEX, text, on=TODAY)
        found = frozenset(candidate.unit_id for candidate in resolution.candidates)
        if resolution.outcome != outcome or found != expected:
            failures.append(f"{text!r}: {resolution.outcome} {sorted(found)}, not {outcome} {sorted(expected)}")
    return failures


def test_the_rows_are_all_there() -> None:
    last = {(ward.name, ward.district) for ward in OLD_WARDS if ward.valid_to == date(2025, 7, 1)}
    merged_earlier = [ward for ward in OLD_WARDS if ward.merged_into and ward.valid_to is None]

    assert len(ROWS.units) == 168
    assert len(last) == 441  # and Côn Đảo, a district without wards
    assert sum(ward.is_divided for ward in OLD_WARDS if ward.valid_to == date(2025, 7, 1)) == 47
    assert len(merged_earlier) == 73


@pytest.mark.parametrize("ward", OLD_WARDS, ids=lambda ward: f"{ward.name}, {ward.district}")
def test_an_old_ward_in_its_district_leads_to_its_successors_in_every_spelling(ward: OldWardRow) -> None:
    texts = ways_to_say(ward.name, ward.district, ward.province)

    outcome = "split" if ward.is_divided else "unique"

    assert wrong(texts, outcome=outcome, units=ward.successors) == []


@pytest.mark.parametrize("unit", ROWS.units, ids=lambda unit: unit.name)
def test_a_unit_of_today_is_always_among_the_answers_to_its_name(unit: AreaUnit) -> None:
    for text in ways_to_say(unit.name):
        resolution = resolve(INDEX, text, on=TODAY)

        assert unit.id in {candidate.unit_id for candidate in resolution.candidates}, text
        assert resolution.outcome in ("unique", "ambiguous"), text


SUPPORTED: dict[tuple[str, ...], set[int]] = defaultdict(set)
for row in (*OLD_WARDS, *ROWS.units):
    row_kind, row_name = bare(row.name)
    for row_key in (("marks", row_kind, *exact_key(row_name)), ("folded", row_kind, *key(row_name))):
        SUPPORTED[row_key].update(row.successors if isinstance(row, OldWardRow) else (row.id,))


def supported(*, kind: str, name: str, with_marks: bool) -> set[int]:
    """What any ward or unit of this kind and name supports, straight from the rows."""
    return SUPPORTED["marks", kind, *exact_key(name)] if with_marks else SUPPORTED["folded", kind, *key(name)]


@pytest.mark.parametrize("kind", ["ward", "commune", "town"])
def test_without_a_district_every_unit_that_a_reading_supports_is_offered(kind: str) -> None:
    names = {bare(row.name)[1] for row in (*OLD_WARDS, *ROWS.units) if bare(row.name)[0] == kind}
    prefix = {"ward": "Phường", "commune": "Xã", "town": "Thị trấn"}[kind]

    failures = defaultdict(list)
    for name in names:
        for said, with_marks in ((f"{prefix} {name}", True), (without_marks(f"{prefix} {name}"), False)):
            for text in (said, said.lower(), f"{said.lower()} nuoc ngap" if not with_marks else f"Ở {said} có rác"):
                resolution = resolve(INDEX, text, on=TODAY)
                found = frozenset(candidate.unit_id for candidate in resolution.candidates)
                expected = supported(kind=kind, name=name, with_marks=with_marks)
                is_asked = resolution.question is not None and resolution.question.id == "confirm"
                is_right = resolution.outcome == "unique" if len(expected) == 1 else resolution.question is not None
                # "phuong an dong nuoc" may be "phương án đóng": asking is right, too.
                if found != expected or not (is_right or (is_asked and not with_marks)):
                    failures[name].append((text, resolution.outcome, sorted(found), sorted(expected)))

    assert not failures


def test_a_name_without_its_kind_beside_its_district_is_never_wrongly_sure() -> None:
    failures = []
    for ward in OLD_WARDS:
        name, district = bare(ward.name)[1], bare(ward.district)[1]
        beside = f"q{district}" if district.isdigit() else district
        for text in (f"{name}, {ward.district}", f"{name} {beside}", f"gần {name}, {ward.district}"):
            for said in (text, without_marks(text).lower()):
                resolution = resolve(INDEX, said, on=TODAY)
                found = {candidate.unit_id for candidate in resolution.candidates}
                if not name.isdigit() and not found >= set(ward.successors):
                    failures.append((said, "missing", sorted(found)))
                if resolution.outcome == "unique" and found != set(ward.successors):
                    failures.append((said, "wrongly sure", sorted(found)))

    assert failures == []


def in_districts_called(district: str) -> frozenset[int]:
    """ "Quận Thủ Đức" is said of the whole city of that name too, so what bears the name counts as one."""
    same = (units for name, units in INDEX.district_units.items() if bare(name)[1] == bare(district)[1])
    return frozenset().union(*same)


def test_a_ward_of_one_district_beside_another_district_is_never_sure() -> None:
    districts = sorted({ward.district for ward in OLD_WARDS})
    failures = []
    for ward in OLD_WARDS[::5]:
        kind, name = bare(ward.name)
        for district in districts:
            inside = in_districts_called(district)
            truth = supported(kind=kind, name=name, with_marks=True) & inside
            resolution = resolve(INDEX, f"{ward.name}, {district}", on=TODAY)
            found = {candidate.unit_id for candidate in resolution.candidates}
            if resolution.outcome == "unique" and not found <= truth:
                failures.append((ward.name, district, sorted(found)))

    assert failures == []
