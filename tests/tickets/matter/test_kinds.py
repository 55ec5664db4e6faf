"""What a text is about beside danger: which kinds of matter, praise, nothing at all, and in which language."""

import csv
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tickets.matter import read_matter
from tickets.matter.lanes import KindWords
from tickets.matter.lists import FILES
from tickets.matter.rulebook import rulebook
from tools.lean_kinds import examples, learn

DATA = Path(__file__).parents[2] / "data"
ROWS = list(csv.DictReader((FILES / "examples.csv").open(encoding="utf-8", newline="")))


def first(said: str) -> str:
    return read_matter(said).categories[0].code


def test_the_first_category_is_one_that_a_person_would_accept() -> None:
    told = [(row, [one.code for one in read_matter(row["text"]).categories]) for row in ROWS if row["categories"]]

    wrong = [(row["text"], codes) for row, codes in told if not codes or codes[0] not in row["categories"].split("|")]
    assert len(wrong) <= 0.1 * len(told), wrong


def test_the_first_category_of_everyday_reports_is_mostly_right_and_the_right_one_is_seldom_missing() -> None:
    rows = list(csv.DictReader((DATA / "everyday_cases_second.csv").open(encoding="utf-8", newline="")))
    told = [(row["categories"], [one.code for one in read_matter(row["text"]).categories]) for row in rows]

    assert sum(codes[:1] == [wanted] for wanted, codes in told) >= 0.8 * len(told)
    assert sum(wanted in codes[:3] for wanted, codes in told) >= 0.93 * len(told)


def test_among_the_first_three_kinds_is_mostly_a_right_one_in_texts_of_a_hand_that_taught_no_word() -> None:
    rows = list(csv.DictReader((DATA / "matter_cases_twentieth.csv").open(encoding="utf-8", newline="")))
    told = [
        (row["categories"].split("|"), [one.code for one in read_matter(row["text"]).categories])
        for row in rows
        if row["categories"]
    ]

    assert sum(any(code in wanted for code in codes[:1]) for wanted, codes in told) >= 0.66 * len(told)
    assert sum(any(code in wanted for code in codes[:3]) for wanted, codes in told) >= 0.83 * len(told)


def test_words_of_a_kind_are_learned_alike_in_whatever_order_the_examples_come() -> None:
    taught = list(islice(examples(), 150))

    assert learn(taught) == learn(taught[::-1]) != {}


def test_single_words_name_a_kind_that_no_pattern_knows_and_are_shown_as_its_reason() -> None:
    said = "mấy đứa nhỏ ở ngã tư đi xin ăn hoài không thấy đi học"
    without = read_matter(said, replace(rulebook(), kind_words=KindWords.of([])))

    assert "child_protection" not in [one.code for one in without.categories]
    assert any(set(one.because) & {"xin ăn", "đứa nhỏ", "đi học"} for one in read_matter(said).categories)


def test_what_patterns_tell_alike_single_words_do_not_decide() -> None:
    likeliest = read_matter("rác chất đống và đường ngập").categories[:2]

    assert {one.code for one in likeliest} == {"rubbish", "flooding"}
    assert likeliest[0].weight == likeliest[1].weight


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Tiền điện tháng này tăng gấp đôi, hóa đơn ghi sai số", "power_bill"),
        ("cúp điện từ sáng tới giờ", "power_cut"),
        # Phrases of everyday, so that nobody reads danger in them.
        ("Chiều nào cũng kẹt xe từ cầu tới vòng xoay", "congestion"),
        ("mieng cong bi rac bit kin", "blocked_drain"),
        ("Chung cư không có bình chữa cháy ở tầng tôi", "fire_safety"),
        ("tro cap that nghiep nop o dau", "employment"),
        ("Xin đổi nơi khám trên thẻ bảo hiểm y tế", "health_insurance"),
        ("The elevator in our apartment block has been out of order for a week", "social_housing"),
        ("Mấy người cho vay nặng lãi dán tờ rơi kín cổng", "illegal_advert"),
        ("chó hoang chạy rong trong hẻm, rượt con nít", "animal_keeping"),
        ("家の前の街灯が二週間前から消えています", "street_light"),
        ("윗집에서 새벽까지 노래방 기계로 노래를 불러요", "night_noise"),
        # An idiom beside danger ("kẹt" traps nobody here), and a matter all the same.
        ("kẹt xe", "congestion"),
        ("sáng nào cũng kẹt xe ở vòng xoay", "congestion"),
        ("ket xe hoai", "congestion"),
        ("bị kẹt xe từ 5 giờ tới giờ chưa nhúc nhích", "congestion"),
    ],
)
def test_kinds_are_told_in_every_way_of_writing(said: str, code: str) -> None:
    assert first(said) == code


def test_every_category_named_is_one_of_the_citys_and_is_explained_by_words_of_the_text() -> None:
    shipped = Path(__file__).parents[3] / "tickets/reference_data"
    codes = {row["code"] for row in csv.DictReader((shipped / "categories.csv").open(encoding="utf-8"))}
    named = {row["category"] for row in csv.DictReader((shipped / "matter/categories.csv").open(encoding="utf-8"))}
    readings = [read_matter(row["text"]) for row in ROWS]

    assert named <= codes
    assert all(one.because for read in readings for one in read.categories)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("alo", "greeting"),
        ("👍👍", "empty"),
        ("test", "greeting"),
        ("TT 26 0042", "broken_status"),
        ("kq phieu cua toi", "broken_status"),
        ("Ma OTP cua Quy khach la 482913, hieu luc trong 3 phut", "notice"),
        ("gửi nhầm số rồi, xin lỗi", "notice"),
        ("mai di nhau khong may oi", "notice"),
        ("mua gium me bich sua voi ky thit nha con", "notice"),
        ("asdfghjkl", "mashed"),
        ("(im lặng, tiếng xe chạy)", "silence"),
    ],
)
def test_what_nobody_could_work_on_is_noise_of_a_kind(said: str, kind: str) -> None:
    read = read_matter(said)

    assert read.is_noise
    assert read.noise.kinds == (kind,)


@pytest.mark.parametrize(
    "said",
    [
        "ngập q8",
        "mất nước",
        "tt 2600421739",
        "quán trà sữa gần cổng trường bán topping hết hạn",
        "chay nha",
        "help",
        "không nhận được mã otp để đăng nhập dịch vụ công",
        "vẫn chưa xong",
        "rác",
        "may oi hem minh ngap nua roi",
        "Anh ơi tối nay quán nhậu đầu hẻm lại mở nhạc rồi",
        "nham so nha tren ho khau cua toi",
        "Can someone come tonight? The pump in our basement stopped",
    ],
)
def test_a_few_words_that_say_something_are_no_noise(said: str) -> None:
    assert not read_matter(said).is_noise


def test_labelled_noise_is_found_and_nothing_else_is_taken_for_it() -> None:
    told = [(row, read_matter(row["text"]).is_noise) for row in ROWS]

    assert [row["text"] for row, is_noise in told if is_noise != (row["is_noise"] == "yes")] == []


@pytest.mark.parametrize(
    "said", ["Xin khen chị ở quầy số 5 hướng dẫn tận tình", "The officer was very kind and patient"]
)
def test_praise_is_told_apart(said: str) -> None:
    assert read_matter(said).is_praise


@pytest.mark.parametrize(
    "said",
    [
        "tôi không hài lòng",
        "Cảm ơn nhưng đèn vẫn chưa sáng",
        "cán bộ nhiệt tình nhưng đòi tiền cà phê",
        "cháy nhà, cảm ơn",
        "nho anh chi kiem tra gium ong nuoc ri, cam on rat nhieu",
        "Nhân viên vui vẻ nhưng máy hư hoài, đi ba lần không xong",
    ],
)
def test_thanks_beside_a_complaint_is_no_praise(said: str) -> None:
    assert not read_matter(said).is_praise


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("Đường ngập quá", "vi"),
        ("duong ngap qua troi", "vi-no-marks"),
        ("nawps coongs trwowcs nhaf bij beer", "telex"),
        ("The street is flooded again", "en"),
        ("有人掉进河里了，快来救命", "zh"),
        ("父が急に倒れて意識がありません", "ja"),
        ("연기가 너무 심하고 아이가 아직 안에 있어요", "ko"),
    ],
)
def test_the_language_is_told_by_how_it_is_written(said: str, language: str) -> None:
    assert read_matter(said).written_in == language


@pytest.mark.parametrize(
    "said",
    ["a" * 200_000, "\u200b" * 5_000, "TT " * 7_000, "ha" * 10_000, "\u202e" + "x" * 100, "é" * 9_999, "😀" * 9_999],
)
def test_nothing_that_is_sent_breaks_the_reading(said: str) -> None:
    read = read_matter(said)

    assert not read.is_danger
    assert not read.may_accuse


@pytest.mark.parametrize(
    "said",
    [
        "Tôi đã thử lần 2 vẫn chưa được",
        "Tôi thử gọi lại lần 3 mà vẫn chưa ai sửa",
        "Đã thử nhắn zalo mà chưa ai trả lời",
        "Máy bơm thử rồi mà chạy chưa được",
        "đơn vị thử đèn tín hiệu lần 2 mà chưa chạy",
        "Anh chị ơi tới giờ này vẫn chưa thấy ai tới làm gì hết",
    ],
)
def test_who_tried_once_more_and_says_that_it_is_not_solved_is_no_tester(said: str) -> None:
    read = read_matter(said)

    assert read.says_not_solved and not read.is_noise


@pytest.mark.parametrize(
    "said",
    [
        "I failed my driving test, which form do I need",
        "The water test only says it is unsafe, our tap water smells",
        "Lên phường làm giấy tờ thì nghe báo đang nghỉ phép, kêu tuần sau quay lại",
        "The clerk is currently on leave until Friday, who can I contact about my land certificate",
    ],
)
def test_a_matter_in_words_of_tests_and_leave_is_no_noise(said: str) -> None:
    assert not read_matter(said).is_noise


@pytest.mark.parametrize(
    "said",
    [
        "I'm currently out of office with no access to email. For urgent matters contact Linh.",
        "a lô a lô nghe không ta chắc rớt mạng rồi",
        "ủa số này không phải nhà xe phương trang hả xin lỗi nha",
        "Chốt đơn 2 hũ kem face + 1 serum, ship giờ hành chính, cảm ơn shop",
        "hú hú có ai online không ta",
    ],
)
def test_machines_line_tests_shops_and_friends_are_noise(said: str) -> None:
    assert read_matter(said).is_noise


def test_single_words_alone_say_not_solved_only_to_be_asked_and_not_of_noise_or_praise() -> None:
    said = "hú hú có ai online không ta"
    read = read_matter("Nắp cống tôi báo bể người ta đem tấm ván đậy lên, mười hai cái mai rồi đó nghe")

    assert not read_matter(said).contradicts
    assert read.says_not_solved
    assert read.contradicts or (read.may_be_solved and read.not_solved.begins_at > 1)
