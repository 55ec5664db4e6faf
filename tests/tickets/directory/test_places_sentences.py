"""What people really write: sentences, streets, knives, lists of places, other generations, other alphabets of keys."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tickets.directory.places import Resolution, build_index, resolve, resolve_keys, rows_from_csv

TODAY = date(2026, 11, 23)
INDEX = build_index(rows_from_csv())


def answer(text: str) -> Resolution:
    return resolve(INDEX, text, on=TODAY)


def codes(text: str) -> set[str]:
    return {candidate.unit_code for candidate in answer(text).candidates}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "đường số 3",
        "hẻm 12 đường Nguyễn Thái Bình",
        "12/5A Nguyễn Thái Bình",
        "anh Nguyễn Thái Bình gọi tôi",
        "TPHCM",
        "toi muon di an",
        "toi mua con dao o cho",
        "phường tôi có 5 hộ",
        "Q1/2026 chưa báo cáo",
        "phường 305",
        "điện thoại 0901234567 gọi không được",
        "10h sáng nay xe rác không tới",
        "ho so toi nop trong tam thang chua xong",
        "tôi lên phường ba lần rồi không ai giải quyết",
        "nộp hồ sơ ở phường 10 ngày chưa có",
        "mong quan tam giai quyet giup",
        "cong an hoi dong nhan dan khong tra loi",
        "nha ve cat lai dien",
        "bà Trần Thị Hòa Bình chưa nhận được lương hưu",
    ],
)
def test_words_that_are_no_place_are_no_place(text: str) -> None:
    assert answer(text).outcome == "none"
    assert answer(text).question is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("P5Q3", "27154"),
        ("p05q03", "27154"),
        ("phuong5quan3", "27154"),
        ("Quận 3, phường 5", "27154"),
        ("P.5/Q.3", "27154"),
        ("phường năm quận ba", "27154"),
        ("Ward 5, District 3", "27154"),
        ("Ben Nghe Ward, District 1", "26740"),
        ("I live in Thao Dien, District 2", "27094"),
        ("12/5A đường Võ Thị Sáu phường Võ Thị Sáu quận 3", "27139"),
        ("P.13 đường Lê Văn Sỹ Q.3", "27142"),
        ("khu phố 5, tổ 12, ấp 3, xã Bình Mỹ, Củ Chi", "27544"),
        ("KP3 phường Linh Trung TP Thủ Đức", "26800"),
        ("Phường Long Bình quận 9", "26833"),
        ("con dao rơi ở phường 5 quận 3", "27154"),
        ("phường Phú Mỹ, BD", "25760"),
        ("phường 1 Bà Rịa - Vũng Tàu", "26506"),
        ("xã Phước Tỉnh, huyện Long Điền", "26662"),
        ("thị trấn Phú Mỹ huyện Tân Thành", "26704"),
        ("ở Côn Đảo", "26732"),
        ("dac khu con dao", "26732"),
        ("phường Cầu Ông Lãnh mới", "26758"),
        ("phường Đa Kao nay là phường Tân Định", "26737"),
        ("Phường Sài Gòn (Bến Nghé cũ)", "26740"),
        ("phường Bến Nghé, Q.1, nay là phường Sài Gòn", "26740"),
        ("dạ em ở phường Thảo Điền ạ", "27094"),
        ("phường Đa Kao, P. Tân Định mới", "26737"),
        ("xã Vĩnh Lộc ạ", "27601"),
        ("phường Thảo Điền, Thành Phố Hồ Chí Minh, Việt Nam", "27094"),
        ("quê Long An, ở trọ phường Bình Hưng Hòa", "27439"),
        ("Ở khu vực Thảo Điền mất nước", "27094"),
        ("P\u200b.5 Q\u00a0.3", "27154"),
    ],
)
def test_one_unit_is_meant(text: str, code: str) -> None:
    assert answer(text).outcome == "unique"
    assert codes(text) == {code}


@pytest.mark.parametrize(
    ("text", "question", "offered"),
    [
        ("con dao", "confirm", {"26732"}),
        ("Sài Gòn", "city_or_ward", {"26740"}),
        ("ở Sài Gòn", "city_or_ward", {"26740"}),
        ("chợ Bến Thành", "confirm", {"26743"}),
        ("Nguyễn Cư Trinh", "confirm", {"26758"}),
        ("xã Phước Bửu", "confirm", {"26620"}),
        ("ở Phú Mỹ Hưng", "confirm", {"27508"}),
        ("ở Phú Nhuận", "district_or_ward", {"27043", "27058", "27073"}),
        ("quận Phú Nhuận", "which_ward", {"27043", "27058", "27073"}),
        ("quận 1", "which_ward", {"26737", "26740", "26743", "26758"}),
        ("phường Tân Bình", "old_or_new", {"27004", "25945"}),
        ("phường Hiệp Thành", "which_district", {"25747", "25750", "26782"}),
        ("phường Đa Kao quận 3", "ward_not_in_district", {"26737", "26740", "27139"}),
        ("phường Bến Nghé và phường Thảo Điền", "which_place", {"26740", "27094"}),
        ("từ Thảo Điền qua Phú Nhuận", "which_place", {"27094", "27073"}),
        ("phường 14 đường ngập nặng, quận 3 chưa sửa", "which_place", {"27142", "26882"}),
        ("phuong 14 duong ngap nang ra quan 3", "which_place", {"27142", "26882"}),
        ("Nhà tôi ở phường 14. Quận 3 nói không phải của họ", "which_place", {"27142", "26882"}),
        ("phường 5, 6 quận 3", "which_place", {"27154"}),
        ("nhà xa Tân Hiệp quá", "old_or_new", {"25920", "25864", "27559"}),
        ("phường Tân Hưng Thuận An", "old_or_new", {"27475", "26791"}),
        ("phường Bình Trung, Thủ Đức", "confirm", {"27097"}),
        ("de nghi co phuong an dong cua cho", "confirm", {"27316"}),
        ("xa hoi nghia vu quan su", "confirm", {"25915"}),
        ("tuyến xe buýt Chợ Lớn - Bến Thành", "which_place", {"26743", "27343"}),
        ("Long Điền", "district_or_ward", {"26659", "26662"}),
        ("phường 25 quận 13", "confirm", {"26956"}),
        ("phường An Bình, Biên Hòa, Đồng Nai", "confirm", {"25942"}),
        ("phường Thảo Điền, thành phố Vinh", "confirm", {"27094"}),
        ("Tân Bình, Dĩ An", "district_or_ward", {"25945", "27004"}),
    ],
)
def test_what_is_not_certain_is_asked(text: str, question: str, offered: set[str]) -> None:
    resolution = answer(text)

    assert resolution.outcome == "ambiguous"
    assert resolution.question is not None
    assert resolution.question.id == question
    assert offered <= codes(text)


def test_a_divided_ward_asks_which_part_even_when_a_unit_bears_its_name_today() -> None:
    resolution = answer("phường Cầu Ông Lãnh cũ")

    assert resolution.outcome == "split"
    assert resolution.question is not None
    assert resolution.question.id == "which_part"
    assert [option.unit_ids for option in resolution.question.options] == [(26743,), (26758,)]


def test_the_ticket_can_keep_what_was_said_and_by_which_reading_it_was_understood() -> None:
    resolution = answer("Nhà em ở F6 Q3, nước yếu")

    [understood] = resolution.understood
    assert resolution.said == "F6 Q3"
    assert resolution.generation == "earlier"
    assert (understood.reading, understood.name, understood.district) == ("earlier_ward", "Phường 6", "Quận 3")
    assert resolution.candidates[0].why.params["through"] == "Phường Võ Thị Sáu"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rác ở phường Thắng Nhì (Vũng Tàu) mấy hôm rồi", "phường Thắng Nhì (Vũng Tàu)"),
        ("phường Thắng Nhì (Vũng Tàu)", "phường Thắng Nhì (Vũng Tàu)"),
        ("phường Thắng Nhì (Vũng Tàu", "phường Thắng Nhì (Vũng Tàu"),
        ("(phường Thắng Nhì Vũng Tàu)", "phường Thắng Nhì Vũng Tàu"),
    ],
)
def test_what_was_said_keeps_the_bracket_that_closes_it(text: str, said: str) -> None:
    assert answer(text).said == said


def test_units_that_do_not_exist_on_the_day_are_not_offered() -> None:
    rows = rows_from_csv()
    last_day = TODAY + timedelta(days=30)
    dissolved = [replace(u, valid_to=last_day) if u.code == "26740" else u for u in rows.units]
    index = build_index(replace(rows, units=dissolved))

    before = resolve(index, "phường Đa Kao quận 1", on=TODAY)
    after = resolve(index, "phường Đa Kao quận 1", on=last_day)

    assert [c.unit_code for c in before.candidates] == ["26737", "26740"]
    assert [c.unit_code for c in after.candidates] == ["26737"]
    assert resolve(index, "phường Bến Nghé", on=date(2025, 6, 30)).outcome == "none"


@pytest.mark.parametrize(
    ("keys", "outcome", "offered"),
    [
        ("2366443", "unique", {"26740"}),  # Bến Nghé
        ("2366443#", "unique", {"26740"}),
        ("23606443", "unique", {"26740"}),
        ("32526", "split", {"26737", "26740"}),  # Đa Kao
        ("724466", "ambiguous", {"26740"}),  # Sài Gòn, the ward or the city
        ("74864826", "ambiguous", {"27043", "27058", "27073"}),  # Phú Nhuận
        ("26632", "ambiguous", {"26732"}),  # the beginning of Côn Đảo
        ("5*3", "unique", {"27154"}),
        ("05*03", "unique", {"27154"}),
        ("4*3", "split", {"27139", "27154"}),
        ("99*3", "ambiguous", {"27139", "27142", "27154"}),
        ("", "none", set()),
        ("*", "none", set()),
        ("²*3", "none", set()),
        ("9999999", "none", set()),
    ],
)
def test_a_place_keyed_on_a_telephone(keys: str, outcome: str, offered: set[str]) -> None:
    resolution = resolve_keys(INDEX, keys, on=TODAY)

    assert resolution.outcome == outcome
    assert {candidate.unit_code for candidate in resolution.candidates} == offered


def test_a_keyed_name_may_hold_an_i_or_a_y() -> None:
    with_y, with_i = (resolve_keys(INDEX, keys, on=TODAY) for keys in ("74869", "74864"))

    phu_my = {candidate.unit_code for candidate in with_y.candidates}
    assert "26704" in phu_my
    assert phu_my <= {candidate.unit_code for candidate in with_i.candidates}


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("xã Phước Kiểng", "27655"),
        ("xa phuoc kieng nha be", "27655"),
        ("xã Phước Kiển", "27655"),
    ],
)
def test_a_name_as_it_is_heard_means_the_one_it_is_written_for(said: str, unit: str) -> None:
    found = answer(said)

    assert (found.outcome, [candidate.unit_code for candidate in found.candidates]) == ("unique", [unit])
