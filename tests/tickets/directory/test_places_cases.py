"""Every recorded case and every known trap: what people say, and the units that must be offered for it."""

import csv
from datetime import date

import pytest

from tests.tickets.directory.spellings import without_marks
from tickets.directory.places import Resolution, build_index, resolve, rows_from_csv
from tickets.directory.places.lexicon import bare
from tickets.reference_files import REFERENCE_DATA

TODAY = date(2026, 11, 23)
ROWS = rows_from_csv()
INDEX = build_index(ROWS)


def read(name: str) -> list[dict[str, str]]:
    with (REFERENCE_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answer(text: str) -> Resolution:
    return resolve(INDEX, text, on=TODAY)


def codes(resolution: Resolution) -> set[str]:
    return {candidate.unit_code for candidate in resolution.candidates}


def code_of(name: str) -> str:
    return next(unit.code for unit in ROWS.units if unit.name == name)


@pytest.mark.parametrize("case", read("address_cases.csv"), ids=lambda case: case["text"])
def test_a_recorded_case_offers_exactly_its_units(case: dict[str, str]) -> None:
    resolution = answer(case["text"])

    assert codes(resolution) == set(case["expected_codes"].split("|"))
    assert case["note"].startswith(resolution.outcome)


@pytest.mark.parametrize(
    "trap",
    [trap for trap in read("name_traps.csv") if trap["kind"] == "old_name_now_used_by_another_unit"],
    ids=lambda trap: f"{trap['old_ward']}, {trap['old_district']}",
)
def test_an_old_name_that_another_unit_bears_today_leads_to_its_own_successor(trap: dict[str, str]) -> None:
    successors = {code_of(name) for name in trap["goes_to"].split("|")}
    address = f"{trap['old_ward']}, {trap['old_district']}"

    for text in (address, without_marks(address).lower()):
        assert codes(answer(text)) == successors, text
        assert answer(text).outcome == ("unique" if len(successors) == 1 else "split"), text


@pytest.mark.parametrize(
    "trap",
    [trap for trap in read("name_traps.csv") if trap["kind"] == "old_name_now_used_by_another_unit"],
    ids=lambda trap: f"{trap['old_ward']}, {trap['old_district']}",
)
def test_an_old_name_alone_offers_its_successor_beside_the_unit_that_bears_it(trap: dict[str, str]) -> None:
    successors = {code_of(name) for name in trap["goes_to"].split("|")}
    bearer = code_of(trap["same_named_new_unit"])

    resolution = answer(f"ở {trap['name_folded']}")

    assert successors | {bearer} <= codes(resolution)
    assert resolution.outcome == "ambiguous" or {bearer} == successors
    assert resolution.outcome == "unique" or resolution.question is not None


@pytest.mark.parametrize(
    "trap",
    [trap for trap in read("name_traps.csv") if trap["kind"] == "old_district_name_equals_new_unit"],
    ids=lambda trap: trap["old_district"],
)
def test_a_bare_name_of_a_former_district_is_asked_about(trap: dict[str, str]) -> None:
    bearer = trap["same_named_new_unit"].split()[0]
    in_district = {str(unit) for unit in INDEX.district_units[trap["old_district"]]}

    by_bare_name = answer(f"nhà tôi ở {bare(trap['old_district'])[1]}")
    by_kind = answer(trap["old_district"])

    assert in_district | {bearer} <= codes(by_bare_name)
    assert in_district <= codes(by_kind)
    assert bearer in codes(answer(trap["name_folded"]))
    # Côn Đảo was a district without wards and is one unit: there is nothing to ask.
    expected = "unique" if in_district == {bearer} else "ambiguous"
    assert by_bare_name.outcome == by_kind.outcome == expected


def test_two_communes_that_differ_by_marks_alone_are_told_apart_only_by_them() -> None:
    with_marks = answer("xã Thạnh An"), answer("xã Thanh An")
    without = answer("xa thanh an")

    assert [codes(resolution) for resolution in with_marks] == [{"27676"}, {"25807"}]
    assert codes(without) == {"27676", "25807"}
    assert without.question is not None
    assert without.question.id == "which_spelling"


def test_the_sentence_of_a_caller_leads_to_the_ward_of_today() -> None:
    resolution = answer("phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả")

    assert resolution.outcome == "unique"
    assert resolution.candidates[0].unit_name == "Phường Sài Gòn"
    assert resolution.candidates[0].why.code == "old_ward"
    assert resolution.said == "phường Bến Nghé quận 1 cũ"
    assert resolution.generation == "former"


def test_raw_telex_is_read_as_what_was_meant() -> None:
    assert codes(answer("phuwowngf beens ngher quaanj 1")) == {"26740"}
    assert codes(answer("phuowngf dda kao quanaj 1")) == {"26737", "26740"}
