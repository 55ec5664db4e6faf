"""How words are read: with and without marks, in shorthand and Telex, in order and near, past and denied."""

import pytest

from tickets.matter import Certainty, read_matter
from tickets.matter.patterns import matches, parse
from tickets.matter.phrases import Phrasebook
from tickets.matter.text import read_text


def is_found(pattern: str, said: str) -> bool:
    book = Phrasebook()
    rule = parse(book, "anything", 2, pattern)
    text = read_text(said, {"ck": ("chồng",)})
    return any(matches(rule, book.find(text), text))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("đánh vợ", "Nó ĐÁNH VỢ dữ lắm"),
        ("đánh vợ", "no danh vo du lam"),
        ("đánh vợ", "nos ddanhs vowj duwx lawms"),
        ("hoả hoạn", "hỏa hoạn"),
        ("dây điện ~4 đứt", "dây điện trước nhà bị đứt"),
        ("lửa & kẹt", "còn người kẹt, lửa lên lầu rồi"),
        ("cầm ~2 dao", "cầm d.a.o"),
        ("chồng", "ck e"),
        ("cứu", "cứuuuu"),
        ("cháy|nổ", "nổ rồi"),
        ("不省人事", "他不省人事了"),
        ("bễ", "bể"),
    ],
)
def test_a_pattern_is_found_however_it_is_written(pattern: str, said: str) -> None:
    assert is_found(pattern, said)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("cháy", "nước đang chảy"),
        ("=cháy", "xe dang chay"),
        ("chạy", "Tôi ăn chay trường từ nhỏ tới giờ"),
        ("dây điện ~1 đứt", "dây điện ở trước nhà tôi bị đứt"),
        ("dây điện ~4 đứt", "đứt dây điện"),
        ("vợ ~8 chết", "Nó bỏ vợ. Hôm qua con chó nhà bên chết."),
        ("gas", "it was for us"),
    ],
)
def test_what_only_looks_alike_is_not_found(pattern: str, said: str) -> None:
    assert not is_found(pattern, said)


@pytest.mark.parametrize(
    "said",
    [
        "Vé ca nhạc cháy hàng rồi",
        "Năm ngoái nhà tôi bị cháy, xin hỏi thủ tục hỗ trợ",
        "Trường mở lớp dạy bơi phòng chống đuối nước",
        "Tiền điện tăng muốn đột quỵ luôn",
        "Đám cháy hôm qua đã dập tắt, không ai bị gì",
        "Where can I buy a fire extinguisher?",
        "",
        "😂😂",
        "a" * 20_000,
    ],
)
def test_past_question_lesson_idiom_and_nothing_are_no_danger(said: str) -> None:
    assert not read_matter(said).is_danger


def test_the_reason_names_the_words_of_the_text() -> None:
    read = read_matter("Ông kế bên đang đánh vợ, chị ấy la cứu")

    assert read.danger.certainty is Certainty.YES
    assert "đánh vợ" in read.danger.because
    assert "violence" in read.danger.kinds


def test_a_swindler_who_says_to_be_an_official_accuses_none() -> None:
    swindler = read_matter("Có người tự xưng công an gọi điện đòi tôi chuyển 5 triệu")
    official = read_matter("Công an phường gọi tôi lên đòi 5 triệu mới trả xe")

    assert not swindler.may_accuse
    assert official.may_accuse
