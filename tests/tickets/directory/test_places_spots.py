"""Streets and landmarks say what to ask: they never decide, and never take anything away from a name."""

from dataclasses import replace
from datetime import date
from time import process_time

import pytest

from app.seeding.files import rows_of
from tickets.directory.places import LandmarkRow, Resolution, SpotHint, StreetRow, build_index, resolve, rows_from_csv

NGUYEN_KIEM = {"Quận Gò Vấp", "Quận Phú Nhuận", "Huyện Củ Chi", "Thành phố Vũng Tàu"}
TODAY = date(2026, 11, 23)
ROWS = replace(
    rows_from_csv(),
    streets=[StreetRow(row["name"], row["district"]) for row in rows_of("streets")],
    landmarks=[
        LandmarkRow(
            row["name"], tuple(filter(None, row["also"].split("|"))), row["district"], int(row["unit"] or 0) or None
        )
        for row in rows_of("landmarks")
    ],
)
INDEX = build_index(ROWS)
WITHOUT = build_index(rows_from_csv())


def answer(text: str) -> Resolution:
    return resolve(INDEX, text, on=TODAY)


def hinted(text: str) -> SpotHint:
    hint = answer(text).hint
    assert hint is not None, text
    return hint


@pytest.mark.parametrize(
    ("text", "question", "inside"),
    [
        ("ổ gà lớn trên đường Nguyễn Kiệm", "which_district", NGUYEN_KIEM),
        ("123/4A Nguyễn Kiệm", "which_district", NGUYEN_KIEM),
        ("hem 12 duong nguyen kiem ngap", "which_district", NGUYEN_KIEM),
        ("trước cổng Bệnh viện Chợ Rẫy", "which_ward_of", {"Quận 5"}),
        ("kẹt xe gần cầu Nguyễn Văn Cừ", "which_district", {"Quận 5", "Quận 8"}),
        ("vong xoay hang xanh ket xe", "which_ward_of", {"Quận Bình Thạnh"}),
    ],
)
def test_a_street_or_landmark_alone_is_asked_about(text: str, question: str, inside: set[str]) -> None:
    hint = hinted(text)

    units = frozenset().union(*(INDEX.district_units[one] for one in inside))
    assert answer(text).outcome == "none"
    assert hint.question.id == question
    assert {one.unit_id for one in hint.candidates} <= units


def test_a_crossing_leaves_the_districts_that_both_streets_have() -> None:
    alone, crossing = hinted("đường Hai Bà Trưng"), hinted("ngã tư đường Hai Bà Trưng đường Võ Thị Sáu")

    assert {one.unit_id for one in crossing.candidates} < {one.unit_id for one in alone.candidates}


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("ngã tư Nguyễn Oanh - Phan Văn Trị kẹt xe", "Quận Gò Vấp"),
        ("ngã tư Nguyễn Oanh – Phan Văn Trị, đèn hư", "Quận Gò Vấp"),
        ("giao lộ Nguyễn Oanh với đường Phan Văn Trị", "Quận Gò Vấp"),
        ("nga tu nguyen oanh phan van tri ket cung", "Quận Gò Vấp"),
    ],
)
def test_two_streets_that_meet_are_asked_about_where_both_may_run(text: str, inside: str) -> None:
    units = INDEX.district_units[inside]

    assert answer(text).outcome == "none", "never a ward by itself"
    assert {one.unit_id for one in hinted(text).candidates} <= units
    assert hinted(text).question.id == "which_ward_of"


@pytest.mark.parametrize(
    "text",
    [
        "ổ gà chỗ này https://maps.google.com/?q=10.7724,106.6980 mọi người coi giùm",
        "https://www.google.com/maps/place/x/@10.7724,106.6980,17z",
        "geo:10.7724,106.6980",
        "vi tri 10.7724, 106.6980 bi ngap",
    ],
)
def test_a_point_on_the_map_is_asked_about_with_its_distance_and_never_decides(text: str) -> None:
    hint = hinted(text)

    assert answer(text).outcome == "none"
    assert hint.question.id == "which_ward_near"
    assert hint.candidates[0].unit_code == "26743", "the ward whose point lies nearest stands first"
    metres = [int(one.why.params["metres"].replace("\u202f", "")) for one in hint.candidates]
    assert metres == sorted(metres) and len(metres) == 3


def test_a_point_takes_nothing_away_from_a_name_and_lies_here_or_says_nothing() -> None:
    beside = answer("phường Thủ Dầu Một https://maps.google.com/?q=10.7724,106.6980")

    assert (beside.outcome, beside.candidates[0].unit_code) == ("unique", "25747")
    assert answer("21.0285, 105.8542").hint is None
    assert answer("giá 10.772 đồng, 106.69 kg").hint is None


def test_two_streets_that_no_ward_may_share_are_no_crossing() -> None:
    assert answer("ngã tư Nguyễn Oanh - Ba Cu").hint is None


@pytest.mark.parametrize(
    "text",
    [
        "đường số 3",
        "đường dây điện bị đứt",
        "đường ống nước vỡ",
        "tôi mua con dao ở chợ",
        "cầu mong quan tâm giải quyết giúp",
        "anh Nguyễn Thái Bình gọi tôi",
        "tôi nộp 12 hồ sơ hai bà trưng cầu ý kiến",
        "đường Nguyễn Huệ ở Đồng Nai",
    ],
)
def test_what_is_no_street_or_lies_elsewhere_is_not_asked_about(text: str) -> None:
    assert answer(text).hint is None


@pytest.mark.parametrize(
    "text",
    [
        "P.5 đường Nguyễn Kiệm",
        "phường Đa Kao quận 1, đường Nguyễn Huệ",
        "chợ Bến Thành",
        "15 Hòa Bình, Tân Phú",
        "ở Phú Mỹ gần cầu Phú Mỹ",
    ],
)
def test_what_names_say_stays_as_it_was_with_the_same_units(text: str) -> None:
    before, after = resolve(WITHOUT, text, on=TODAY), answer(text)

    assert after.outcome == before.outcome
    assert {one.unit_id for one in after.candidates} == {one.unit_id for one in before.candidates}


def test_of_several_units_those_of_the_street_are_offered_first() -> None:
    found = answer("P.5 đường Nguyễn Kiệm")

    near = frozenset().union(*(INDEX.district_units[one] for one in NGUYEN_KIEM))
    inside = [one.unit_id in near for one in found.candidates]
    assert found.outcome == "ambiguous"
    assert inside == sorted(inside, reverse=True)
    assert any(inside)


def test_a_street_whose_wards_are_known_is_asked_about_with_these_alone() -> None:
    ben_thanh, saigon = 26743, 26740
    rows = replace(
        ROWS, streets=[StreetRow("Nguyễn Huệ", "Quận 1", (saigon,)), StreetRow("Lê Lợi", "", (saigon, ben_thanh))]
    )
    index = build_index(rows)

    one = resolve(index, "đường Nguyễn Huệ", on=TODAY)
    two = resolve(index, "đường Lê Lợi", on=TODAY)

    assert one.hint is not None
    assert two.hint is not None
    assert (one.outcome, one.hint.question.id) == ("none", "confirm")
    assert {candidate.unit_id for candidate in two.hint.candidates} == {saigon, ben_thanh}


def test_a_long_text_of_street_names_is_read_in_linear_time() -> None:
    text = "đường Nguyễn Kiệm " * 110
    began = process_time()

    answer(text)

    assert process_time() - began < 0.5
